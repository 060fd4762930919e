/* What the shim needs from inside the runtime. Implemented by the one unit that includes stable-diffusion.cpp. */
#ifndef D4J_RUNTIME_H
#define D4J_RUNTIME_H

#include <cstdint>
#include <string>
#include <vector>

#include "call.h"
#include "d4j.h"

namespace d4j {

/*
 * new_sd_ctx, but leaving nothing behind when it throws, and refusing weights for which there is no memory. Null if the runtime
 * refuses; it then said why in the log.
 */
sd_ctx_t* open(const sd_ctx_params_t& params, Call& call);

/* Whether a part runs on a GPU of this machine. */
bool is_on_gpu(const sd_ctx_t* context);

/* Whether one of those GPUs does nothing any more. Says in the log why. */
bool has_lost_gpu(const sd_ctx_t* context);

/* Refuses a prompt at which the runtime would throw in the middle of its work. Null is an empty one. */
void check_prompt(const char* prompt);

d4j_model_info_t describe(const sd_ctx_t* context);

/* Throws Failure (D4J_LOAD_FAILED) for a file that is none of this model's. */
void add_control_net(sd_ctx_t* context, const std::string& path);
int32_t control_net_count(const sd_ctx_t* context);
/* For the generation that follows; settle takes them away. */
void choose_controls(sd_ctx_t* context, const std::vector<d4j_control_t>& controls);

/* Brings a model that a call has just left, in whatever way, back to the state between calls. */
void settle(sd_ctx_t* context);

struct TextInput {
    int32_t encoder;
    const int32_t* ids;
    const float* embeddings; /* if ids is null */
};

/* What prompt.encode keeps for prompt.take. */
struct Prompt {
    int64_t tokens = 0;
    std::vector<float> context;
    std::vector<float> vector; /* empty for models without */
};

/* The arrays of unet.predict and transformer.predict. */
struct DenoiserInput {
    const float* latents;
    const float* context;
    const float* negative_context;
    const float* vector;
    const float* negative_vector;
    const float* concat;
    const float* guidance;
    const float* residuals;
};

/* The sizes and numbers of both; all pictures of the batch are at the same timestep. */
struct DenoiserRun {
    int32_t batch;
    int32_t height; /* of the latents, as width */
    int32_t width;
    float timestep;
    int32_t context_batch;
    int32_t context_length;
    int32_t negative_context_length;
    float guidance_scale;
};

/*
 * The functions and calls of d4j.h by the same names, with arguments already checked except where a comment says so. Those that
 * compute throw Failure if the runtime does not deliver.
 */
d4j_parts_t parts(const sd_ctx_t* context);
/* For the next generation. Nothing changes if it throws, see require_applicable. */
void choose_loras(sd_ctx_t* context, const d4j_lora_t* loras, int32_t count, Call& call);
void set_loras(sd_ctx_t* context, const d4j_lora_t* loras, int32_t count, Call& call);
void text_encode(sd_ctx_t* context, const TextInput& input, int32_t skipped_layers, bool final_norm, float* hidden);
void text_pool(sd_ctx_t* context, const TextInput& input, int32_t position, float* pooled);
void text_embed(sd_ctx_t* context, int32_t encoder, const int32_t* ids, int32_t count, float* embeddings);
Prompt prompt_encode(sd_ctx_t* context, const std::string& prompt, int32_t clip_skip);
void predict(sd_ctx_t* context, const DenoiserRun& run, const DenoiserInput& input, float* prediction);
/* A picture's hint for a ControlNet; what a ControlNet makes of it, for the latents of the run one after another. */
void control_embed(sd_ctx_t* context, int32_t control_net, const float* picture, int32_t height, int32_t width, float* hint);
void control_predict(
    sd_ctx_t* context, int32_t control_net, const DenoiserRun& run, const float* hint, const DenoiserInput& input, float* residuals);
/* The values of all residuals for latents of one picture. */
int64_t residual_values(const d4j_parts_t& parts, int32_t height, int32_t width);
void vae_encode(sd_ctx_t* context,
                const float* picture,
                int32_t height,
                int32_t width,
                const sd_tiling_params_t& tiling,
                float* moments);
void vae_decode(sd_ctx_t* context,
                const float* latents,
                int32_t height,
                int32_t width,
                const sd_tiling_params_t& tiling,
                float* picture);
std::vector<float> sigmas(sd_ctx_t* context, int32_t schedule, int32_t steps, int32_t width, int32_t height);

struct Weight {
    std::vector<int64_t> shape; /* outermost dimension first */
    std::vector<float> data;    /* empty if only the shape was asked for */
};
/* Throws Failure (D4J_INVALID) if there is no such weight. */
Weight weight(sd_ctx_t* context, const std::string& name, bool with_data);

}  // namespace d4j

#endif
