#include "diffusers_names.h"

#include <string>
#include <utility>
#include <vector>

#include "core/util.h"
#include "name_conversion.h"

namespace d4j {

namespace {

const std::string DENOISER = "model.diffusion_model.";
const std::string VAE      = "vae.";

/* In this order: what a block calls conv1 is no longer that when conv_in gets the name. */
const std::vector<std::pair<std::string, std::string>> WAN_VAE = {
    {".norm1.", ".residual.0."},
    {".conv1.", ".residual.2."},
    {".norm2.", ".residual.3."},
    {".conv2.", ".residual.6."},
    {".conv_shortcut.", ".shortcut."},
    {".conv_in.", ".conv1."},
    {".conv_out.", ".head.2."},
    {".norm_out.", ".head.0."},
    {".mid_block.resnets.0.", ".middle.0."},
    {".mid_block.attentions.0.", ".middle.1."},
    {".mid_block.resnets.1.", ".middle.2."},
    {".down_blocks.", ".downsamples."},
    {"vae.post_quant_conv.", "vae.conv2."},
    {"vae.quant_conv.", "vae.conv1."},
};

/* The decoder's levels have three blocks and, but for the last, what doubles the size; the original numbers them through. */
constexpr int LEVELS = 4;
constexpr int BLOCKS = 3;

void replace(std::string& name, const std::string& from, const std::string& to) {
    const size_t at = name.find(from);
    if (at != std::string::npos) {
        name.replace(at, from.size(), to);
    }
}

std::string wan_name(std::string name) {
    for (const auto& [from, to] : WAN_VAE) {
        replace(name, from, to);
    }
    for (int level = 0; level < LEVELS; level++) {
        const std::string up = ".up_blocks." + std::to_string(level);
        const auto numbered  = [level](int block) { return ".upsamples." + std::to_string(level * (BLOCKS + 1) + block) + "."; };
        for (int block = 0; block < BLOCKS; block++) {
            replace(name, up + ".resnets." + std::to_string(block) + ".", numbered(block));
        }
        replace(name, up + ".upsamplers.0.", numbered(BLOCKS));
    }
    return name;
}

bool is_wan_vae_of_diffusers(const String2TensorStorage& all) {
    return all.find(VAE + "decoder.mid_block.attentions.0.to_qkv.weight") != all.end();
}

}  // namespace

bool is_sd3_of_diffusers(const String2TensorStorage& all) {
    return all.find(DENOISER + "transformer_blocks.0.norm1_context.linear.weight") != all.end()
        && all.find(DENOISER + "pos_embed.proj.weight") != all.end();
}

void restore_names(String2TensorStorage& all) {
    const bool is_sd3 = is_sd3_of_diffusers(all);
    const bool is_wan = is_wan_vae_of_diffusers(all);
    String2TensorStorage renamed;
    for (auto& [name, weight] : all) {
        if (is_sd3 && starts_with(name, DENOISER)) {
            weight.name = convert_tensor_name(name, VERSION_SD3);
        } else if (is_wan && starts_with(name, VAE)) {
            weight.name = wan_name(name);
        }
        renamed[weight.name] = std::move(weight);
    }
    all.swap(renamed);
}

}  // namespace d4j
