/* Matrix products on the CPU by product.cpp, for extra.cpp. */
#ifndef D4J_OVERRIDES_PRODUCT_H
#define D4J_OVERRIDES_PRODUCT_H

#include <cstddef>

struct ggml_compute_params;
struct ggml_tensor;

namespace d4j {

/* The work memory for a product (GGML_OP_MUL_MAT) by at most so many threads; 0 for one that is left to ggml. */
size_t product_work_size(const ggml_tensor* dst, int threads);

/* False, and nothing done, if the product is left to ggml. */
bool multiply(const ggml_compute_params* params, ggml_tensor* dst);

}  // namespace d4j

#endif
