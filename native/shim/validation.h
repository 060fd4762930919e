/*
 * Refuses what the runtime would crash on, or answer with something else than was asked. The Java side checks requests
 * too, and says more about them; this is the last line.
 */
#ifndef D4J_VALIDATION_H
#define D4J_VALIDATION_H

#include "d4j.h"

namespace d4j {

/* Throws Failure: D4J_INVALID for an impossible value, D4J_LOAD_FAILED for a file that cannot be read. */
void validate(const sd_ctx_params_t& params);

/* Throws Failure (D4J_INVALID). */
void validate(const sd_img_gen_params_t& params, const d4j_model_info_t& model);

}  // namespace d4j

#endif
