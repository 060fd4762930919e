#include "lora.h"

#include <optional>

#include "core/util.h"

namespace d4j {

namespace {

constexpr int MAX_PIECES            = 4;   // q, k, v and the first layer of the MLP
constexpr size_t NODES_PER_TENSOR   = 16;  // of a graph, at most
constexpr size_t NODES_OF_ANY_GRAPH = LORA_GRAPH_BASE_SIZE;

bool is_conv(const WeightAdapter::ForwardParams& layer) {
    return layer.op_type == WeightAdapter::ForwardParams::op_type_t::OP_CONV2D;
}

/* Of the matrix that leads from the low rank to a layer's outputs, stored as such or as a convolution of 1x1. */
int64_t rank_of(const ggml_tensor* up) {
    return up->ne[2] * up->ne[3] > 1 ? up->ne[2] : up->ne[0];
}

/* As a matrix with this many rows, or null if it cannot be one. */
ggml_tensor* matrix(ggml_context* ctx, ggml_tensor* tensor, int64_t rows) {
    const int64_t elements = ggml_nelements(tensor);
    return elements % rows == 0 ? ggml_reshape_2d(ctx, tensor, elements / rows, rows) : nullptr;
}

/* The product of a matrix of rows x rank, and one of rank x columns. */
ggml_tensor* product(ggml_context* ctx, ggml_tensor* up, ggml_tensor* down) {
    return ggml_mul_mat(ctx, ggml_cont(ctx, ggml_transpose(ctx, down)), up);
}

/* Where in a weight's rows, or a layer's outputs, a piece begins. Those before the last are of one size. */
std::optional<int64_t> first_row(int number, int64_t rows, int64_t all_rows) {
    const int64_t first = number < MAX_PIECES - 1 ? number * rows : all_rows - rows;
    return first >= 0 && first + rows <= all_rows ? std::optional(first) : std::nullopt;
}

/* Where the elements of a difference begin in a weight, if it fits there. */
std::optional<int64_t> first_element(int number, const ggml_tensor* difference, const ggml_tensor* weight) {
    const int64_t elements = ggml_nelements(difference);
    if (elements == ggml_nelements(weight)) {
        return number == 0 ? std::optional<int64_t>(0) : std::nullopt;
    }
    const int64_t columns = weight->ne[1] > 1 ? weight->ne[0] : 1;
    const bool is_matrix  = weight->ne[2] == 1 && weight->ne[3] == 1;
    if (!is_matrix || elements % columns != 0 || (columns > 1 && difference->ne[0] != columns)) {
        return std::nullopt;
    }
    const auto row = first_row(number, elements / columns, ggml_nelements(weight) / columns);
    return row ? std::optional(*row * columns) : std::nullopt;
}

/* Adds a piece's difference to a weight in f32, in place or as a new tensor. */
ggml_tensor* add_piece(ggml_context* ctx, ggml_tensor* weight, ggml_tensor* difference, int64_t first, bool in_place) {
    const int64_t elements = ggml_nelements(difference);
    ggml_tensor* rows      = weight->ne[1] > 1 ? ggml_reshape_2d(ctx, difference, weight->ne[0], elements / weight->ne[0])
                                               : ggml_reshape_1d(ctx, difference, elements);
    const auto add = in_place ? ggml_acc_inplace : ggml_acc;
    return add(ctx, weight, rows, weight->nb[1], weight->nb[2], weight->nb[3], static_cast<size_t>(first) * sizeof(float));
}

/* A copy in f32. Upstream's way, by a product with 1, takes rows of one element, which quantised types do not have. */
ggml_tensor* in_f32(ggml_context* ctx, ggml_backend_t backend, ggml_tensor* tensor) {
    if (ggml_is_quantized(tensor->type)) {
        ggml_tensor* copy = ggml_cast(ctx, tensor, GGML_TYPE_F32);
        if (ggml_backend_supports_op(backend, copy)) {
            return copy;
        }
    }
    return ggml_ext_cast_f32(ctx, backend, tensor);
}

bool holds_floats(const ggml_tensor* tensor) {
    return tensor->type == GGML_TYPE_F32 || tensor->type == GGML_TYPE_F16;
}

/* A matrix, whole or as up times down. */
struct Factor {
    ggml_tensor* whole;
    ggml_tensor* up;
    ggml_tensor* down;

    bool is_there() const { return whole != nullptr || (up != nullptr && down != nullptr && up->ne[0] == down->ne[1]); }
    int64_t rows() const { return whole != nullptr ? whole->ne[1] : up->ne[1]; }
    int64_t columns() const { return whole != nullptr ? whole->ne[0] : down->ne[0]; }
    ggml_tensor* times(ggml_context* ctx, ggml_tensor* x) const {
        return whole != nullptr ? ggml_mul_mat(ctx, whole, x) : ggml_mul_mat(ctx, up, ggml_mul_mat(ctx, down, x));
    }
};

template <typename Piece>
Factor factor_of(const Piece& piece, const std::string& name) {
    return {piece[name], piece[name + "_a"], piece[name + "_b"]};
}

template <typename Piece>
bool is_lora(const Piece& piece) {
    return piece["lora_up"] != nullptr && piece["lora_down"] != nullptr;
}

template <typename Piece>
bool is_loha(const Piece& piece) {
    const bool is_flat = piece["hada_t1"] == nullptr && piece["hada_t2"] == nullptr;
    const Factor first = factor_of(piece, "hada_w1");
    const Factor other = factor_of(piece, "hada_w2");
    return is_flat ? first.is_there() && other.is_there()
                   : first.up != nullptr && first.down != nullptr && other.up != nullptr && other.down != nullptr;
}

template <typename Piece>
bool is_lokr(const Piece& piece) {
    return factor_of(piece, "lokr_w1").is_there() && factor_of(piece, "lokr_w2").is_there();
}

/* LyCORIS scales a LoKr by the rank of what is decomposed, and not at all if nothing is. */
template <typename Piece>
int64_t rank_of_lokr(const Piece& piece) {
    for (const char* name : {"lokr_w2", "lokr_w1"}) {
        const Factor factor = factor_of(piece, name);
        if (factor.whole == nullptr) {
            return factor.down->ne[1];
        }
    }
    return 0;
}

/* Where a text encoder has q, k and v in one, as SD 2 has, a file's three are pieces of that. Upstream knows SDXL's alone. */
void join_text_attention(std::unordered_map<std::string, ggml_tensor*>& tensors, const std::set<std::string>& names_of_the_model) {
    const std::string lora = "lora.";
    std::unordered_map<std::string, ggml_tensor*> joined;
    for (const auto& [name, tensor] : tensors) {
        std::string new_name = name;
        for (const auto& [projection, piece] : {std::pair(".q_proj.weight", ""), std::pair(".k_proj.weight", ".1"), std::pair(".v_proj.weight", ".2")}) {
            const size_t at = name.find(projection);
            if (at == std::string::npos || !starts_with(name, lora)) {
                continue;
            }
            const std::string whole = name.substr(0, at) + ".in_proj.weight";
            if (names_of_the_model.count(whole.substr(lora.size())) > 0) {
                new_name = whole + piece + name.substr(at + std::string(projection).size());
            }
        }
        joined[new_name] = tensor;
    }
    tensors.swap(joined);
}

/* Those are left to change_output: their matrices need not become one of the weight's size at every step. */
template <typename Piece>
bool changes_output(const Piece& piece, const WeightAdapter::ForwardParams& layer) {
    return (is_lora(piece) && piece["lora_mid"] == nullptr) || (is_lokr(piece) && !is_lora(piece) && !is_conv(layer));
}

}  // namespace

ggml_tensor* LoraModel::Piece::operator[](const std::string& part) const {
    const auto found = parts->find(part);
    return found == parts->end() ? nullptr : found->second;
}

void LoraModel::preprocess_lora_tensors(const std::set<std::string>& names_of_the_model) {
    ::LoraModel::preprocess_lora_tensors(names_of_the_model);
    join_text_attention(lora_tensors, names_of_the_model);
    parts_by_key_.clear();
    for (const auto& [name, tensor] : lora_tensors) {
        const size_t dot = name.rfind('.');
        if (dot != std::string::npos) {
            parts_by_key_[name.substr(0, dot)][name.substr(dot + 1)] = tensor;
        }
    }
}

std::vector<LoraModel::Piece> LoraModel::pieces_of(const std::string& weight) const {
    std::vector<Piece> pieces;
    for (int number = 0; number < MAX_PIECES; number++) {
        const std::string key = "lora." + weight + (number == 0 ? "" : "." + std::to_string(number));
        const auto found      = parts_by_key_.find(key);
        if (found != parts_by_key_.end()) {
            pieces.push_back({number, key, &found->second});
        }
    }
    return pieces;
}

/* A rank of 0 stands for none, and so for alpha being without effect. */
float LoraModel::strength(const Piece& piece, int64_t rank) const {
    ggml_tensor* scale = piece["scale"];
    ggml_tensor* alpha = piece["alpha"];
    if (scale != nullptr) {
        return ggml_ext_backend_tensor_get_f32(scale) * multiplier;
    }
    return alpha != nullptr && rank > 0 ? ggml_ext_backend_tensor_get_f32(alpha) / static_cast<float>(rank) * multiplier : multiplier;
}

void LoraModel::note_applied(const Piece& piece) {
    for (const auto& part : *piece.parts) {
        applied_lora_tensors.insert(piece.key + "." + part.first);
    }
}

/* What to add to a weight or a piece of it, in f32, or null. */
ggml_tensor* LoraModel::difference(ggml_context* ctx, ggml_backend_t backend, const Piece& piece, const ggml_tensor* weight) const {
    const auto part = [&](const std::string& name) {
        ggml_tensor* tensor = piece[name];
        return tensor != nullptr ? in_f32(ctx, backend, tensor) : nullptr;
    };
    const auto whole = [&](const std::string& name) -> ggml_tensor* {
        ggml_tensor* tensor = part(name);
        return tensor != nullptr ? tensor : product(ctx, part(name + "_a"), part(name + "_b"));
    };
    const auto scaled = [&](ggml_tensor* tensor, float factor) { return ggml_ext_scale(ctx, tensor, factor, true); };

    if (is_lora(piece)) {
        const int64_t rank = rank_of(piece["lora_up"]);
        if (piece["lora_mid"] != nullptr) {
            return scaled(ggml_ext_merge_lora(ctx, part("lora_down"), part("lora_up"), part("lora_mid")), strength(piece, rank));
        }
        ggml_tensor* up   = part("lora_up");
        ggml_tensor* down = matrix(ctx, part("lora_down"), rank);
        if (down == nullptr) {
            return nullptr;
        }
        return scaled(product(ctx, matrix(ctx, up, ggml_nelements(up) / rank), down), strength(piece, rank));
    }
    if (piece["diff"] != nullptr) {
        return scaled(part("diff"), multiplier);
    }
    if (is_loha(piece)) {
        const auto half = [&](const std::string& number) {
            ggml_tensor* up  = part("hada_w" + number + "_a");
            ggml_tensor* mid = part("hada_t" + number);
            return mid == nullptr ? product(ctx, up, part("hada_w" + number + "_b"))
                                  : ggml_ext_merge_lora(ctx, part("hada_w" + number + "_b"), ggml_cont(ctx, ggml_transpose(ctx, up)), mid);
        };
        ggml_tensor* first  = half("1");
        ggml_tensor* second = half("2");
        return ggml_are_same_shape(first, second) ? scaled(ggml_mul(ctx, first, second), strength(piece, piece["hada_w1_b"]->ne[1])) : nullptr;
    }
    if (is_lokr(piece)) {
        ggml_tensor* outer   = whole("lokr_w1");
        ggml_tensor* inner   = whole("lokr_w2");
        const int64_t kernel = weight->ne[0] * weight->ne[1];
        if (weight->ne[2] * weight->ne[3] > 1) {  // a convolution, whose inner factor may be flat
            outer = ggml_reshape_4d(ctx, outer, 1, 1, outer->ne[0], outer->ne[1]);
            if (inner->ne[2] * inner->ne[3] == 1) {
                if (inner->ne[0] % kernel != 0) {
                    return nullptr;
                }
                inner = ggml_reshape_4d(ctx, inner, weight->ne[0], weight->ne[1], inner->ne[0] / kernel, inner->ne[1]);
            }
        }
        return scaled(ggml_ext_kronecker(ctx, outer, inner), strength(piece, rank_of_lokr(piece)));
    }
    return nullptr;
}

void LoraModel::apply(const std::map<std::string, ggml_tensor*>& weights,
                      const std::set<std::string>& names_of_the_model,
                      SDVersion /*version*/,
                      int threads,
                      bool warn_unused) {
    preprocess_lora_tensors(names_of_the_model);
    // Weights in the host's memory that a device changes for it.
    std::vector<std::pair<ggml_tensor*, ggml_tensor*>> copies;

    const auto change = [&](ggml_cgraph* graph, const std::string& name, ggml_tensor* const original) {
        ggml_tensor* stored = nullptr;  // where the changed weight ends up
        ggml_tensor* floats = nullptr;  // where it is changed
        for (const Piece& piece : pieces_of(name)) {
            ggml_tensor* added = difference(compute_ctx, runtime_backend, piece, original);
            const auto first   = added != nullptr ? first_element(piece.number, added, original) : std::nullopt;
            if (!first) {
                continue;
            }
            note_applied(piece);
            if (stored == nullptr) {
                stored = original;
                if (!sd_backend_is_cpu(runtime_backend) && ggml_backend_buffer_is_host(original->buffer)) {
                    stored = ggml_dup_tensor(compute_ctx, original);
                    ggml_set_output(stored);
                    set_backend_tensor_data(stored, original->data);
                    copies.emplace_back(stored, original);
                }
                floats = holds_floats(stored) ? stored : in_f32(compute_ctx, runtime_backend, stored);
            }
            if (ggml_nelements(added) == ggml_nelements(floats)) {
                floats = ggml_add_inplace(compute_ctx, floats, ggml_reshape(compute_ctx, added, floats));
            } else if (floats->type == GGML_TYPE_F32) {
                floats = add_piece(compute_ctx, floats, added, *first, true);
            } else {
                added = ggml_reshape_1d(compute_ctx, added, ggml_nelements(added));
                ggml_tensor* rows = ggml_view_1d(compute_ctx, stored, ggml_nelements(added), static_cast<size_t>(*first) * ggml_type_size(stored->type));
                ggml_build_forward_expand(graph, ggml_add_inplace(compute_ctx, rows, added));
            }
        }
        if (stored != nullptr) {
            ggml_build_forward_expand(graph, holds_floats(stored) ? floats : ggml_cpy(compute_ctx, floats, stored));
        }
    };
    const auto build = [&]() -> ggml_cgraph* {
        ggml_cgraph* graph = ggml_new_graph_custom(compute_ctx, NODES_OF_ANY_GRAPH + lora_tensors.size() * NODES_PER_TENSOR, false);
        applied_lora_tensors.clear();
        copies.clear();
        for (const auto& [name, weight] : weights) {
            change(graph, name, weight);
        }
        return graph;
    };
    GGMLRunner::compute<float>(build, threads, false, false, false, true);
    stat(!warn_unused);
    for (const auto& [changed, original] : copies) {
        ggml_backend_tensor_copy(changed, original);
    }
    free_compute_buffer();
}

ggml_tensor* LoraModel::change_weight(
    ggml_context* ctx, ggml_backend_t backend, ggml_tensor* weight, const std::string& name, const Layer* layer) {
    for (const Piece& piece : pieces_of(name)) {
        if (layer != nullptr && changes_output(piece, *layer)) {
            continue;
        }
        ggml_tensor* added = difference(ctx, backend, piece, weight);
        const auto first   = added != nullptr ? first_element(piece.number, added, weight) : std::nullopt;
        if (!first) {
            continue;
        }
        note_applied(piece);
        const bool is_whole = ggml_nelements(added) == ggml_nelements(weight);
        if (!holds_floats(weight) || (!is_whole && weight->type != GGML_TYPE_F32)) {
            weight = in_f32(ctx, backend, weight);
        }
        weight = is_whole ? ggml_add(ctx, weight, ggml_reshape(ctx, added, weight)) : add_piece(ctx, weight, added, *first, false);
    }
    return weight;
}

ggml_tensor* LoraModel::output_of_lora(
    ggml_context* ctx, ggml_tensor* x, const Piece& piece, const ggml_tensor* weight, const Layer& layer) const {
    ggml_tensor* up      = piece["lora_up"];
    ggml_tensor* down    = piece["lora_down"];
    const int64_t rank   = rank_of(up);
    const int64_t rows   = ggml_nelements(up) / rank;
    const int64_t inputs = is_conv(layer) ? weight->ne[0] * weight->ne[1] * weight->ne[2] : weight->ne[0];
    if (ggml_nelements(down) != rank * inputs) {
        return nullptr;
    }
    if (!is_conv(layer)) {
        const auto times = [&](ggml_tensor* matrix, ggml_tensor* y) {
            return ggml_ext_linear(ctx, y, matrix, nullptr, layer.linear.force_prec_f32, layer.linear.scale);
        };
        x = times(ggml_reshape_2d(ctx, up, rank, rows), times(ggml_reshape_2d(ctx, down, inputs, rank), x));
    } else {
        const auto convolve = [&](ggml_tensor* kernel, ggml_tensor* y, int s0, int s1, int p0, int p1, int d0, int d1) {
            if (kernel->type != GGML_TYPE_F16) {
                kernel = ggml_cast(ctx, kernel, GGML_TYPE_F16);
            }
            return ggml_ext_conv_2d(ctx, y, kernel, nullptr, s0, s1, p0, p1, d0, d1, layer.conv2d.direct, layer.conv2d.circular_x,
                                    layer.conv2d.circular_y, layer.conv2d.scale);
        };
        const auto& conv = layer.conv2d;
        down             = ggml_reshape_4d(ctx, down, weight->ne[0], weight->ne[1], weight->ne[2], rank);
        x                = convolve(down, x, conv.s0, conv.s1, conv.p0, conv.p1, conv.d0, conv.d1);
        x                = convolve(ggml_reshape_4d(ctx, up, 1, 1, rank, rows), x, 1, 1, 0, 0, 1, 1);
    }
    return ggml_ext_scale(ctx, x, strength(piece, rank), true);
}

/* Without the Kronecker product: the inner factor times slices of x, then the outer one across the slices. */
ggml_tensor* LoraModel::output_of_lokr(ggml_context* ctx, ggml_tensor* x, const Piece& piece) const {
    const Factor outer  = factor_of(piece, "lokr_w1");
    const Factor inner  = factor_of(piece, "lokr_w2");
    const int64_t count = ggml_nelements(x) / x->ne[0];
    if (outer.columns() * inner.columns() != x->ne[0]) {
        return nullptr;
    }
    const auto turned = [&](ggml_tensor* y, int64_t rows, int64_t columns) {
        return ggml_cont(ctx, ggml_permute(ctx, ggml_reshape_3d(ctx, y, columns, rows, count), 1, 0, 2, 3));
    };
    ggml_tensor* y = ggml_is_contiguous(x) ? x : ggml_cont(ctx, x);
    y              = inner.times(ctx, ggml_reshape_2d(ctx, y, inner.columns(), outer.columns() * count));
    y              = turned(y, outer.columns(), inner.rows());
    y              = outer.times(ctx, ggml_reshape_2d(ctx, y, outer.columns(), inner.rows() * count));
    y              = turned(y, inner.rows(), outer.rows());
    y              = ggml_reshape_4d(ctx, y, outer.rows() * inner.rows(), x->ne[1], x->ne[2], x->ne[3]);
    return ggml_ext_scale(ctx, y, strength(piece, rank_of_lokr(piece)), true);
}

ggml_tensor* LoraModel::change_output(
    ggml_context* ctx, ggml_tensor* x, ggml_tensor* out, const ggml_tensor* weight, const std::string& name, const Layer& layer) {
    const int64_t outputs = is_conv(layer) ? weight->ne[3] : weight->ne[1];
    for (const Piece& piece : pieces_of(name)) {
        if (!changes_output(piece, layer)) {
            continue;
        }
        ggml_tensor* added = is_lora(piece) ? output_of_lora(ctx, x, piece, weight, layer) : output_of_lokr(ctx, x, piece);
        const int64_t rows = added == nullptr ? 0 : is_conv(layer) ? added->ne[2] : added->ne[0];
        const auto first   = added == nullptr ? std::nullopt : first_row(piece.number, rows, outputs);
        if (!first || (is_conv(layer) && rows != outputs)) {
            continue;
        }
        note_applied(piece);
        out = rows == outputs ? ggml_add_inplace(ctx, out, added)
                              : ggml_acc_inplace(ctx, out, added, out->nb[1], out->nb[2], out->nb[3], static_cast<size_t>(*first) * sizeof(float));
    }
    return out;
}

ggml_tensor* LoraAdapter::patch_weight(ggml_context* ctx, ggml_backend_t backend, ggml_tensor* weight, const std::string& name) {
    for (const auto& lora : loras_) {
        weight = lora->change_weight(ctx, backend, weight, name, nullptr);
    }
    return weight;
}

ggml_tensor* LoraAdapter::forward_with_lora(ggml_context* ctx,
                                            ggml_backend_t backend,
                                            ggml_tensor* x,
                                            ggml_tensor* weight,
                                            ggml_tensor* bias,
                                            const std::string& prefix,
                                            ForwardParams layer) {
    ggml_tensor* changed = weight;
    for (const auto& lora : loras_) {
        changed = lora->change_weight(ctx, backend, changed, prefix + "weight", &layer);
        if (bias != nullptr) {
            bias = lora->change_weight(ctx, backend, bias, prefix + "bias", &layer);
        }
    }
    const auto& conv = layer.conv2d;
    ggml_tensor* out = is_conv(layer) ? ggml_ext_conv_2d(ctx, x, changed, bias, conv.s0, conv.s1, conv.p0, conv.p1, conv.d0, conv.d1,
                                                         conv.direct, conv.circular_x, conv.circular_y, conv.scale)
                                      : ggml_ext_linear(ctx, x, changed, bias, layer.linear.force_prec_f32, layer.linear.scale);
    for (const auto& lora : loras_) {
        out = lora->change_output(ctx, x, out, weight, prefix + "weight", layer);
    }
    return out;
}

size_t LoraAdapter::get_extra_graph_size() {
    size_t tensors = 0;
    for (const auto& lora : loras_) {
        tensors += lora->lora_tensors.size();
    }
    return NODES_OF_ANY_GRAPH + tensors * NODES_PER_TENSOR;
}

}  // namespace d4j
