/* The functions of d4j.h that turn weights into numbers and numbers into weights. */
#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "call.h"
#include "d4j.h"
#include "ggml.h"
#include "guard.h"
#include "open_model.h"
#include "validation.h"

using d4j::Call;
using d4j::Failure;
using d4j::require_pointer;

namespace {

constexpr float LARGEST_F16 = 65504;

/* What the numbers are that a type cannot hold: quantised ones have scales of 16 bits, which the runtime checks itself. */
void require_in_range(ggml_type type, const float* numbers, int64_t count) {
    const float* end = numbers + count;
    if (!std::all_of(numbers, end, [](float number) { return std::isfinite(number); })) {
        throw Failure{D4J_FAILED, "a number is not finite"};
    }
    if (type == GGML_TYPE_F16 && std::any_of(numbers, end, [](float number) { return std::fabs(number) > LARGEST_F16; })) {
        throw Failure{D4J_FAILED, "a number is larger than f16 can hold"};
    }
}

}  // namespace

int32_t d4j_quantize(int32_t type, const float* numbers, int64_t rows, int64_t row_length, void* weights, int64_t size) {
    return d4j::guarded("the numbers could not be quantised", nullptr, [&](Call&) {
        require_pointer("numbers", numbers);
        require_pointer("weights", weights);
        d4j::validate_weights(type, rows, row_length, size);
        const auto kind = static_cast<ggml_type>(type);
        if (ggml_quantize_requires_imatrix(kind)) {
            throw Failure{D4J_INVALID, std::string(ggml_type_name(kind)) + " needs a calibration file"};
        }
        require_in_range(kind, numbers, rows * row_length);
        ggml_quantize_chunk(kind, numbers, weights, 0, rows, row_length, nullptr);
        if (ggml_is_quantized(kind) && !ggml_validate_row_data(kind, weights, static_cast<size_t>(size))) {
            throw Failure{D4J_FAILED, std::string("a number is larger than ") + ggml_type_name(kind) + " can hold"};
        }
    });
}

int32_t d4j_dequantize(int32_t type, const void* weights, int64_t size, int64_t rows, int64_t row_length, float* numbers) {
    return d4j::guarded("the weights could not be read", nullptr, [&](Call&) {
        require_pointer("weights", weights);
        require_pointer("numbers", numbers);
        d4j::validate_weights(type, rows, row_length, size);
        const auto kind = static_cast<ggml_type>(type);
        if (kind == GGML_TYPE_F32) {
            std::memcpy(numbers, weights, static_cast<size_t>(size));
            return;
        }
        ggml_get_type_traits(kind)->to_float(weights, numbers, rows * row_length);
    });
}
