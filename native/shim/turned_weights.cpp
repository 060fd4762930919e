#include "turned_weights.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "core/util.h"
#include "ggml.h"

namespace d4j {

namespace {

/* Kept at the end of a field that only serves the readers of checkpoints, before anything is noted. */
const char* const TURNED        = "turned";
const char* const TO_NEIGHBOURS = "rows to neighbours";
const char* const TO_HALVES     = "rows to halves";

const int64_t HEAD = 128;

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

/* Whole rows, which may be in any type. */
void reorder_rows(char* values, const TensorStorage& tensor, bool to_neighbours) {
    const int64_t rows = tensor.ne[1];
    const size_t bytes = static_cast<size_t>(tensor.nbytes_to_read() / rows);
    std::vector<char> head(static_cast<size_t>(HEAD) * bytes);
    for (int64_t first = 0; first + HEAD <= rows; first += HEAD) {
        char* in_place = values + static_cast<size_t>(first) * bytes;
        std::copy_n(in_place, head.size(), head.begin());
        for (int64_t row = 0; row < HEAD; row++) {
            const int64_t neighbour = 2 * (row % (HEAD / 2)) + row / (HEAD / 2);
            const size_t from       = static_cast<size_t>(to_neighbours ? row : neighbour) * bytes;
            const size_t to         = static_cast<size_t>(to_neighbours ? neighbour : row) * bytes;
            std::memcpy(in_place + to, head.data() + from, bytes);
        }
    }
}

}  // namespace

void note_layout(TensorStorage& tensor) {
    const bool is_square = tensor.n_dims == 2 && tensor.ne[0] == tensor.ne[1];
    if (is_square && ends_with(tensor.name, ".model.text_projection")) {
        tensor.storage_key = TURNED;
    }
}

void note_rows(ModelLoader& loader) {
    const SDVersion version = loader.get_sd_version();
    const bool wants_halves = sd_version_is_ernie_image(version);
    if (version != VERSION_FLUX2 && !wants_halves) {
        return;
    }
    for (auto& [name, tensor] : loader.get_tensor_storage_map()) {
        const bool has_neighbours = ends_with(name, ".attn_q.weight") || ends_with(name, ".attn_k.weight");
        const bool has_halves     = ends_with(name, ".self_attn.q_proj.weight") || ends_with(name, ".self_attn.k_proj.weight");
        if (starts_with(name, "text_encoders.llm.") && (wants_halves ? has_neighbours : has_halves)) {
            tensor.storage_key += wants_halves ? TO_HALVES : TO_NEIGHBOURS;
        }
    }
}

void turn_if_noted(const TensorStorage& tensor, char* values) {
    if (ends_with(tensor.storage_key, TO_NEIGHBOURS) || ends_with(tensor.storage_key, TO_HALVES)) {
        reorder_rows(values, tensor, ends_with(tensor.storage_key, TO_NEIGHBOURS));
        return;
    }
    if (tensor.storage_key != TURNED) {
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
    return tensor.storage_key == TURNED || ends_with(tensor.storage_key, TO_NEIGHBOURS) || ends_with(tensor.storage_key, TO_HALVES);
}

}  // namespace d4j
