#include "lora_names.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "core/util.h"

namespace d4j {

namespace {

void replace_first(std::string& text, const std::string& what, const std::string& with) {
    const size_t found = text.find(what);
    if (found != std::string::npos) {
        text.replace(found, what.size(), with);
    }
}

bool starts_with_any(const std::string& name, const std::vector<std::string>& beginnings) {
    return std::any_of(beginnings.begin(), beginnings.end(),
                       [&](const std::string& beginning) { return starts_with(name, beginning); });
}

/* How the runtime calls a text encoder, of those that diffusers and kohya count from 1 on. */
std::string text_encoder_of(SDVersion version, int number) {
    static const std::array<const char*, 3> of_sd3 = {"clip_l", "clip_g", "t5xxl"};
    static const std::array<const char*, 3> of_flux = {"clip_l", "t5xxl", "t5xxl"};
    if (sd_version_is_sd3(version) || sd_version_is_flux(version)) {
        const auto& names = sd_version_is_sd3(version) ? of_sd3 : of_flux;
        return std::string("text_encoders.") + names[static_cast<size_t>(number - 1)] + ".transformer.";
    }
    return "te" + std::to_string(number) + ".";
}

/* What has an underscore of its own in the names of diffusion transformers and of their text encoders; longer ones first. */
const std::vector<std::string>& words_with_underscores() {
    static const std::vector<std::string> words = [] {
        std::vector<std::string> all = {
            // attention and MLP
            "self_attn", "to_q", "to_k", "to_v", "to_out", "to_add_out", "q_proj", "k_proj", "v_proj", "out_proj", "o_proj", "add_q_proj",
            "add_k_proj", "add_v_proj", "to_qkv_mlp_proj", "norm_q", "norm_k", "norm_added_q", "norm_added_k", "q_norm", "k_norm",
            "ff_context", "feed_forward", "proj_mlp", "proj_out", "linear_1", "linear_2", "linear_in", "linear_out", "gate_proj", "up_proj",
            "down_proj", "wi_0", "wi_1",
            // blocks
            "text_model", "transformer_blocks", "single_transformer_blocks", "double_blocks", "single_blocks", "joint_blocks", "x_block",
            "context_block", "noise_refiner", "context_refiner", "img_attn", "txt_attn", "img_mlp", "txt_mlp", "img_mod", "txt_mod",
            "norm1_context", "adaLN_modulation", "double_stream_modulation_img", "double_stream_modulation_txt", "single_stream_modulation",
            // what is before and behind them
            "x_embedder", "t_embedder", "y_embedder", "cap_embedder", "context_embedder", "pos_embed", "time_text_embed",
            "time_guidance_embed", "timestep_embedder", "text_embedder", "guidance_embedder", "time_in", "vector_in", "guidance_in",
            "img_in", "txt_in", "txt_norm", "in_layer", "out_layer", "norm_out", "final_layer", "distilled_guidance_layer", "in_proj", "cross_attn",
            "time_embedding", "text_embedding", "time_projection"};
        std::stable_sort(all.begin(), all.end(), [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
        return all;
    }();
    return words;
}

/* "joint_blocks_0_x_block_attn_qkv" becomes "joint_blocks.0.x_block.attn.qkv". */
std::string with_dots(const std::string& layer) {
    const auto& words = words_with_underscores();
    std::string name;
    for (size_t at = 0; at < layer.size();) {
        const auto word = std::find_if(words.begin(), words.end(), [&](const std::string& known) {
            const size_t end = at + known.size();
            return layer.compare(at, known.size(), known) == 0 && (end == layer.size() || layer[end] == '_');
        });
        const size_t end = word != words.end() ? at + word->size() : std::min(layer.find('_', at), layer.size());
        name += layer.substr(at, end - at);
        if (end < layer.size()) {
            name += '.';
        }
        at = end + 1;
    }
    return name;
}

/* A layer of a diffusion transformer or its text encoders in kohya's, OneTrainer's or LyCORIS' words, with dots between them. */
std::string with_dots(const std::string& name, SDVersion version) {
    std::string rest = name;
    for (const std::string tool : {"lora_", "lycoris_"}) {
        if (starts_with(rest, tool)) {
            rest = rest.substr(tool.size());
        }
    }
    std::string part = "diffusion_model.";
    for (const auto& [words, number] : {std::pair("te_", 1), std::pair("te1_", 1), std::pair("te2_", 2), std::pair("te3_", 3)}) {
        if (starts_with(rest, words)) {
            part = text_encoder_of(version, number);
            rest = rest.substr(std::string(words).size());
            break;
        }
    }
    for (const std::string words : {"unet_", "transformer_"}) {
        if (starts_with(rest, words) && !starts_with(rest, "transformer_blocks")) {
            rest = rest.substr(words.size());
        }
    }
    const size_t dot = rest.find('.');
    return dot == std::string::npos ? name : part + with_dots(rest.substr(0, dot)) + rest.substr(dot);
}

/* FLUX.2's layers in the words of diffusers, of which upstream knows those that FLUX.1 has, too. */
std::string flux2_name(std::string name) {
    if (contains(name, "single_transformer_blocks.")) {
        replace_first(name, "single_transformer_blocks.", "single_blocks.");
        replace_first(name, ".attn.to_qkv_mlp_proj.", ".linear1.");
        replace_first(name, ".attn.to_out.", ".linear2.");
        return name;
    }
    replace_first(name, ".linear_in.", ".net.0.proj.");
    replace_first(name, ".linear_out.", ".net.2.");
    replace_first(name, "_stream_modulation_img.linear.", "_stream_modulation_img.lin.");
    replace_first(name, "_stream_modulation_txt.linear.", "_stream_modulation_txt.lin.");
    replace_first(name, "_stream_modulation.linear.", "_stream_modulation.lin.");
    replace_first(name, "time_guidance_embed.", "time_text_embed.");
    return name;
}

/* The tensors of a PhotoMaker file that are not its LoRA. */
bool is_of_identity_encoder(const std::string& rest) {
    return starts_with_any(rest, {"id_encoder.", "vision_model.", "visual_projection", "fuse_module.", "qformer_perceiver."});
}

/* Attention processors of diffusers before 0.22 held the LoRAs of the layers beside them. */
void name_layers_of_processors(std::string& name) {
    replace_first(name, ".processor.", ".");
    replace_first(name, ".lora_linear_layer.", ".lora.");
    const bool of_text = contains(name, ".self_attn.");
    for (const auto& [processor, layer] : {std::pair("q", "q_proj"), std::pair("k", "k_proj"), std::pair("v", "v_proj")}) {
        const std::string own = std::string(".to_") + processor;
        replace_first(name, own + "_lora.", (of_text ? std::string(".") + layer : own) + ".lora.");
    }
    replace_first(name, ".to_out_lora.", of_text ? ".out_proj.lora." : ".to_out.0.lora.");
}

}  // namespace

std::string common_lora_name(std::string name, SDVersion version) {
    const std::string lora       = "lora.";
    const std::string high_noise = "model.high_noise_";
    if (!starts_with(name, lora)) {
        return name;
    }
    std::string rest   = name.substr(lora.size());
    std::string prefix = lora;
    if (is_of_identity_encoder(rest)) {
        return prefix + "pmid." + rest;
    }
    const std::string published = "lora_weights.";
    if (starts_with(rest, published)) {
        rest.erase(0, published.size());
    }
    if (starts_with_any(rest, {"lora_", "lora.", "lycoris_", "lycoris.", "unet_", "te_", "te1_", "te2_", "te3_", "vae_"})) {
        // Upstream knows the words of the families with a U-Net.
        const bool has_dots = starts_with_any(rest, {"lora.", "lycoris.", "vae_", "lora_vae_"});
        if (sd_version_is_unet(version) || has_dots) {
            return name;
        }
        rest = with_dots(rest, version);
        return prefix + (sd_version_is_flux2(version) ? flux2_name(rest) : rest);
    }
    const bool is_high_noise = starts_with(rest, high_noise);
    if (is_high_noise) {
        prefix += high_noise;
        rest = rest.substr(high_noise.size());
    }
    const std::string wrapper = "base_model.model.";
    const size_t wrapped      = rest.find(wrapper);
    if (wrapped == 0 || (wrapped != std::string::npos && rest[wrapped - 1] == '.')) {
        rest.erase(wrapped, wrapper.size());
    }
    name_layers_of_processors(rest);

    for (int number = 1; number <= 3; number++) {
        const std::string digit = number == 1 ? "" : "_" + std::to_string(number);
        const std::string own   = "text_encoder" + digit + ".";
        const std::string kohya = "te" + std::to_string(number) + ".";
        if (starts_with(rest, own) || starts_with(rest, kohya)) {
            return prefix + text_encoder_of(version, number) + rest.substr(starts_with(rest, own) ? own.size() : kohya.size());
        }
    }
    if (starts_with(rest, "text_model.")) {
        return prefix + text_encoder_of(version, 1) + rest;
    }
    if (is_high_noise) {
        // Here the conversion, which would say diffusion_model for these, leaves the name alone.
        for (const std::string part : {"unet.", "transformer."}) {
            if (starts_with(rest, part)) {
                rest = rest.substr(part.size());
            }
        }
    }
    const bool has_part = starts_with_any(rest, {"unet.", "transformer.", "diffusion_model.", "model.", "te.", "text_encoders.",
                                                 "cond_stage_model.", "conditioner.", "vae.", "first_stage_model.", "pmid."});
    rest = (has_part ? "" : "diffusion_model.") + rest;
    return prefix + (sd_version_is_flux2(version) ? flux2_name(rest) : rest);
}

std::string common_photomaker_name(std::string name) {
    const std::string prefix = "pmid.";
    if (!starts_with(name, prefix)) {
        return name;
    }
    std::string rest = name.substr(prefix.size());
    for (const std::string published : {"id_encoder.", "lora_weights."}) {
        if (starts_with(rest, published)) {
            rest.erase(0, published.size());
        }
    }
    replace_first(rest, "vision_model.pre_layrnorm.", "vision_model.pre_layernorm.");
    return prefix + rest;
}

}  // namespace d4j
