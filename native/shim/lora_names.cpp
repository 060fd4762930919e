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
    // Words joined by underscores are upstream's business; it knows them.
    if (starts_with_any(rest, {"lora_", "lora.", "lycoris_", "lycoris.", "unet_", "te_", "te1_", "te2_", "te3_", "vae_"})) {
        return name;
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
    return prefix + (has_part ? "" : "diffusion_model.") + rest;
}

}  // namespace d4j
