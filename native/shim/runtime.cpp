/*
 * Compiles stable-diffusion.cpp, and what of the shim reaches inside its classes. Compiling it takes minutes and about
 * 5 GB of memory, so whatever does not need those classes belongs elsewhere.
 */
#include "runtime.h"

#include "progress.h"

#include "core/ggml_extend.hpp"
#include "core/util.h"

// The runtime reports sampling steps and VAE tiles through one function. The tiles are reported by ggml_extend.hpp, which
// is included already; all that stable-diffusion.cpp itself reports are steps.
#define pretty_progress d4j::on_sampling_progress
#include "stable-diffusion.cpp"
#undef pretty_progress

#include <algorithm>
#include <memory>

#include "text.h"

namespace d4j {

namespace {

bool has_vae_encoder(const StableDiffusionGGML& sd) {
    if (sd.version == VERSION_CHROMA_RADIANCE || sd.version == VERSION_HIDREAM_O1 || sd_version_is_pid(sd.version)) {
        return true;  // works on pixels
    }
    const std::set<std::string> names = sd.model_manager->tensor_names();
    return std::any_of(names.begin(), names.end(), [](const std::string& name) {
        const bool of_the_vae = starts_with(name, "first_stage_model.") || starts_with(name, "tae.");
        return of_the_vae && name.find("encoder.") != std::string::npos;
    });
}

}  // namespace

sd_ctx_t* open(const sd_ctx_params_t& params) {
    auto sd = std::make_unique<StableDiffusionGGML>();
    if (!sd->init(&params)) {
        return nullptr;
    }
    // free_sd_ctx will free it.
    auto* context = static_cast<sd_ctx_t*>(std::malloc(sizeof(sd_ctx_t)));
    if (context == nullptr) {
        throw std::bad_alloc();
    }
    context->sd = sd.release();
    return context;
}

d4j_model_info_t describe(const sd_ctx_t* context) {
    StableDiffusionGGML& sd = *context->sd;

    d4j_model_info_t info = {};
    copy_text(model_version_to_str[sd.version], info.family, sizeof(info.family));
    info.vae_scale_factor = sd.get_vae_scale_factor();
    info.size_multiple    = info.vae_scale_factor * sd.get_diffusion_model_down_factor();
    info.latent_channels  = sd.get_latent_channel();
    info.default_sampler  = sd_get_default_sample_method(context);
    info.default_schedule = sd_get_default_scheduler(context, sd_get_default_sample_method(context));
    info.generates_images = sd_ctx_supports_image_generation(context);
    info.is_inpaint       = sd_version_is_inpaint(sd.version);
    info.has_vae_encoder  = has_vae_encoder(sd);
    return info;
}

void settle(sd_ctx_t* context) {
    StableDiffusionGGML& sd = *context->sd;
    if (sd.cond_stage_model) {
        sd.cond_stage_model->runner_done();
    }
    if (sd.diffusion_model) {
        sd.diffusion_model->runner_done();
    }
    if (sd.control_net) {
        sd.control_net->free_control_ctx();
        sd.control_net->runner_done();
    }
    for (VAE* vae : {sd.first_stage_model.get(), sd.preview_vae.get()}) {
        if (vae != nullptr) {
            vae->runner_done();
        }
    }
    // Holds a pointer into the request that has just ended.
    sd.vae_tiling_params = {false, false, 0, 0, 0.5f, 0, 0, nullptr};
}

}  // namespace d4j
