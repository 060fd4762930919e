#include "validation.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

#include "ggml.h"
#include "guard.h"

namespace d4j {

namespace {

constexpr int MAX_SIDE    = 16384;
constexpr int MAX_STEPS   = 10000;
constexpr int MAX_BATCH   = 4096;
constexpr int MAX_FRAMES  = 4096;
constexpr int MAX_FPS     = 1000;
constexpr int MAX_CONTEXT = 77 * 4096;
constexpr int VOCABULARY_SIZE = 49408;
constexpr int MAX_THREADS = 512;  // of ggml
constexpr int LEAST_TILE  = 16;
constexpr int64_t MAX_ELEMENTS = INT32_MAX;  // of a tensor

[[noreturn]] void refuse(const std::string& reason) {
    throw Failure{D4J_INVALID, reason};
}

void require(bool condition, const std::string& reason) {
    if (!condition) {
        refuse(reason);
    }
}

/* What an enum holds. A caller may have put anything there, and C++ does not let it be read as the enum then. */
template <typename Enum>
int number(const Enum& field) {
    static_assert(sizeof(Enum) == sizeof(int), "enums of the runtime are ints");
    int value;
    std::memcpy(&value, &field, sizeof(value));
    return value;
}

/* COUNT as last value means "choose for me" in some of the runtime's enums. */
template <typename Enum>
void require_choice(const char* name, const Enum& field, int first, int last) {
    const int value = number(field);
    require(value >= first && value <= last, std::string(name) + " " + std::to_string(value) + " does not exist");
}

void require_finite(const char* name, float value) {
    require(std::isfinite(value), std::string(name) + " is not a finite number");
}

/* INFINITY means "choose for me". */
void require_finite_or_default(const char* name, float value) {
    require(std::isfinite(value) || value == INFINITY, std::string(name) + " is not a finite number");
}

void require_array(const char* name, const void* array, int64_t count) {
    require(count >= 0, std::string("the number of ") + name + " is negative");
    require(count == 0 || array != nullptr, std::string("there are ") + std::to_string(count) + " " + name + ", but no array of them");
}

std::string reason_not_readable(const char* path) {
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file.is_open()) {
        return errno != 0 ? std::strerror(errno) : "it cannot be opened";
    }
    // A folder can be opened, but not read.
    file.peek();
    return file.bad() || (file.fail() && !file.eof()) ? "it cannot be read" : "";
}

void require_readable(const char* what, const char* path, d4j_status status) {
    if (path == nullptr || path[0] == '\0') {
        return;
    }
    const std::string reason = reason_not_readable(path);
    if (!reason.empty()) {
        throw Failure{status, std::string(what) + " '" + path + "': " + reason};
    }
}

// ---- opening a model ----

/* Weights can be stored in these types; the others are retired, need a calibration file, or only hold intermediates. */
bool is_weight_type(int type) {
    switch (type) {
        case SD_TYPE_F32: case SD_TYPE_F16: case SD_TYPE_BF16:
        case SD_TYPE_Q4_0: case SD_TYPE_Q4_1: case SD_TYPE_Q5_0: case SD_TYPE_Q5_1: case SD_TYPE_Q8_0:
        case SD_TYPE_Q2_K: case SD_TYPE_Q3_K: case SD_TYPE_Q4_K: case SD_TYPE_Q5_K: case SD_TYPE_Q6_K:
        case SD_TYPE_IQ2_XXS: case SD_TYPE_IQ2_XS: case SD_TYPE_IQ2_S: case SD_TYPE_IQ3_XXS: case SD_TYPE_IQ3_S:
        case SD_TYPE_IQ1_S: case SD_TYPE_IQ1_M: case SD_TYPE_IQ4_NL: case SD_TYPE_IQ4_XS:
        case SD_TYPE_TQ1_0: case SD_TYPE_TQ2_0: case SD_TYPE_MXFP4: case SD_TYPE_NVFP4: case SD_TYPE_Q1_0:
            return true;
        default:
            return false;
    }
}

void require_threads(int threads) {
    require(threads <= MAX_THREADS, std::to_string(threads) + " threads are more than " + std::to_string(MAX_THREADS));
}

void require_readable_files(const sd_ctx_params_t& params) {
    const std::pair<const char*, const char*> files[] = {
        {"model", params.model_path},
        {"CLIP-L text encoder", params.clip_l_path},
        {"CLIP-G text encoder", params.clip_g_path},
        {"CLIP vision encoder", params.clip_vision_path},
        {"T5 text encoder", params.t5xxl_path},
        {"language model", params.llm_path},
        {"language model's vision part", params.llm_vision_path},
        {"diffusion model", params.diffusion_model_path},
        {"high-noise diffusion model", params.high_noise_diffusion_model_path},
        {"unconditional diffusion model", params.uncond_diffusion_model_path},
        {"embeddings connectors", params.embeddings_connectors_path},
        {"VAE", params.vae_path},
        {"audio VAE", params.audio_vae_path},
        {"tiny autoencoder", params.taesd_path},
        {"ControlNet", params.control_net_path},
        {"PhotoMaker model", params.photo_maker_path},
    };
    bool any = false;
    for (const auto& [what, path] : files) {
        any = any || (path != nullptr && path[0] != '\0');
        require_readable(what, path, D4J_LOAD_FAILED);
    }
    require(any, "no model file is given");
    for (uint32_t i = 0; i < params.embedding_count; i++) {
        require(params.embeddings[i].name != nullptr && params.embeddings[i].path != nullptr, "an embedding lacks its name or path");
        require_readable("embedding", params.embeddings[i].path, D4J_LOAD_FAILED);
    }
}

// ---- generating a picture ----

void require_side(const char* name, int value, int multiple) {
    const std::string text = std::string(name) + " " + std::to_string(value);
    require(value > 0, text + " is not positive");
    require(value <= MAX_SIDE, text + " is more than " + std::to_string(MAX_SIDE));
    if (value % multiple == 0) {
        return;
    }
    const int below      = value - value % multiple;
    const int above      = below + multiple;
    std::string nearest  = std::to_string(above);
    if (below > 0) {
        nearest = std::to_string(below) + " and " + nearest;
    }
    refuse(text + " is not a multiple of " + std::to_string(multiple) + " as this model needs; nearest: " + nearest);
}

void require_image(const char* name, const sd_image_t& image, uint32_t channels) {
    if (image.data == nullptr) {
        return;
    }
    const std::string text = std::string("the ") + name;
    require(image.width > 0 && image.height > 0, text + " has no size");
    require(image.width <= MAX_SIDE && image.height <= MAX_SIDE, text + " is larger than " + std::to_string(MAX_SIDE));
    require(image.channel == channels, text + " has " + std::to_string(image.channel) + " channels instead of " + std::to_string(channels));
}

void require_images(const char* name, const sd_image_t* images, int count) {
    require_array((std::string(name) + "s").c_str(), images, count);
    for (int i = 0; i < count; i++) {
        require(images[i].data != nullptr, std::string("a ") + name + " has no pixels");
        require_image(name, images[i], 3);
    }
}

bool has_align_your_steps(const std::string& family) {
    for (const char* beginning : {"SD 1.x", "Instruct-Pix2Pix", "SDXS (512", "SDXL", "SVD"}) {
        if (family.rfind(beginning, 0) == 0) {
            return true;
        }
    }
    return false;
}

/* Schedules that compute with steps - 1 in a denominator, or look it up in a table that begins at 2. */
bool needs_two_steps(int schedule) {
    return schedule == KARRAS_SCHEDULER || schedule == EXPONENTIAL_SCHEDULER || schedule == GITS_SCHEDULER;
}

void require_sigmas(const float* sigmas, int count) {
    require_array("custom sigmas", sigmas, count);
    require(count != 1, "a single custom sigma makes no step");
    require(count <= MAX_STEPS + 1, "there are more than " + std::to_string(MAX_STEPS) + " custom steps");
    for (int i = 0; i < count; i++) {
        require(std::isfinite(sigmas[i]) && sigmas[i] >= 0, "a custom sigma is negative or not a number");
        require(i == 0 || sigmas[i] <= sigmas[i - 1], "the custom sigmas do not fall");
    }
    require(count == 0 || sigmas[0] > 0, "the custom sigmas begin at 0");
}

void require_steps(int steps) {
    require(steps >= 1 && steps <= MAX_STEPS, std::to_string(steps) + " steps are not between 1 and " + std::to_string(MAX_STEPS));
}

void require_schedule(int schedule, int steps, const d4j_model_info_t& model) {
    const std::string name = sd_scheduler_name(static_cast<scheduler_t>(schedule));
    require(steps >= 2 || !needs_two_steps(schedule), "the schedule " + name + " needs at least 2 steps");
    require(schedule != AYS_SCHEDULER || has_align_your_steps(model.family), "the schedule " + name + " does not exist for " + model.family);
}

void require_sampling(const sd_sample_params_t& sampling, const d4j_model_info_t& model) {
    require_choice("sampler", sampling.sample_method, 0, SAMPLE_METHOD_COUNT);
    require_choice("schedule", sampling.scheduler, 0, SCHEDULER_COUNT);
    require_sigmas(sampling.custom_sigmas, sampling.custom_sigmas_count);

    const int steps = sampling.sample_steps;
    require_steps(steps);
    if (sampling.custom_sigmas_count == 0) {
        require_schedule(sampling.scheduler == SCHEDULER_COUNT ? model.default_schedule : sampling.scheduler, steps, model);
    }

    require_finite("the guidance scale", sampling.guidance.txt_cfg);
    require_finite_or_default("the image guidance scale", sampling.guidance.img_cfg);
    require_finite("the distilled guidance", sampling.guidance.distilled_guidance);
    require_finite("the skip-layer scale", sampling.guidance.slg.scale);
    require_array("skip layers", sampling.guidance.slg.layers, static_cast<int64_t>(sampling.guidance.slg.layer_count));
    require_finite_or_default("eta", sampling.eta);
    require_finite_or_default("the flow shift", sampling.flow_shift);
    require(sampling.shifted_timestep >= 0 && sampling.shifted_timestep <= 1000, "the shifted timestep is not between 0 and 1000");
}

void require_tiling(const sd_tiling_params_t& tiling) {
    require_finite("the overlap of the VAE tiles", tiling.target_overlap);
    require_finite("the relative size of the VAE tiles", tiling.rel_size_x);
    require_finite("the relative size of the VAE tiles", tiling.rel_size_y);
}

bool encodes_between_passes(const sd_hires_params_t& hires) {
    const int upscaler = number(hires.upscaler);
    return hires.enabled && (upscaler == SD_HIRES_UPSCALER_MODEL || upscaler == SD_HIRES_UPSCALER_LANCZOS || upscaler == SD_HIRES_UPSCALER_NEAREST);
}

void require_hires(const sd_hires_params_t& hires, int size_multiple) {
    if (!hires.enabled) {
        return;
    }
    require_choice("upscaler of the second pass", hires.upscaler, SD_HIRES_UPSCALER_NONE, SD_HIRES_UPSCALER_COUNT - 1);
    require_finite("the scale of the second pass", hires.scale);
    require(hires.scale <= 16, "the scale of the second pass is more than 16");
    require_finite("the strength of the second pass", hires.denoising_strength);
    require(hires.denoising_strength >= 0.01f && hires.denoising_strength <= 1, "the strength of the second pass is not between 0.01 and 1");
    require(hires.steps >= 0 && hires.steps <= MAX_STEPS, "the number of steps of the second pass is out of range");
    require_sigmas(hires.custom_sigmas, hires.custom_sigmas_count);
    if (hires.target_width > 0) {
        require_side("the width of the second pass", hires.target_width, size_multiple);
    }
    if (hires.target_height > 0) {
        require_side("the height of the second pass", hires.target_height, size_multiple);
    }
    if (hires.upscaler == SD_HIRES_UPSCALER_MODEL) {
        require(hires.model_path != nullptr && hires.model_path[0] != '\0', "the second pass has no upscaler model");
        require_readable("upscaler model", hires.model_path, D4J_INVALID);
        require(hires.upscale_tile_size == 0 || hires.upscale_tile_size >= LEAST_TILE, "the tiles of the upscaler model are smaller than " + std::to_string(LEAST_TILE));
    }
}

// ---- parts ----

void require_context_length(int32_t length) {
    require(length >= 1 && length <= MAX_CONTEXT, "the context's length is not between 1 and " + std::to_string(MAX_CONTEXT));
}

void require_text_encoder(int32_t encoder, const d4j_parts_t& parts) {
    require(encoder >= 0 && encoder < parts.text_encoder_count, "the model has no text encoder " + std::to_string(encoder));
}

}  // namespace

void validate(const sd_ctx_params_t& params) {
    const int weight_type = number(params.wtype);
    require(weight_type == SD_TYPE_COUNT || is_weight_type(weight_type), "weights cannot be held in type " + std::to_string(weight_type));
    require_threads(params.n_threads);
    require_choice("random number generator", params.rng_type, 0, RNG_TYPE_COUNT);
    require_choice("sampler's random number generator", params.sampler_rng_type, 0, RNG_TYPE_COUNT);
    require_choice("prediction", params.prediction, 0, PREDICTION_COUNT);
    require_choice("way to apply LoRAs", params.lora_apply_mode, LORA_APPLY_AUTO, LORA_APPLY_MODE_COUNT - 1);
    require_choice("VAE format", params.vae_format, SD_VAE_FORMAT_AUTO, SD_VAE_FORMAT_COUNT - 1);
    require_finite("the VRAM budget", params.max_vram);
    require_array("embeddings", params.embeddings, params.embedding_count);
    require_readable_files(params);
}

void validate_upscaler(const char* path, int32_t threads) {
    require(path != nullptr && path[0] != '\0', "no model file is given");
    require_threads(threads);
    require_readable("upscaler model", path, D4J_LOAD_FAILED);
}

void validate(const sd_img_gen_params_t& params, const d4j_model_info_t& model) {
    require(model.generates_images != 0, std::string(model.family) + " does not generate pictures");
    require_side("width", params.width, model.size_multiple);
    require_side("height", params.height, model.size_multiple);
    require(params.batch_count >= 1 && params.batch_count <= MAX_BATCH, "a batch of " + std::to_string(params.batch_count) + " is not between 1 and " + std::to_string(MAX_BATCH));
    require(params.seed >= 0, "the seed is negative");
    require(params.seed <= INT64_MAX - params.batch_count, "the seed is too large");
    require(params.strength >= 0 && params.strength <= 1, "the strength is not between 0 and 1");

    require_image("initial picture", params.init_image, 3);
    require_image("mask", params.mask_image, 1);
    require_images("reference picture", params.ref_images, params.ref_images_count);
    require_images("identity picture", params.pm_params.id_images, params.pm_params.id_images_count);
    const bool encodes = params.init_image.data != nullptr || params.ref_images_count > 0 || encodes_between_passes(params.hires);
    require(params.pm_params.style_strength >= 0 && params.pm_params.style_strength <= 100, "the style strength is not between 0 and 100");
    require(!encodes || model.has_vae_encoder != 0, "this model cannot read pictures: its VAE has no encoder");

    require_sampling(params.sample_params, model);
    require(params.lora_count == 0, "LoRAs are not given with the parameters");
    require(params.control_image.data == nullptr, "control pictures are not given with the parameters");
    require_tiling(params.vae_tiling_params);
    require_choice("cache mode", params.cache.mode, SD_CACHE_DISABLED, SD_CACHE_SPECTRUM);
    require_hires(params.hires, model.size_multiple);
}

void validate(const sd_vid_gen_params_t& params, const d4j_model_info_t& model) {
    require(model.frame_step > 0, std::string(model.family) + " does not make videos");
    require_side("width", params.width, model.size_multiple);
    require_side("height", params.height, model.size_multiple);
    require(params.video_frames >= 1 && params.video_frames <= MAX_FRAMES,
            std::to_string(params.video_frames) + " frames are not between 1 and " + std::to_string(MAX_FRAMES));
    require((params.video_frames - 1) % model.frame_step == 0,
            std::to_string(params.video_frames) + " frames are not 1 more than a multiple of " + std::to_string(model.frame_step));
    require(params.fps >= 1 && params.fps <= MAX_FPS, std::to_string(params.fps) + " frames a second are not between 1 and " + std::to_string(MAX_FPS));
    require(params.seed >= 0, "the seed is negative");
    require(params.strength >= 0 && params.strength <= 1, "the strength is not between 0 and 1");
    require(params.moe_boundary >= 0 && params.moe_boundary <= 1, "the boundary between the models is not between 0 and 1");
    require_finite("the strength of the control frames", params.vace_strength);

    require_image("first frame", params.init_image, 3);
    require_image("last frame", params.end_image, 3);
    require_images("control frame", params.control_frames, params.control_frames_size);
    const bool has_first   = params.init_image.data != nullptr;
    const bool has_last    = params.end_image.data != nullptr;
    const bool has_control = params.control_frames_size > 0;
    const auto takes       = [&](int input) { return (model.video_inputs & input) != 0; };
    require(!has_first || takes(D4J_VIDEO_FIRST_FRAME), "this model does not look at a first frame");
    require(!has_last || takes(D4J_VIDEO_LAST_FRAME), "this model does not look at a last frame");
    require(!has_last || has_first || !takes(D4J_VIDEO_LAST_NEEDS_FIRST), "this model does not look at a last frame without a first one");
    require(!has_control || takes(D4J_VIDEO_CONTROL_FRAMES), "this model does not look at control frames");
    require(!has_control || params.control_frames_size == params.video_frames,
            std::to_string(params.control_frames_size) + " control frames are not as many as the frames, " + std::to_string(params.video_frames));
    require(!(has_first || has_last || has_control) || model.has_vae_encoder != 0, "this model cannot read pictures: its VAE has no encoder");

    require_sampling(params.sample_params, model);
    require(params.high_noise_sample_params.sample_steps == -1, "the steps of the high-noise model follow from the boundary");
    require(params.lora_count == 0, "LoRAs are not given with the parameters");
    require_tiling(params.vae_tiling_params);
    require_choice("cache mode", params.cache.mode, SD_CACHE_DISABLED, SD_CACHE_SPECTRUM);
    require(!params.hires.enabled, "a second pass is not made for videos");
}

void validate_text(
    int32_t encoder, const int32_t* ids, const float* embeddings, int32_t skipped_layers, const d4j_parts_t& parts) {
    require((ids == nullptr) != (embeddings == nullptr), "either ids or embeddings must be given");
    require_text_encoder(encoder, parts);
    if (ids != nullptr) {
        validate_ids(encoder, ids, parts.text_length, parts);
    }
    const int layers = parts.text_encoders[encoder].layers;
    require(skipped_layers >= 0 && skipped_layers < layers, std::to_string(skipped_layers) + " skipped layers are not between 0 and " + std::to_string(layers - 1));
}

void validate_ids(int32_t encoder, const int32_t* ids, int32_t count, const d4j_parts_t& parts) {
    require_text_encoder(encoder, parts);
    require(count >= 1, "there are no ids");
    require_array("ids", ids, count);
    for (int32_t i = 0; i < count; i++) {
        require(ids[i] >= 0 && ids[i] < VOCABULARY_SIZE, "there is no token " + std::to_string(ids[i]));
    }
}

void validate(const DenoiserRun& run, const DenoiserInput& input, const d4j_parts_t& parts, const d4j_model_info_t& model) {
    validate_extent(run.batch, run.height, run.width, parts.denoiser_size_multiple);
    require(input.latents != nullptr, "there are no latents");
    require(input.context != nullptr, "there is no context");
    const bool is_transformer = parts.denoiser == D4J_DENOISER_TRANSFORMER;
    require(run.timestep >= 0 && (run.timestep < 1000 || (is_transformer && run.timestep == 1000)), "the timestep is not between 0 and 1000");
    const int most = parts.denoiser_max_side;
    require(most == 0 || (run.height <= most && run.width <= most), "the latents are larger than " + std::to_string(most));
    require((input.guidance != nullptr) == (parts.denoiser_guidance != 0),
            parts.denoiser_guidance != 0 ? "this model needs a guidance" : "this model is told no guidance");
    require(run.context_batch == 1 || run.context_batch == run.batch, "the context's batch is neither 1 nor that of the latents");
    require_context_length(run.context_length);
    if (input.negative_context != nullptr) {
        require_context_length(run.negative_context_length);
    }
    require_finite("the guidance scale", run.guidance_scale);
    const bool has_vector = parts.denoiser_vector_size > 0;
    require((input.vector != nullptr) == has_vector, has_vector ? "this model needs a vector" : "this model takes no vector");
    require((input.negative_vector != nullptr) == (has_vector && input.negative_context != nullptr), "the negative vector must come with the negative context");
    const bool has_concat = parts.denoiser_in_channels > model.latent_channels;
    require((input.concat != nullptr) == has_concat, has_concat ? "this model needs mask and masked latents" : "this model takes no mask");
}

void validate_control(const DenoiserRun& run, const d4j_parts_t& parts) {
    validate_extent(run.batch, run.height, run.width, parts.denoiser_size_multiple);
    require(run.timestep >= 0 && run.timestep < 1000, "the timestep is not between 0 and 1000");
    require(run.context_batch == 1 || run.context_batch == run.batch, "the context's batch is neither 1 nor that of the latents");
    require_context_length(run.context_length);
}

void validate(const sd_tiling_params_t& tiling) {
    require_tiling(tiling);
}

void validate_control_net(const char* path) {
    require(path != nullptr && path[0] != '\0', "there is no file of a ControlNet");
    require_readable("ControlNet", path, D4J_LOAD_FAILED);
}

void validate_controls(const d4j_control_t* controls, int32_t count, int32_t control_nets, const d4j_model_info_t& model) {
    require(count >= 0, "the number of control pictures is negative");
    require_array("control pictures", controls, count);
    require(count == 0 || control_nets > 0, std::string("this model of the family ") + model.family + " has no ControlNet for a control picture");
    for (int32_t i = 0; i < count; i++) {
        const d4j_control_t& control = controls[i];
        require(control.control_net >= 0 && control.control_net < control_nets, "there is no ControlNet " + std::to_string(control.control_net));
        require_finite("the control strength", control.strength);
        require(control.start >= 0 && control.start < control.end && control.end <= 1, "the range of a control picture is not between 0 and 1");
        require(control.picture.data != nullptr, "there is no control picture");
        require_image("control picture", control.picture, 3);
    }
}

void validate_loras(const d4j_lora_t* loras, int32_t count) {
    require(count >= 0, "the number of LoRAs is negative");
    require_array("LoRAs", loras, count);
    for (int32_t i = 0; i < count; i++) {
        require(loras[i].path != nullptr && loras[i].path[0] != '\0', "a LoRA has no path");
        require_finite("a LoRA's multiplier", loras[i].multiplier);
        require_finite("a LoRA's multiplier", loras[i].text_encoder_multiplier);
        require_readable("LoRA", loras[i].path, D4J_INVALID);
    }
}

void validate_weights(int32_t type, int64_t rows, int64_t row_length, int64_t size) {
    require(is_weight_type(type), "weights cannot be held in type " + std::to_string(type));
    const auto kind     = static_cast<ggml_type>(type);
    const int64_t block = ggml_blck_size(kind);
    require(row_length >= 1 && row_length <= MAX_ELEMENTS && row_length % block == 0,
            "rows of " + std::to_string(row_length) + " numbers are not a multiple of " + std::to_string(block));
    require(rows >= 1 && rows <= MAX_ELEMENTS / row_length, std::to_string(rows) + " rows are not between 1 and " + std::to_string(MAX_ELEMENTS / row_length));
    const auto needed = static_cast<int64_t>(ggml_row_size(kind, row_length)) * rows;
    require(size == needed, "they take " + std::to_string(needed) + " bytes, not " + std::to_string(size));
}

void validate_upscaling(const sd_image_t& picture, int32_t tile_size, int32_t scale) {
    require(picture.data != nullptr, "the picture has no data");
    require_image("picture", picture, 3);
    const int64_t pixels = static_cast<int64_t>(picture.width) * picture.height * scale * scale;
    require(pixels <= int64_t{MAX_SIDE} * MAX_SIDE, "the enlarged picture would have " + std::to_string(pixels) + " pixels");
    require(tile_size == 0 || (tile_size >= LEAST_TILE && tile_size <= MAX_SIDE),
            "tiles of " + std::to_string(tile_size) + " pixels are not between " + std::to_string(LEAST_TILE) + " and " + std::to_string(MAX_SIDE));
}

void validate_schedule(int32_t schedule, int32_t steps, const d4j_model_info_t& model) {
    require(schedule >= 0 && schedule < SCHEDULER_COUNT, "schedule " + std::to_string(schedule) + " does not exist");
    require_steps(steps);
    require_schedule(schedule, steps, model);
}

void validate_extent(int32_t batch, int32_t height, int32_t width, int32_t multiple) {
    require(batch >= 1 && batch <= MAX_BATCH, "a batch of " + std::to_string(batch) + " is not between 1 and " + std::to_string(MAX_BATCH));
    require_side("width", width, multiple);
    require_side("height", height, multiple);
}

}  // namespace d4j
