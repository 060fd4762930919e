#include "pieced_weights.h"

#include <array>
#include <cstring>
#include <fstream>
#include <iomanip>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "core/util.h"
#include "diffusers_names.h"
#include "ggml.h"
#include "turned_weights.h"

/* Of the runtime's model_loader.cpp, which has no header for it. */
uint16_t f8_e4m3_to_f16(uint8_t f8);

namespace d4j {

namespace {

const std::string DENOISER = "model.diffusion_model.";

/* What a field that only serves the readers of checkpoints begins with, followed by the pieces. */
const std::string PIECED = "pieces ";

enum Format { AS_IT_IS, E4M3, E5M2 };

struct Piece {
    size_t file;
    uint64_t offset;
    uint64_t size;
    int format;
    float scale;
};

std::vector<Piece> pieces_of(const TensorStorage& weight) {
    if (!is_pieced(weight)) {
        return {{weight.file_index, weight.offset, static_cast<uint64_t>(weight.nbytes_to_read()), AS_IT_IS, 1.0f}};
    }
    std::istringstream text(weight.storage_key.substr(PIECED.size()));
    std::vector<Piece> pieces;
    Piece piece;
    while (text >> piece.file >> piece.offset >> piece.size >> piece.format >> piece.scale) {
        pieces.push_back(piece);
    }
    return pieces;
}

void set_pieces(TensorStorage& weight, const std::vector<Piece>& pieces) {
    std::ostringstream text;
    text << PIECED << std::setprecision(std::numeric_limits<float>::max_digits10);
    for (const Piece& piece : pieces) {
        text << piece.file << ' ' << piece.offset << ' ' << piece.size << ' ' << piece.format << ' ' << piece.scale << ' ';
    }
    weight.storage_key = text.str();
}

/* The first half, of what it is stored in, and the second one. */
void swap_halves(TensorStorage& weight) {
    std::vector<Piece> pieces;
    for (const Piece& piece : pieces_of(weight)) {
        const uint64_t half = piece.size / 2;
        pieces.push_back({piece.file, piece.offset + half, piece.size - half, piece.format, piece.scale});
        pieces.push_back({piece.file, piece.offset, half, piece.format, piece.scale});
    }
    set_pieces(weight, pieces);
}

// ---- fp8 with scales ----

/* Beside a layer's weight: its own scale; one of its inputs, for computing in fp8, which nothing here does; a name for the whole. */
const std::array<const char*, 2> SCALES = {".scale_weight", ".weight_scale"};
const std::array<const char*, 2> INPUT_SCALES = {".scale_input", ".input_scale"};
const std::string MARKER = "scaled_fp8";

bool is_fp8(const TensorStorage& weight) {
    return weight.is_f8_e4m3 || weight.is_f8_e5m2;
}

void fold(TensorStorage& weight, float scale) {
    std::vector<Piece> pieces = pieces_of(weight);
    for (Piece& piece : pieces) {
        piece.format = weight.is_f8_e4m3 ? E4M3 : E5M2;
        piece.scale  = scale;
    }
    // The type, f16, is what the runtime itself would have widened it to.
    weight.is_f8_e4m3 = false;
    weight.is_f8_e5m2 = false;
    set_pieces(weight, pieces);
}

/* 256 products, of which the values are picked. */
std::array<ggml_fp16_t, 256> products(const Piece& piece) {
    std::array<ggml_fp16_t, 256> table;
    for (size_t value = 0; value < table.size(); value++) {
        const auto byte         = static_cast<uint8_t>(value);
        const ggml_fp16_t plain = piece.format == E4M3 ? f8_e4m3_to_f16(byte) : static_cast<ggml_fp16_t>(byte << 8);
        table[value]            = ggml_fp32_to_fp16(ggml_fp16_to_fp32(plain) * piece.scale);
    }
    return table;
}

/* The files are a member that the runtime keeps to itself: taking its address through a derived class is how to reach it. */
struct LoaderAccess : ModelLoader {
    static const std::vector<std::string>& files(ModelLoader& loader) { return loader.*&LoaderAccess::file_paths_; }
};

/* Not through the loader, which takes its list of tensors for final as soon as it has read one. */
float read_scale(const TensorStorage& scale, const std::string& path) {
    std::array<char, sizeof(float)> bytes = {};
    std::ifstream file(path, std::ios::binary);
    file.seekg(static_cast<std::streamoff>(scale.offset));
    const int64_t size = scale.nbytes_to_read();
    if (size > static_cast<int64_t>(bytes.size()) || !file.read(bytes.data(), size)) {
        throw std::runtime_error("the scale " + scale.name + " could not be read from " + path);
    }
    float value = 0;
    if (scale.type == GGML_TYPE_F32) {
        std::memcpy(&value, bytes.data(), sizeof value);
    } else {
        ggml_get_type_traits(scale.type)->to_float(bytes.data(), &value, 1);
    }
    return value;
}

// ---- layouts of diffusers ----

bool is_flux_of_diffusers(const String2TensorStorage& all) {
    return all.find(DENOISER + "single_transformer_blocks.0.attn.to_q.weight") != all.end();
}

/* Two parts for each output, scale and shift, and not the six of a block. */
bool makes_scale_and_shift(const std::string& layer, const String2TensorStorage& all) {
    const auto weight = all.find(layer + "weight");
    return weight != all.end() && weight->second.ne[1] == 2 * weight->second.ne[0];
}

void swap_scale_and_shift(String2TensorStorage& all) {
    for (auto& [name, weight] : all) {
        const bool modulates = starts_with(name, DENOISER + "norm_out.linear.") || contains(name, ".norm1_context.linear.");
        if (modulates && makes_scale_and_shift(name.substr(0, name.rfind('.') + 1), all)) {
            swap_halves(weight);
        }
    }
}

bool fits(const TensorStorage& whole, const TensorStorage& part) {
    const int rows = whole.n_dims - 1;
    for (int i = 0; i < rows; i++) {
        if (whole.ne[i] != part.ne[i]) {
            return false;
        }
    }
    return whole.n_dims == part.n_dims && whole.type == part.type && whole.is_f8_e4m3 == part.is_f8_e4m3
        && whole.is_f8_e5m2 == part.is_f8_e5m2 && whole.is_f64 == part.is_f64 && whole.index_in_zip < 0 && part.index_in_zip < 0;
}

/* What upstream numbers from the second one on, "qkv.weight", "qkv.weight.1", "qkv.weight.2", is one weight. */
void join(String2TensorStorage& all) {
    std::vector<std::string> joined;
    for (auto& [name, whole] : all) {
        if (!starts_with(name, DENOISER) || all.find(name + ".1") == all.end()) {
            continue;
        }
        std::vector<Piece> pieces = pieces_of(whole);
        for (int number = 1;; number++) {
            const auto part = all.find(name + "." + std::to_string(number));
            if (part == all.end()) {
                break;
            }
            if (!fits(whole, part->second)) {
                throw std::runtime_error("the parts of " + name + " do not fit together");
            }
            const std::vector<Piece> further = pieces_of(part->second);
            pieces.insert(pieces.end(), further.begin(), further.end());
            whole.ne[whole.n_dims - 1] += part->second.ne[whole.n_dims - 1];
            joined.push_back(part->first);
        }
        set_pieces(whole, pieces);
    }
    for (const std::string& name : joined) {
        all.erase(name);
    }
}

/* Gives fp8 weights the scales that lie beside them. */
void fold_scales(ModelLoader& loader) {
    String2TensorStorage& all = loader.get_tensor_storage_map();
    std::vector<std::string> done;
    for (auto& [name, weight] : all) {
        if (ends_with(name, MARKER)) {
            done.push_back(name);
        }
        if (!is_fp8(weight) || !ends_with(name, ".weight")) {
            continue;
        }
        const std::string layer = name.substr(0, name.size() - std::strlen(".weight"));
        for (size_t i = 0; i < SCALES.size(); i++) {
            const auto scale = all.find(layer + SCALES[i]);
            if (scale != all.end() && scale->second.nelements() == 1) {
                fold(weight, read_scale(scale->second, LoaderAccess::files(loader).at(scale->second.file_index)));
                done.push_back(layer + SCALES[i]);
                done.push_back(layer + INPUT_SCALES[i]);
                break;
            }
        }
    }
    for (const std::string& name : done) {
        all.erase(name);
    }
}

}  // namespace

bool is_pieced(const TensorStorage& weight) {
    return starts_with(weight.storage_key, PIECED);
}

void convert_names(ModelLoader& loader) {
    fold_scales(loader);
    String2TensorStorage& all = loader.get_tensor_storage_map();
    if (is_sd3_of_diffusers(all) || is_flux_of_diffusers(all)) {
        swap_scale_and_shift(all);
    }
    note_rows(loader);
    restore_names(all);
    loader.convert_tensors_name();
    join(loader.get_tensor_storage_map());
}

void read_pieces(const TensorStorage& weight, const std::vector<std::string>& files, char* to) {
    std::vector<uint8_t> bytes;
    for (const Piece& piece : pieces_of(weight)) {
        const std::string& path = files.at(piece.file);
        std::ifstream file(path, std::ios::binary);
        file.seekg(static_cast<std::streamoff>(piece.offset));
        char* values = to;
        if (piece.format != AS_IT_IS) {
            bytes.resize(piece.size);
            values = reinterpret_cast<char*>(bytes.data());
        }
        if (!file.read(values, static_cast<std::streamsize>(piece.size))) {
            throw std::runtime_error("the weight " + weight.name + " could not be read from " + path);
        }
        if (piece.format == AS_IT_IS) {
            to += piece.size;
            continue;
        }
        const auto table = products(piece);
        for (const uint8_t byte : bytes) {
            std::memcpy(to, &table[byte], sizeof table[byte]);
            to += sizeof table[byte];
        }
    }
}

}  // namespace d4j
