/*
 * Refuses what the runtime would crash on, or answer with something else than was asked. The Java side checks requests
 * too, and says more about them; this is the last line.
 */
#ifndef D4J_VALIDATION_H
#define D4J_VALIDATION_H

#include "d4j.h"
#include "runtime.h"

namespace d4j {

/* Throws Failure: D4J_INVALID for an impossible value, D4J_LOAD_FAILED for a file that cannot be read. */
void validate(const sd_ctx_params_t& params);

void validate_upscaler(const char* path, int32_t threads);

/* All others throw Failure (D4J_INVALID). */
void validate(const sd_img_gen_params_t& params, const d4j_model_info_t& model);
void validate(const sd_vid_gen_params_t& params, const d4j_model_info_t& model);
void validate(const DenoiserRun& run, const DenoiserInput& input, const d4j_parts_t& parts, const d4j_model_info_t& model);
void validate_control(const DenoiserRun& run, const d4j_parts_t& parts);
void validate(const sd_tiling_params_t& tiling);
void validate_text(
    int32_t encoder, const int32_t* ids, const float* embeddings, int32_t skipped_layers, const d4j_parts_t& parts);
void validate_ids(int32_t encoder, const int32_t* ids, int32_t count, const d4j_parts_t& parts);
void validate_control_net(const char* path);
void validate_controls(const d4j_control_t* controls, int32_t count, int32_t control_nets, const d4j_model_info_t& model);
void validate_loras(const d4j_lora_t* loras, int32_t count);
/* A picture of three channels, and the tiles in which it is enlarged. */
void validate_upscaling(const sd_image_t& picture, int32_t tile_size, int32_t scale);
void validate_schedule(int32_t schedule, int32_t steps, const d4j_model_info_t& model);
/* Rows of weights in a type (enum sd_type_t), and the bytes that they take in it. */
void validate_weights(int32_t type, int64_t rows, int64_t row_length, int64_t size);
/* Of pictures or latents; both sides must be multiples of the given number. */
void validate_extent(int32_t batch, int32_t height, int32_t width, int32_t multiple);

}  // namespace d4j

#endif
