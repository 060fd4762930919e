/* Matrix products on the CPU by product.cpp, and convolutions that are nothing else. */
#ifndef D4J_OVERRIDES_PRODUCT_H
#define D4J_OVERRIDES_PRODUCT_H

#include <cstddef>

#include "ggml.h"

struct ggml_compute_params;

namespace d4j {

/* Whether it is a convolution by kernels of one pixel, of an image whose rows follow one another. */
inline bool is_for_product(const ggml_tensor* kernel, const ggml_tensor* image, int stride_x, int stride_y, int pad_x, int pad_y) {
    const bool is_known = (kernel->type == GGML_TYPE_F16 || kernel->type == GGML_TYPE_F32) && ggml_is_contiguous(kernel);
    const bool is_plain = image->type == GGML_TYPE_F32 && image->nb[0] == sizeof(float)
                       && image->nb[1] == static_cast<size_t>(image->ne[0]) * sizeof(float);
    return is_known && is_plain && kernel->ne[0] == 1 && kernel->ne[1] == 1 && stride_x == 1 && stride_y == 1 && pad_x == 0 && pad_y == 0;
}

/* The work memory for a product (GGML_OP_MUL_MAT, GGML_OP_CONV_2D) by at most so many threads; 0 for one that is left to ggml. */
size_t product_work_size(const ggml_tensor* dst, int threads);

/* False, and nothing done, if the product is left to ggml. */
bool multiply(const ggml_compute_params* params, ggml_tensor* dst);

}  // namespace d4j

#endif
