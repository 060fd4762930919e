/* What the shim needs from inside the runtime. Implemented by the one unit that includes stable-diffusion.cpp. */
#ifndef D4J_RUNTIME_H
#define D4J_RUNTIME_H

#include "d4j.h"

namespace d4j {

/* new_sd_ctx, but leaving nothing behind when it throws. Null if the runtime refuses; it then said why in the log. */
sd_ctx_t* open(const sd_ctx_params_t& params);

d4j_model_info_t describe(const sd_ctx_t* context);

/* Brings a model that a call has just left, in whatever way, back to the state between calls. */
void settle(sd_ctx_t* context);

}  // namespace d4j

#endif
