/*
 * Adding or multiplying by one value per channel, as the bias of every convolution and the scale of every group norm do, for
 * ggml's CPU backend, with the same result bit for bit. ggml's own goes through such rows value by value.
 */
#include <algorithm>
#include <cstdint>
#include <functional>

#include "ggml-cpu-impl.h"
#include "ggml.h"

extern "C" void ggml_compute_forward_add_non_quantized_replaced(const ggml_compute_params* params, ggml_tensor* dst);
extern "C" void ggml_compute_forward_mul_replaced(const ggml_compute_params* params, ggml_tensor* dst);

namespace {

const char* row_of(const ggml_tensor* t, int64_t i1, int64_t i2, int64_t i3) {
    return static_cast<const char*>(t->data) + i1 * t->nb[1] + i2 * t->nb[2] + i3 * t->nb[3];
}

bool has_one_value_per_row(const ggml_tensor* dst) {
    const ggml_tensor* rows   = dst->src[0];
    const ggml_tensor* values = dst->src[1];
    return rows->type == GGML_TYPE_F32 && values->type == GGML_TYPE_F32 && dst->type == GGML_TYPE_F32 && values->ne[0] == 1
        && rows->nb[0] == sizeof(float) && dst->nb[0] == sizeof(float) && ggml_can_repeat(values, rows)
        && ggml_are_same_shape(rows, dst);
}

template <typename Op>
void combine(const ggml_compute_params* params, ggml_tensor* dst, Op op) {
    const ggml_tensor* rows   = dst->src[0];
    const ggml_tensor* values = dst->src[1];
    const int64_t count       = ggml_nrows(dst);
    const int64_t each        = (count + params->nth - 1) / params->nth;
    const int64_t end         = std::min(each * (params->ith + 1), count);
    for (int64_t row = each * params->ith; row < end; row++) {
        const int64_t i1  = row % dst->ne[1];
        const int64_t i2  = row / dst->ne[1] % dst->ne[2];
        const int64_t i3  = row / dst->ne[1] / dst->ne[2];
        const float value = *reinterpret_cast<const float*>(row_of(values, i1 % values->ne[1], i2 % values->ne[2], i3 % values->ne[3]));
        const auto* from  = reinterpret_cast<const float*>(row_of(rows, i1, i2, i3));
        auto* to          = reinterpret_cast<float*>(const_cast<char*>(row_of(dst, i1, i2, i3)));
        for (int64_t i = 0; i < dst->ne[0]; i++) {
            to[i] = op(from[i], value);
        }
    }
}

}  // namespace

/* In place of the functions of these names in ggml-cpu/binary-ops.cpp, see native/CMakeLists.txt. */
extern "C" void ggml_compute_forward_add_non_quantized(const ggml_compute_params* params, ggml_tensor* dst) {
    if (has_one_value_per_row(dst)) {
        combine(params, dst, std::plus<float>());
    } else {
        ggml_compute_forward_add_non_quantized_replaced(params, dst);
    }
}

extern "C" void ggml_compute_forward_mul(const ggml_compute_params* params, ggml_tensor* dst) {
    if (has_one_value_per_row(dst)) {
        combine(params, dst, std::multiplies<float>());
    } else {
        ggml_compute_forward_mul_replaced(params, dst);
    }
}
