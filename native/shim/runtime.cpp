/*
 * Compiles stable-diffusion.cpp, and what of the shim reaches inside its classes. Compiling it takes minutes and about
 * 5 GB of memory, so whatever does not need those classes belongs elsewhere.
 */
#include "runtime.h"

#include "progress.h"

#include "core/ggml_extend.hpp"
#include "core/util.h"

#include "conditioners.h"
#include "control_net.h"
#include "guard.h"
#include "lora.h"
#include "pieced_weights.h"
#include "wan.h"

// The runtime reports sampling steps and VAE tiles through one function. The tiles are reported by ggml_extend.hpp, which
// is included already; all that stable-diffusion.cpp itself reports are steps.
#define pretty_progress d4j::on_sampling_progress
// Classes of the shim in place of those that they correct.
#define FrozenCLIPEmbedderWithCustomWords d4j::ClipConditioner
#define SD3CLIPEmbedder d4j::Sd3Conditioner
#define FluxCLIPEmbedder d4j::FluxConditioner
#define LLMEmbedder d4j::LanguageModelConditioner
#define LoraModel d4j::LoraModel
#define MultiLoraAdapter d4j::LoraAdapter
#define UNetModelRunner d4j::ControlledUNet
// Called once, when all files of a model are known.
#define convert_tensors_name() get_tensor_storage_map(), d4j::convert_names(model_loader)
#include "stable-diffusion.cpp"
#undef FrozenCLIPEmbedderWithCustomWords
#undef SD3CLIPEmbedder
#undef FluxCLIPEmbedder
#undef LLMEmbedder
#undef LoraModel
#undef MultiLoraAdapter
#undef UNetModelRunner
#undef convert_tensors_name
#undef pretty_progress

#include <algorithm>
#include <memory>

#include "devices.h"
#include "hooks.h"
#include "lora_check.h"
#include "open_model.h"
#include "overrides/host_memory.h"
#include "rpc.h"
#include "text.h"

namespace d4j {

namespace {

/* Hands the runtime the LoRAs that were chosen, with a strength for each part, which its own parameters have not. */
struct LoraExtension : GenerationExtension {
    StableDiffusionGGML& sd;
    std::vector<ModelManager::LoraSpec> chosen;

    explicit LoraExtension(StableDiffusionGGML& sd) : sd(sd) {}

    const char* name() const override { return "d4j LoRAs"; }

    void collect_loras(std::vector<ModelManager::LoraSpec>& loras) override {
        loras.insert(loras.end(), chosen.begin(), chosen.end());
    }

    /* Called between applying the LoRAs and drawing: what is in this list serves statistics alone, printed on standard output. */
    void reset_runtime_condition() override { sd.runtime_lora_models.clear(); }

    /* The runtime ignores identity pictures without PhotoMaker, whose extension comes before this one. */
    bool prepare_condition(GenerationExtensionConditionContext& ctx) override {
        if (ctx.pm_params.id_images_count > 0 && sd.generation_extensions.size() == 1) {
            throw Failure{D4J_INVALID, "there are identity pictures, but the model was opened without PhotoMaker"};
        }
        return false;
    }

    static LoraExtension& of(StableDiffusionGGML& sd) {
        return dynamic_cast<LoraExtension&>(*sd.generation_extensions.back());
    }
};

/* One for all parts, or one for each that has a strength of its own. */
void add_specs(const d4j_lora_t& lora, std::vector<ModelManager::LoraSpec>& specs) {
    ModelManager::LoraSpec spec;
    spec.path       = lora.path;
    spec.multiplier = lora.multiplier;
    if (lora.text_encoder_multiplier == lora.multiplier) {
        specs.push_back(spec);
        return;
    }
    for (const char* part : {"lora.model.", "lora.first_stage_model."}) {
        spec.tensor_name_prefix_filter = part;
        specs.push_back(spec);
    }
    spec.multiplier = lora.text_encoder_multiplier;
    for (const char* part : {"lora.cond_stage_model.", "lora.text_encoders."}) {
        spec.tensor_name_prefix_filter = part;
        specs.push_back(spec);
    }
}

bool has_vae_encoder(const StableDiffusionGGML& sd) {
    if (sd.version == VERSION_CHROMA_RADIANCE || sd.version == VERSION_HIDREAM_O1 || sd_version_is_pid(sd.version)) {
        return true;  // works on pixels
    }
    if (dynamic_cast<TinyVideoAutoEncoder*>(sd.first_stage_model.get()) != nullptr) {
        return false;  // its encoder takes the channels of a picture for frames
    }
    const std::set<std::string> names = sd.model_manager->tensor_names();
    return std::any_of(names.begin(), names.end(), [](const std::string& name) {
        const bool of_the_vae = starts_with(name, "first_stage_model.") || starts_with(name, "tae.");
        return of_the_vae && name.find("encoder.") != std::string::npos;
    });
}

/* What generate_video looks at, by the name that the runtime gives the transformer. */
int32_t video_inputs(StableDiffusionGGML& sd) {
    if (sd_version_is_ltxav(sd.version)) {
        return D4J_VIDEO_FIRST_FRAME | D4J_VIDEO_LAST_FRAME;
    }
    if (!sd_version_is_wan(sd.version)) {
        return 0;
    }
    const std::string name = sd.diffusion_model->get_desc();
    if (name.find("VACE") != std::string::npos) {
        return D4J_VIDEO_FIRST_FRAME | D4J_VIDEO_CONTROL_FRAMES;
    }
    if (name.find("TI2V") != std::string::npos) {
        return D4J_VIDEO_FIRST_FRAME | D4J_VIDEO_LAST_FRAME | D4J_VIDEO_LAST_NEEDS_FIRST;
    }
    const bool takes_frames = name.find("I2V") != std::string::npos || name.find("FLF2V") != std::string::npos;
    return takes_frames ? D4J_VIDEO_FIRST_FRAME | D4J_VIDEO_LAST_FRAME : 0;
}

}  // namespace

constexpr SDBackendModule PARTS[] = {
    SDBackendModule::DIFFUSION, SDBackendModule::TE, SDBackendModule::VAE, SDBackendModule::CONTROL_NET, SDBackendModule::PHOTOMAKER};

static bool is_on_gpu(StableDiffusionGGML& sd) {
    for (const auto part : PARTS) {
        if (is_gpu_of_this_machine(sd.backend_for(part))) {
            return true;
        }
    }
    return false;
}

bool is_on_gpu(const sd_ctx_t* context) {
    return is_on_gpu(*context->sd);
}

bool has_lost_gpu(const sd_ctx_t* context) {
    for (const auto part : PARTS) {
        if (is_lost_gpu(context->sd->backend_for(part))) {
            return true;
        }
    }
    return false;
}


namespace {

struct ConvolutionAccess : GGMLRunner {
    /*
     * The runtime takes one way for all convolutions of a part. On the CPU the direct one is good for some, which
     * d4j_hook_conv_2d_direct picks out. On a GPU of this machine it is as the caller asks. A server may compute on a CPU.
     */
    static void choose(GGMLRunner* runner, ggml_backend_t backend) {
        if (runner == nullptr) {
            return;
        }
        if (sd_backend_is_cpu(backend)) {
            runner->set_conv2d_direct_enabled(true);
        } else if (is_gpu_of_this_machine(backend)) {
            ggml_context* weights = runner->*&ConvolutionAccess::params_ctx;
            for (ggml_tensor* weight = ggml_get_first_tensor(weights); weight != nullptr; weight = ggml_get_next_tensor(weights, weight)) {
                weight->flags |= CONVOLVE_AS_ASKED;
            }
        }
    }
};

void choose_convolutions(StableDiffusionGGML& sd) {
    for (GGMLRunner* runner : {sd.diffusion_model.get(), sd.high_noise_diffusion_model.get()}) {
        ConvolutionAccess::choose(runner, sd.backend_for(SDBackendModule::DIFFUSION));
    }
    for (VAE* vae : {sd.first_stage_model.get(), sd.preview_vae.get()}) {
        ConvolutionAccess::choose(vae, sd.backend_for(SDBackendModule::VAE));
    }
}

/* Bytes of the weights that were found in the files and will lie in this machine's memory. */
int64_t weights_in_host_memory(StableDiffusionGGML& sd) {
    const std::set<std::string> found = sd.model_manager->tensor_names();
    int64_t bytes                     = 0;
    const auto add                    = [&](SDBackendModule part, const auto& runner) {
        ggml_backend_t backend = sd.params_backend_for(part);
        if (runner == nullptr || sd.backend_manager.params_backend_is_disk(part) || !sd_backend_is_cpu(backend)) {
            return;
        }
        std::map<std::string, ggml_tensor*> weights;
        runner->get_param_tensors(weights);
        for (const auto& [name, weight] : weights) {
            bytes += found.count(name) > 0 ? static_cast<int64_t>(ggml_nbytes(weight)) : 0;
        }
    };
    add(SDBackendModule::TE, sd.cond_stage_model);
    add(SDBackendModule::DIFFUSION, sd.diffusion_model);
    add(SDBackendModule::DIFFUSION, sd.high_noise_diffusion_model);
    add(SDBackendModule::VAE, sd.first_stage_model);
    add(SDBackendModule::VAE, sd.preview_vae);
    for (const auto& extension : sd.generation_extensions) {
        add(SDBackendModule::PHOTOMAKER, extension);
    }
    return bytes;
}

/* Weights are read when they are needed, so that nothing else would tell before the first ones have been. */
void require_memory(int64_t needed) {
    const int64_t free = free_host_memory();
    if (needed > free) {
        throw Failure{D4J_OUT_OF_MEMORY, "its weights take " + std::to_string(needed >> 20) + " MB, and this machine has " +
                                             std::to_string(free >> 20) + " MB free; a smaller weight type takes less, and mapped files none"};
    }
}

}  // namespace

static LoraTarget lora_target(StableDiffusionGGML& sd) {
    return {*sd.model_manager, sd.version, !sd.apply_lora_immediately, sd.backend_for(SDBackendModule::DIFFUSION)};
}

sd_ctx_t* open(const sd_ctx_params_t& params, Call& call) {
    auto sd = std::make_unique<StableDiffusionGGML>();
    try {
        if (!sd->init(&params)) {
            return nullptr;
        }
    } catch (const AssertionFailed&) {
        if (is_on_gpu(*sd) && !tells_of_memory(call)) {
            sd.release();
            count_as_given_up();
        }
        throw;
    }
    choose_convolutions(*sd);
    if (!params.enable_mmap) {
        require_memory(weights_in_host_memory(*sd));
    }
    if (!sd->generation_extensions.empty()) {
        require_applicable(params.photo_maker_path, lora_target(*sd), call);
    }
    sd->generation_extensions.push_back(std::make_shared<LoraExtension>(*sd));
    // free_sd_ctx will free it.
    auto* context = static_cast<sd_ctx_t*>(std::malloc(sizeof(sd_ctx_t)));
    if (context == nullptr) {
        throw std::bad_alloc();
    }
    context->sd = sd.release();
    return context;
}

void check_prompt(const char* prompt) {
    try {
        parse_prompt_attention(prompt == nullptr ? "" : prompt);
    } catch (const std::logic_error&) {
        // Of std::stof, for "(word:.)" and for numbers that are too large.
        throw Failure{D4J_INVALID, "the prompt has a weight that is no number"};
    }
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
    info.frame_step       = sd_version_is_wan(sd.version) ? 4 : sd_version_is_ltxav(sd.version) ? 8 : 0;
    info.video_inputs     = video_inputs(sd);
    return info;
}

namespace {

/* Null for models with a transformer. */
ControlledUNet* controlled_unet(StableDiffusionGGML& sd) {
    return dynamic_cast<ControlledUNet*>(sd.diffusion_model.get());
}

}  // namespace

void add_control_net(sd_ctx_t* context, const std::string& path) {
    StableDiffusionGGML& sd = *context->sd;
    ControlledUNet* unet    = controlled_unet(sd);
    if (unet == nullptr || residual_shapes(unet->config).empty()) {
        throw Failure{D4J_LOAD_FAILED, std::string("there are no ControlNets for models of the family ") + model_version_to_str[sd.version]};
    }
    constexpr auto PART = SDBackendModule::CONTROL_NET;
    if (!sd.ensure_backend_pair(PART)) {
        throw Failure{D4J_UNAVAILABLE, "there is no device for a ControlNet"};
    }
    const bool is_on_disk = sd.backend_manager.params_backend_is_disk(PART);
    const auto residency  = is_on_disk ? ModelManager::ResidencyMode::Disk : ModelManager::ResidencyMode::ParamBackend;
    auto net              = std::make_shared<ControlNet>(
        path, unet->config, ControlNet::Place{sd.backend_for(PART), sd.params_backend_for(PART), residency, sd.n_threads, sd.enable_mmap});
    if (!sd.enable_mmap && !is_on_disk && sd_backend_is_cpu(sd.params_backend_for(PART))) {
        require_memory(net->weight_bytes());
    }
    ConvolutionAccess::choose(net.get(), sd.backend_for(PART));
    net->set_circular_axes(sd.circular_x, sd.circular_y);
    unet->control_nets.push_back(std::move(net));
}

int32_t control_net_count(const sd_ctx_t* context) {
    const ControlledUNet* unet = controlled_unet(*context->sd);
    return unet == nullptr ? 0 : static_cast<int32_t>(unet->control_nets.size());
}

void choose_controls(sd_ctx_t* context, const std::vector<d4j_control_t>& controls) {
    for (const d4j_control_t& control : controls) {
        ControlledUNet& unet = *controlled_unet(*context->sd);
        unet.controls.push_back({unet.control_nets[control.control_net], sd_image_to_tensor(control.picture), control.strength,
                                 control.start, control.end, {}});
    }
}

void settle(sd_ctx_t* context) {
    StableDiffusionGGML& sd = *context->sd;
    if (sd.cond_stage_model) {
        sd.cond_stage_model->runner_done();
    }
    for (GGMLRunner* runner : std::initializer_list<GGMLRunner*>{
             sd.diffusion_model.get(), sd.high_noise_diffusion_model.get(), sd.clip_vision.get(), sd.audio_vae_model.get()}) {
        if (runner != nullptr) {
            runner->runner_done();
        }
    }
    if (ControlledUNet* unet = controlled_unet(sd)) {
        unet->controls.clear();
        for (const auto& net : unet->control_nets) {
            net->runner_done();
        }
    }
    for (VAE* vae : {sd.first_stage_model.get(), sd.preview_vae.get()}) {
        if (vae != nullptr) {
            vae->runner_done();
        }
    }
    // Holds a pointer into the request that has just ended.
    sd.vae_tiling_params = {false, false, 0, 0, 0.5f, 0, 0, nullptr};
}


// ---- parts ----

namespace {

/* Members that the runtime keeps for its own classes: taking their address through a derived class is how to reach them. */
struct BlockAccess : GGMLBlock {
    template <typename Block>
    static Block& block(GGMLBlock& owner, const char* name) {
        return dynamic_cast<Block&>(*(owner.*&BlockAccess::blocks).at(name));
    }
    static ggml_tensor* parameter(GGMLBlock& owner, const char* name) {
        const auto& all  = owner.*&BlockAccess::params;
        const auto found = all.find(name);
        return found == all.end() ? nullptr : found->second;
    }
};

struct RunnerAccess : GGMLRunner {
    static ggml_cgraph* new_graph(GGMLRunner& runner, size_t nodes) {
        return (runner.*&RunnerAccess::new_graph_custom)(nodes);
    }
};

struct VaeAccess : VAE {
    static bool works_on_minus1_to_1(VAE& vae) { return vae.*&VaeAccess::scale_input; }
    static sd::Tensor<float> compute(VAE& vae, int threads, const sd::Tensor<float>& input, bool decode) {
        return (vae.*&VaeAccess::_compute)(threads, input, decode);
    }
    static sd::Tensor<float> compute_tiled(VAE& vae,
                                           int threads,
                                           const sd::Tensor<float>& input,
                                           int64_t width,
                                           int64_t height,
                                           const sd_tiling_params_t& tiling,
                                           bool decode) {
        // Latents; encoding takes larger tiles than decoding, as the runtime itself does.
        const int64_t latent_width  = decode ? input.shape()[0] : width;
        const int64_t latent_height = decode ? input.shape()[1] : height;
        int tile_width              = 0;
        int tile_height             = 0;
        float overlap               = 0;
        vae.get_tile_sizes(tile_width, tile_height, overlap, tiling, latent_width, latent_height, decode ? 1.0f : 1.30539f);
        return (vae.*&VaeAccess::tiled_compute)(input, threads, static_cast<int>(width), static_cast<int>(height),
                                                vae.get_scale_factor(), tile_width, tile_height, overlap, false, false,
                                                decode, "a tile could not be computed", false);
    }
};

sd::Tensor<float> copied(const float* values, std::vector<int64_t> shape) {
    sd::Tensor<float> tensor(std::move(shape));
    std::copy_n(values, tensor.numel(), tensor.data());
    return tensor;
}

void copy_out(const sd::Tensor<float>& result, int64_t count, float* destination) {
    if (result.empty()) {
        throw Failure{D4J_FAILED, "the computation failed"};
    }
    if (result.numel() != count) {
        throw Failure{D4J_FAILED, "the result has " + std::to_string(result.numel()) + " values, not " + std::to_string(count)};
    }
    std::copy_n(result.data(), count, destination);
}

CLIPTextModelRunner& text_encoder(StableDiffusionGGML& sd, int32_t index) {
    auto& both = dynamic_cast<FrozenCLIPEmbedderWithCustomWords&>(*sd.cond_stage_model);
    return index == 0 ? *both.text_model : *both.text_model2;
}

/* The denoiser keeps its working memory between predictions; whatever runs next gets it back. */
void release_denoiser(StableDiffusionGGML& sd) {
    sd.diffusion_model->runner_done();
}

d4j_text_encoder_t describe_text_encoder(const CLIPTextModel& model, SDVersion version, const char* weights) {
    const bool is_large = model.version == OPENAI_CLIP_VIT_L_14;

    d4j_text_encoder_t encoder = {};
    encoder.hidden_size        = model.hidden_size;
    encoder.layers             = model.n_layer;
    encoder.pooled_size        = model.version == OPEN_CLIP_VIT_BIGG_14 ? model.projection_dim : model.hidden_size;
    encoder.padding            = is_large ? 49407 : 0;
    encoder.skipped_layers     = sd_version_is_sd1(version) ? 0 : 1;
    encoder.final_norm         = model.with_final_ln;
    copy_text(weights, encoder.weights, sizeof(encoder.weights));
    return encoder;
}

/*
 * Runs a text encoder on ids or embeddings. Not through CLIPTextModelRunner::compute, which knows neither embeddings nor
 * a final norm of the caller's choice. Without a position the result is the hidden states, else the pooled output there.
 */
sd::Tensor<float> run_text_encoder(
    StableDiffusionGGML& sd, const TextInput& input, int32_t skipped_layers, bool final_norm, int32_t position = -1) {
    CLIPTextModelRunner& runner = text_encoder(sd, input.encoder);
    CLIPTextModel& model        = runner.model;
    const int64_t length        = model.n_token;

    sd::Tensor<int32_t> ids;
    sd::Tensor<float> embeddings;
    if (input.ids != nullptr) {
        ids = sd::Tensor<int32_t>({length}, std::vector<int32_t>(input.ids, input.ids + length));
    } else {
        embeddings = copied(input.embeddings, {model.hidden_size, length});
    }
    sd::Tensor<float> causal_mask({length, length});
    for (int64_t query = 0; query < length; query++) {
        for (int64_t key = 0; key < length; key++) {
            causal_mask[query * length + key] = key > query ? -INFINITY : 0.0f;
        }
    }

    const auto build = [&]() -> ggml_cgraph* {
        ggml_cgraph* graph         = RunnerAccess::new_graph(runner, 2048);
        GGMLRunnerContext run_with = runner.get_context();
        ggml_tensor* x             = input.ids != nullptr
                                         ? BlockAccess::block<CLIPEmbeddings>(model, "embeddings").forward(&run_with, runner.make_input(ids), nullptr)
                                         : runner.make_input(embeddings);
        // The names at which the runtime splits a graph when it keeps to a memory budget.
        sd::ggml_graph_cut::mark_graph_cut(x, "clip_text.prelude", "x");
        x = BlockAccess::block<CLIPEncoder>(model, "encoder")
                .forward(&run_with, x, runner.make_input(causal_mask), skipped_layers + 1, "clip_text");
        if (final_norm) {
            x = BlockAccess::block<LayerNorm>(model, "final_layer_norm").forward(&run_with, x);
        }
        if (position >= 0) {
            x = ggml_view_1d(run_with.ggml_ctx, x, model.hidden_size, x->nb[1] * position);
            ggml_tensor* projection = BlockAccess::parameter(model, "text_projection");
            x = projection != nullptr ? ggml_ext_linear(run_with.ggml_ctx, x, projection, nullptr)
                                      : ggml_cont(run_with.ggml_ctx, x);
        }
        ggml_build_forward_expand(graph, x);
        return graph;
    };
    release_denoiser(sd);
    auto result = runner.GGMLRunner::compute<float>(build, sd.n_threads, false, true, true);
    return result ? std::move(*result) : sd::Tensor<float>();
}

/* The VAE works on one picture at a time: its working memory grows with their number, its speed does not. */
sd::Tensor<float> run_vae(StableDiffusionGGML& sd, const sd::Tensor<float>& input, const sd_tiling_params_t& tiling, bool decode) {
    VAE& vae             = *sd.first_stage_model;
    const int64_t factor = vae.get_scale_factor();
    const int64_t width  = decode ? input.shape()[0] * factor : input.shape()[0] / factor;
    const int64_t height = decode ? input.shape()[1] * factor : input.shape()[1] / factor;
    release_denoiser(sd);
    vae.set_tiling_params(tiling);
    sd::Tensor<float> result = tiling.enabled
                                   ? VaeAccess::compute_tiled(vae, sd.n_threads, input, width, height, tiling, decode)
                                   : VaeAccess::compute(vae, sd.n_threads, input, decode);
    vae.runner_done();
    return result;
}

}  // namespace

namespace {

bool describe_unet(StableDiffusionGGML& sd, d4j_parts_t& parts) {
    const auto* both = dynamic_cast<const FrozenCLIPEmbedderWithCustomWords*>(sd.cond_stage_model.get());
    const auto* unet = dynamic_cast<const UNetModelRunner*>(sd.diffusion_model.get());
    if (both == nullptr || unet == nullptr || !sd_version_is_unet(sd.version)) {
        return false;
    }
    parts.denoiser          = D4J_DENOISER_UNET;
    parts.text_encoders[0] = describe_text_encoder(both->text_model->model, sd.version, "cond_stage_model.transformer.text_model.");
    parts.text_encoder_count = 1;
    if (both->text_model2) {
        parts.text_encoders[1] = describe_text_encoder(both->text_model2->model, sd.version, "cond_stage_model.1.transformer.text_model.");
        parts.text_encoder_count = 2;
    }
    parts.text_length        = both->text_model->model.n_token;
    parts.denoiser_in_channels   = unet->config.in_channels;
    parts.denoiser_out_channels  = unet->config.out_channels;
    parts.denoiser_context_size  = unet->config.context_dim;
    parts.denoiser_vector_size   = sd_version_is_sdxl(sd.version) ? unet->config.adm_in_channels : 0;
    parts.denoiser_patch_size = 1;
    for (const ResidualShape& shape : residual_shapes(unet->config)) {
        parts.residual_channels[parts.denoiser_residuals]  = shape.channels;
        parts.residual_downscale[parts.denoiser_residuals] = shape.downscale;
        parts.denoiser_residuals++;
    }
    parts.prediction         = std::dynamic_pointer_cast<EDMVDenoiser>(sd.denoiser)      ? D4J_PREDICTION_EDM_V
                               : std::dynamic_pointer_cast<CompVisVDenoiser>(sd.denoiser) ? D4J_PREDICTION_V
                                                                                          : D4J_PREDICTION_EPSILON;
    return true;
}

/* Which FLUX.1 is, with a mask in place of the vector and a guidance that has to be there, and is 0. */
bool is_chroma(const StableDiffusionGGML& sd) {
    const auto* flux = dynamic_cast<const Flux::FluxRunner*>(sd.diffusion_model.get());
    return flux != nullptr && flux->config.is_chroma;
}

/* Of the families whose transformer is told nothing but a context, a vector and a guidance. */
bool describe_transformer(StableDiffusionGGML& sd, d4j_parts_t& parts) {
    const DiffusionModelRunner* model = sd.diffusion_model.get();
    if (const auto* mmdit = dynamic_cast<const MMDiTRunner*>(model); mmdit != nullptr && sd_version_is_sd3(sd.version)) {
        parts.denoiser_context_size = static_cast<int32_t>(mmdit->config.context_size);
        parts.denoiser_vector_size  = static_cast<int32_t>(mmdit->config.adm_in_channels);
        parts.denoiser_patch_size   = mmdit->config.patch_size;
        parts.denoiser_max_side     = static_cast<int32_t>(mmdit->config.pos_embed_max_size) * mmdit->config.patch_size;
    } else if (const auto* flux = dynamic_cast<const Flux::FluxRunner*>(model);
               flux != nullptr && (sd.version == VERSION_FLUX || sd_version_is_flux2(sd.version))) {
        parts.denoiser_context_size = static_cast<int32_t>(flux->config.context_in_dim);
        parts.denoiser_vector_size  = sd.version == VERSION_FLUX && !is_chroma(sd) ? static_cast<int32_t>(flux->config.vec_in_dim) : 0;
        parts.denoiser_patch_size   = flux->config.patch_size;
        parts.denoiser_guidance     = flux->config.guidance_embed;
    } else if (const auto* z_image = dynamic_cast<const ZImage::ZImageRunner*>(model)) {
        parts.denoiser_context_size = static_cast<int32_t>(z_image->config.cap_feat_dim);
        parts.denoiser_patch_size   = z_image->config.patch_size;
    } else if (const auto* qwen = dynamic_cast<const Qwen::QwenImageRunner*>(model)) {
        parts.denoiser_context_size = static_cast<int32_t>(qwen->config.joint_attention_dim);
        parts.denoiser_patch_size   = qwen->config.patch_size;
    } else {
        return false;
    }
    parts.denoiser              = D4J_DENOISER_TRANSFORMER;
    parts.denoiser_in_channels  = sd.get_latent_channel();
    parts.denoiser_out_channels = sd.get_latent_channel();
    parts.prediction            = std::dynamic_pointer_cast<Flux2FlowDenoiser>(sd.denoiser)  ? D4J_PREDICTION_FLUX2_FLOW
                                  : std::dynamic_pointer_cast<FluxFlowDenoiser>(sd.denoiser) ? D4J_PREDICTION_FLUX_FLOW
                                                                                             : D4J_PREDICTION_FLOW;
    // A caller who opens one with another prediction has to draw with the runtime.
    return std::dynamic_pointer_cast<DiscreteFlowDenoiser>(sd.denoiser) != nullptr;
}

/* FLUX.2's tiny autoencoder tells the channels that it has before four places become one. */
int32_t channels_of_encoder(StableDiffusionGGML& sd) {
    const bool is_tiny = dynamic_cast<TinyImageAutoEncoder*>(sd.first_stage_model.get()) != nullptr;
    return is_tiny ? sd.get_latent_channel() : sd.first_stage_model->get_encoder_output_channels(3);
}

/* The runtime scales latents by a function: what it makes of 0 and 1 tells the line of each channel. */
void describe_vae(StableDiffusionGGML& sd, d4j_parts_t& parts) {
    VAE& vae               = *sd.first_stage_model;
    const int64_t channels = sd.get_latent_channel();
    parts.vae_moments      = channels_of_encoder(sd);
    const auto* kl         = dynamic_cast<const AutoEncoderKL*>(&vae);
    if (kl != nullptr && !sd_version_uses_flux2_vae(sd.version)) {
        std::fill_n(parts.vae_scaling, channels, kl->scale_factor);
        std::fill_n(parts.vae_shift, channels, kl->shift_factor);
        return;
    }
    const sd::Tensor<float> zero = vae.vae_to_diffusion_latents(sd::full<float>({1, 1, channels, 1}, 0.0f));
    const sd::Tensor<float> one  = vae.vae_to_diffusion_latents(sd::full<float>({1, 1, channels, 1}, 1.0f));
    for (int64_t channel = 0; channel < channels; channel++) {
        parts.vae_scaling[channel] = one[channel] - zero[channel];
        parts.vae_shift[channel]   = -zero[channel] / parts.vae_scaling[channel];
    }
}

}  // namespace

d4j_parts_t parts(const sd_ctx_t* context) {
    StableDiffusionGGML& sd = *context->sd;

    d4j_parts_t parts = {};
    if (!sd.first_stage_model || !sd.cond_stage_model || sd.get_latent_channel() > D4J_MAX_LATENT_CHANNELS) {
        return parts;
    }
    if (!describe_unet(sd, parts) && !describe_transformer(sd, parts)) {
        return {};
    }
    parts.denoiser_size_multiple = sd.get_diffusion_model_down_factor();
    describe_vae(sd, parts);
    return parts;
}

void choose_loras(sd_ctx_t* context, const d4j_lora_t* loras, int32_t count, Call& call) {
    StableDiffusionGGML& sd = *context->sd;
    const LoraTarget target = lora_target(sd);

    std::vector<ModelManager::LoraSpec> specs;
    for (int32_t i = 0; i < count; i++) {
        require_applicable(loras[i].path, target, call);
        add_specs(loras[i], specs);
    }
    LoraExtension::of(sd).chosen = std::move(specs);
}

void set_loras(sd_ctx_t* context, const d4j_lora_t* loras, int32_t count, Call& call) {
    choose_loras(context, loras, count, call);
    // Taking weights away from a part that still holds on to them leaves it, and the next loader, with freed memory.
    settle(context);
    context->sd->apply_loras(nullptr, 0);
}

void text_encode(sd_ctx_t* context, const TextInput& input, int32_t skipped_layers, bool final_norm, float* hidden) {
    StableDiffusionGGML& sd      = *context->sd;
    const CLIPTextModel& encoder = text_encoder(sd, input.encoder).model;
    copy_out(run_text_encoder(sd, input, skipped_layers, final_norm), int64_t{encoder.n_token} * encoder.hidden_size, hidden);
}

void text_pool(sd_ctx_t* context, const TextInput& input, int32_t position, float* pooled) {
    StableDiffusionGGML& sd      = *context->sd;
    const CLIPTextModel& encoder = text_encoder(sd, input.encoder).model;
    const bool is_projected      = encoder.version == OPEN_CLIP_VIT_BIGG_14;
    copy_out(run_text_encoder(sd, input, 0, true, position), is_projected ? encoder.projection_dim : encoder.hidden_size, pooled);
}

void text_embed(sd_ctx_t* context, int32_t encoder, const int32_t* ids, int32_t count, float* embeddings) {
    StableDiffusionGGML& sd     = *context->sd;
    CLIPTextModelRunner& runner = text_encoder(sd, encoder);
    const sd::Tensor<int32_t> rows({count}, std::vector<int32_t>(ids, ids + count));

    const auto build = [&]() -> ggml_cgraph* {
        ggml_cgraph* graph = RunnerAccess::new_graph(runner, 2048);
        ggml_tensor* table = runner.model.get_token_embed_weight();
        ggml_build_forward_expand(graph, ggml_get_rows(runner.get_context().ggml_ctx, table, runner.make_input(rows)));
        return graph;
    };
    const auto result = runner.GGMLRunner::compute<float>(build, sd.n_threads, false, true, true);
    copy_out(result.value_or(sd::Tensor<float>()), int64_t{count} * runner.model.hidden_size, embeddings);
}

/* What Chroma's transformer is not to look at stands behind the words, in no place of its own: leaving it out is the same. */
static void leave_out_masked(SDCondition& condition) {
    const int64_t width = condition.c_crossattn.shape()[0];
    sd::Tensor<float>& mask = condition.c_vector;
    std::vector<float> seen;
    for (int64_t token = 0; token < mask.numel(); token++) {
        if (mask[token] == 0) {
            const auto row = condition.c_crossattn.values().begin() + token * width;
            seen.insert(seen.end(), row, row + width);
        }
    }
    if (seen.empty()) {
        throw Failure{D4J_INVALID, "without a T5 this model reads no prompt"};
    }
    const auto tokens     = static_cast<int64_t>(seen.size()) / width;
    condition.c_crossattn = sd::Tensor<float>({width, tokens}, std::move(seen));
    mask                  = {};
}

Prompt prompt_encode(sd_ctx_t* context, const std::string& prompt, int32_t clip_skip) {
    StableDiffusionGGML& sd = *context->sd;
    ConditionerParams params;
    params.text      = prompt;
    params.clip_skip = clip_skip == 0 ? -1 : clip_skip;
    release_denoiser(sd);
    SDCondition condition = sd.cond_stage_model->get_learned_condition(sd.n_threads, params);
    sd.cond_stage_model->runner_done();
    if (condition.c_crossattn.empty()) {
        throw Failure{D4J_FAILED, "the computation failed"};
    }
    if (is_chroma(sd)) {
        leave_out_masked(condition);
    }
    Prompt result;
    result.tokens  = condition.c_crossattn.shape()[1];
    result.context = std::move(condition.c_crossattn.values());
    result.vector  = std::move(condition.c_vector.values());
    return result;
}

namespace {

/* What each class of denoisers asks for beside the tensors that all have. */
DiffusionExtraParams extra(const StableDiffusionGGML& sd, const sd::Tensor<float>& guidance, const Residuals& residuals) {
    if (sd_version_is_unet(sd.version)) {
        return residuals.empty() ? UNetDiffusionExtra{} : UNetDiffusionExtra{-1, &residuals, 1.0f};
    }
    if (sd_version_is_sd3(sd.version)) {
        return SkipLayerDiffusionExtra{};
    }
    if (sd_version_is_flux(sd.version) || sd_version_is_flux2(sd.version)) {
        return FluxDiffusionExtra{guidance.empty() ? nullptr : &guidance};
    }
    return std::monostate{};
}

Residuals split_residuals(const d4j_parts_t& parts, int32_t height, int32_t width, const float* values) {
    Residuals residuals;
    for (int32_t i = 0; i < parts.denoiser_residuals; i++) {
        const int32_t scale = parts.residual_downscale[i];
        residuals.push_back(copied(values, {width / scale, height / scale, parts.residual_channels[i], 1}));
        values += residuals.back().numel();
    }
    return residuals;
}

}  // namespace

int64_t residual_values(const d4j_parts_t& parts, int32_t height, int32_t width) {
    int64_t values = 0;
    for (int32_t i = 0; i < parts.denoiser_residuals; i++) {
        const int64_t scale = parts.residual_downscale[i];
        values += parts.residual_channels[i] * (height / scale) * (width / scale);
    }
    return values;
}

void control_embed(sd_ctx_t* context, int32_t control_net, const float* picture, int32_t height, int32_t width, float* hint) {
    StableDiffusionGGML& sd = *context->sd;
    ControlledUNet& unet    = *controlled_unet(sd);
    const int64_t factor    = sd.get_vae_scale_factor();
    const int64_t count     = height / factor * (width / factor) * unet.config.model_channels;
    copy_out(unet.control_nets[control_net]->embed(sd.n_threads, copied(picture, {width, height, 3, 1})), count, hint);
}

void control_predict(
    sd_ctx_t* context, int32_t control_net, const DenoiserRun& run, const float* hint, const DenoiserInput& input, float* residuals) {
    StableDiffusionGGML& sd           = *context->sd;
    ControlledUNet& unet              = *controlled_unet(sd);
    const d4j_parts_t parts           = d4j::parts(context);
    const int64_t in                  = int64_t{run.width} * run.height * sd.get_latent_channel();
    const sd::Tensor<float> embedded  = copied(hint, {run.width, run.height, unet.config.model_channels, 1});
    const sd::Tensor<float> timesteps = sd::Tensor<float>({1}, std::vector<float>{run.timestep});
    for (int32_t picture = 0; picture < run.batch; picture++) {
        const int64_t own_text          = run.context_batch == 1 ? 0 : int64_t{picture} * run.context_length * parts.denoiser_context_size;
        const sd::Tensor<float> latents = copied(input.latents + picture * in, {run.width, run.height, sd.get_latent_channel(), 1});
        const sd::Tensor<float> text    = copied(input.context + own_text, {parts.denoiser_context_size, run.context_length, 1});
        DiffusionParams params;
        params.x         = &latents;
        params.timesteps = &timesteps;
        params.context   = &text;
        const Residuals found = unet.control_nets[control_net]->residuals(sd.n_threads, embedded, params);
        if (found.empty()) {
            throw Failure{D4J_FAILED, "the computation failed"};
        }
        for (const sd::Tensor<float>& residual : found) {
            copy_out(residual, residual.numel(), residuals);
            residuals += residual.numel();
        }
    }
}

void predict(sd_ctx_t* context, const DenoiserRun& run, const DenoiserInput& input, float* prediction) {
    StableDiffusionGGML& sd  = *context->sd;
    const d4j_parts_t parts  = d4j::parts(context);
    const int64_t pixels     = int64_t{run.width} * run.height;
    const int64_t in         = pixels * sd.get_latent_channel();
    const int64_t out        = pixels * parts.denoiser_out_channels;
    const auto prepare_vector = [&](const float* values) {
        return values == nullptr ? sd::Tensor<float>() : copied(values, {parts.denoiser_vector_size});
    };

    // A transformer is told the time in a unit of its own.
    const sd::Tensor<float> timestep({1}, parts.denoiser == D4J_DENOISER_UNET ? std::vector<float>{run.timestep}
                                                                              : sd.prepare_sample_timesteps(run.timestep / 1000, 0));
    sd::Tensor<float> guidance;
    if (input.guidance != nullptr) {
        guidance = copied(input.guidance, {1});
    } else if (is_chroma(sd)) {
        guidance = sd::Tensor<float>::zeros({1});
    }
    const sd::Tensor<float> vector          = prepare_vector(input.vector);
    const sd::Tensor<float> negative_vector = prepare_vector(input.negative_vector);
    sd::Tensor<float> concat;
    if (input.concat != nullptr) {
        concat = copied(input.concat, {run.width, run.height, parts.denoiser_in_channels - sd.get_latent_channel(), 1});
    }
    const int64_t residual_count = residual_values(parts, run.height, run.width);
    // Two pictures at once take as long as one after the other on a CPU, and twice the memory.
    for (int32_t picture = 0; picture < run.batch; picture++) {
        const sd::Tensor<float> latents = copied(input.latents + picture * in, {run.width, run.height, sd.get_latent_channel(), 1});
        const auto predict              = [&](const float* texts, int32_t length, const sd::Tensor<float>& y, int32_t row) {
            const Residuals residuals = input.residuals == nullptr
                                            ? Residuals()
                                            : split_residuals(parts, run.height, run.width, input.residuals + row * residual_count);
            const int64_t own_text = run.context_batch == 1 ? 0 : int64_t{picture} * length * parts.denoiser_context_size;
            const sd::Tensor<float> context_tensor = copied(texts + own_text, {parts.denoiser_context_size, length, 1});
            DiffusionParams params;
            params.x         = &latents;
            params.timesteps = &timestep;
            params.context   = &context_tensor;
            params.y         = y.empty() ? nullptr : &y;
            params.c_concat  = concat.empty() ? nullptr : &concat;
            params.extra     = extra(sd, guidance, residuals);
            return sd.diffusion_model->compute(sd.n_threads, params);
        };

        float* result = prediction + picture * out;
        copy_out(predict(input.context, run.context_length, vector, picture), out, result);
        if (input.negative_context != nullptr) {
            const sd::Tensor<float> negative = predict(
                input.negative_context, run.negative_context_length, negative_vector, run.batch + picture);
            if (negative.numel() != out) {
                throw Failure{D4J_FAILED, "the computation failed"};
            }
            for (int64_t i = 0; i < out; i++) {
                result[i] = negative[i] + run.guidance_scale * (result[i] - negative[i]);
            }
        }
    }
}

void vae_encode(sd_ctx_t* context,
                const float* picture,
                int32_t height,
                int32_t width,
                const sd_tiling_params_t& tiling,
                float* moments) {
    StableDiffusionGGML& sd = *context->sd;
    sd::Tensor<float> input = copied(picture, {width, height, 3, 1});
    if (!VaeAccess::works_on_minus1_to_1(*sd.first_stage_model)) {
        for (float& value : input.values()) {
            value = (value + 1) / 2;
        }
    }
    const int64_t factor = sd.get_vae_scale_factor();
    const int64_t count  = (width / factor) * (height / factor) * channels_of_encoder(sd);
    copy_out(run_vae(sd, input, tiling, false), count, moments);
}

void vae_decode(sd_ctx_t* context,
                const float* latents,
                int32_t height,
                int32_t width,
                const sd_tiling_params_t& tiling,
                float* picture) {
    StableDiffusionGGML& sd = *context->sd;
    const int64_t factor    = sd.get_vae_scale_factor();
    const int64_t count     = width * factor * height * factor * 3;
    copy_out(run_vae(sd, copied(latents, {width, height, sd.get_latent_channel(), 1}), tiling, true), count, picture);
    if (!VaeAccess::works_on_minus1_to_1(*sd.first_stage_model)) {
        for (int64_t i = 0; i < count; i++) {
            picture[i] = picture[i] * 2 - 1;
        }
    }
}

std::vector<float> sigmas(sd_ctx_t* context, int32_t schedule, int32_t steps, int32_t width, int32_t height) {
    StableDiffusionGGML& sd = *context->sd;
    return sd.denoiser->get_sigmas(static_cast<uint32_t>(steps), sd.get_image_seq_len(height, width),
                                   static_cast<scheduler_t>(schedule), sd.version);
}

Weight weight(sd_ctx_t* context, const std::string& name, bool with_data) {
    StableDiffusionGGML& sd = *context->sd;
    ModelLoader& loader     = sd.model_manager->loader();
    const auto& all         = loader.get_tensor_storage_map();
    const auto found        = all.find(name);
    if (found == all.end()) {
        throw Failure{D4J_INVALID, "the model has no weight " + name};
    }
    Weight weight;
    for (int dimension = found->second.n_dims - 1; dimension >= 0; dimension--) {
        weight.shape.push_back(found->second.ne[dimension]);
    }
    if (with_data && !loader.load_float_tensor(name, weight.data, sd.n_threads, false)) {
        throw Failure{D4J_FAILED, "the weight " + name + " could not be read"};
    }
    return weight;
}

}  // namespace d4j
