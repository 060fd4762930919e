/* What the shim and its hooks tell each other through the runtime. */
#ifndef D4J_HOOKS_H
#define D4J_HOOKS_H

#include "ggml.h"

namespace d4j {

/* A flag of a kernel with which d4j_hook_conv_2d_direct convolves as it is called, whatever the shape. */
constexpr int32_t CONVOLVE_AS_ASKED = 1 << 30;
static_assert(CONVOLVE_AS_ASKED > GGML_TENSOR_FLAG_COMPUTE, "a flag that ggml does not have");

}  // namespace d4j

#endif
