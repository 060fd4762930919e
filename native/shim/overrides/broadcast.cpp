/*
 * Adding or multiplying by one value per channel, as the bias of every convolution and the scale of every group norm do, for
 * ggml's CPU backend, with the same result bit for bit. ggml's own goes through such rows value by value.
 */
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "ggml-cpu-impl.h"
#include "ggml.h"

#include "counters.h"

extern "C" void ggml_compute_forward_add_non_quantized_replaced(const ggml_compute_params* params, ggml_tensor* dst);
extern "C" void ggml_compute_forward_mul_replaced(const ggml_compute_params* params, ggml_tensor* dst);

namespace {

/* Whether each row of dst has one value, its own or, along whole dimensions, that of others. */
bool has_one_value_per_row(const ggml_tensor* dst) {
    const ggml_tensor* rows   = dst->src[0];
    const ggml_tensor* values = dst->src[1];
    for (int i = 1; i < GGML_MAX_DIMS; i++) {
        if (values->ne[i] != 1 && values->ne[i] != rows->ne[i]) {
            return false;
        }
    }
    return rows->type == GGML_TYPE_F32 && values->type == GGML_TYPE_F32 && dst->type == GGML_TYPE_F32 && values->ne[0] == 1
        && rows->nb[0] == sizeof(float) && dst->nb[0] == sizeof(float) && ggml_are_same_shape(rows, dst);
}

/* How far apart the values of neighbours along a dimension are. */
size_t value_step(const ggml_tensor* values, int dimension) {
    return values->ne[dimension] == 1 ? 0 : values->nb[dimension];
}

template <typename Op>
void combine(const ggml_compute_params* params, ggml_tensor* dst, Op op) {
    const ggml_tensor* rows   = dst->src[0];
    const ggml_tensor* values = dst->src[1];
    const size_t steps[]      = {value_step(values, 1), value_step(values, 2), value_step(values, 3)};
    const int64_t count       = ggml_nrows(dst);
    const int64_t each        = (count + params->nth - 1) / params->nth;
    const int64_t first       = std::min(each * params->ith, count);
    const int64_t end         = std::min(first + each, count);

    int64_t i1 = first % dst->ne[1];
    int64_t i2 = first / dst->ne[1] % dst->ne[2];
    int64_t i3 = first / dst->ne[1] / dst->ne[2];
    for (int64_t row = first; row < end; row++) {
        const auto* value_at = static_cast<const char*>(values->data) + i1 * steps[0] + i2 * steps[1] + i3 * steps[2];
        const auto* from_at  = static_cast<const char*>(rows->data) + i1 * rows->nb[1] + i2 * rows->nb[2] + i3 * rows->nb[3];
        auto* to_at          = static_cast<char*>(dst->data) + i1 * dst->nb[1] + i2 * dst->nb[2] + i3 * dst->nb[3];
        const float value    = *reinterpret_cast<const float*>(value_at);
        const auto* from     = reinterpret_cast<const float*>(from_at);
        auto* to             = reinterpret_cast<float*>(to_at);
        for (int64_t i = 0; i < dst->ne[0]; i++) {
            to[i] = op(from[i], value);
        }
        if (++i1 == dst->ne[1]) {
            i1 = 0;
            if (++i2 == dst->ne[2]) {
                i2 = 0;
                i3++;
            }
        }
    }
    if (params->ith == 0) {
        d4j::override_calls().broadcast.fetch_add(1, std::memory_order_relaxed);
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
