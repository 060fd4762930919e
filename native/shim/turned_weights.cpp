#include "turned_weights.h"

#include <cstring>
#include <vector>

#include "core/util.h"
#include "ggml.h"

namespace d4j {

namespace {

/* Kept in a field that only serves the readers of checkpoints, before anything is noted. */
const char* const TURNED = "turned";

void turn(char* values, int64_t size, size_t bytes) {
    const std::vector<char> original(values, values + static_cast<size_t>(size * size) * bytes);
    for (int64_t row = 0; row < size; row++) {
        for (int64_t column = 0; column < size; column++) {
            std::memcpy(values + static_cast<size_t>(row * size + column) * bytes,
                        original.data() + static_cast<size_t>(column * size + row) * bytes, bytes);
        }
    }
}

void turn_quantized(char* values, int64_t size, ggml_type type) {
    std::vector<float> floats(static_cast<size_t>(size * size));
    ggml_get_type_traits(type)->to_float(values, floats.data(), size * size);
    turn(reinterpret_cast<char*>(floats.data()), size, sizeof(float));
    const std::vector<float> importance(static_cast<size_t>(size), 1.0f);
    ggml_quantize_chunk(type, floats.data(), values, 0, size, size, importance.data());
}

}  // namespace

void note_layout(TensorStorage& tensor) {
    const bool is_square = tensor.n_dims == 2 && tensor.ne[0] == tensor.ne[1];
    if (is_square && ends_with(tensor.name, ".model.text_projection")) {
        tensor.storage_key = TURNED;
    }
}

void turn_if_noted(const TensorStorage& tensor, char* values) {
    if (!is_turned(tensor)) {
        return;
    }
    const int64_t size = tensor.ne[0];
    if (ggml_is_quantized(tensor.type)) {
        turn_quantized(values, size, tensor.type);
    } else {
        turn(values, size, static_cast<size_t>(tensor.nbytes_to_read() / tensor.nelements()));
    }
}

bool is_turned(const TensorStorage& tensor) {
    return tensor.storage_key == TURNED;
}

}  // namespace d4j
