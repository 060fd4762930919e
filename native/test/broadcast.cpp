/*
 * Compares sums and products with one value per row (shim/overrides/broadcast.cpp) with ggml's own, bit for bit, for views, in
 * place, and for what is left to ggml.
 */
#include <cstdint>
#include <cstring>
#include <vector>

#include "kernels.h"

#include "ggml-cpu-impl.h"

extern "C" void ggml_compute_forward_add_non_quantized_replaced(const ggml_compute_params* params, ggml_tensor* dst);
extern "C" void ggml_compute_forward_mul_replaced(const ggml_compute_params* params, ggml_tensor* dst);

using namespace kernels;

namespace {

enum class Layout { PLAIN, CROPPED, PERMUTED };

struct Case {
    const char* what;
    int64_t rows[4];
    int64_t values[4];
    int threads;
    bool by_override;
    Layout layout         = Layout::PLAIN; /* of the rows */
    bool in_place         = false;
    ggml_type type        = GGML_TYPE_F32; /* of the rows */
    Layout values_layout  = Layout::PLAIN;
};

constexpr Case CASES[] = {
    {"SD 1.5, 64x64, 320", {64, 64, 320, 1}, {1, 1, 320, 1}, 2, true},
    {"SD 1.5, 32x32, 640, in place", {32, 32, 640, 1}, {1, 1, 640, 1}, 4, true, Layout::PLAIN, true},
    {"SD 1.5, 16x16, 1280", {16, 16, 1280, 2}, {1, 1, 1280, 1}, 16, true},
    {"SD 1.5, 8x8, 1280, in place", {8, 8, 1280, 2}, {1, 1, 1280, 1}, 64, true, Layout::PLAIN, true},
    {"SD 1.5, 8x8, 2560", {8, 8, 2560, 1}, {1, 1, 2560, 1}, 3, true},
    {"VAE, 128", {200, 64, 128, 1}, {1, 1, 128, 1}, 2, true},
    {"an embedding per image", {16, 16, 40, 3}, {1, 1, 40, 3}, 2, true},
    {"a value per row", {33, 17, 5, 2}, {1, 17, 5, 2}, 3, true},
    {"a value per place in a plane", {33, 17, 5, 2}, {1, 17, 1, 1}, 3, true},
    {"a value per image", {33, 17, 5, 2}, {1, 1, 1, 2}, 3, true},
    {"one value", {33, 17, 5, 2}, {1, 1, 1, 1}, 3, true},
    {"one row", {1000, 1, 1, 1}, {1, 1, 1, 1}, 4, true},
    {"rows of one", {1, 9, 70, 2}, {1, 1, 70, 1}, 4, true},
    {"rows of one, values of their own", {1, 9, 70, 2}, {1, 9, 70, 2}, 4, true},
    {"more threads than rows", {40, 3, 2, 1}, {1, 1, 2, 1}, 64, true},
    {"gaps between rows", {21, 10, 12, 2}, {1, 1, 12, 1}, 2, true, Layout::CROPPED},
    {"gaps between rows, in place", {21, 10, 12, 2}, {1, 1, 12, 1}, 2, true, Layout::CROPPED, true},
    {"rows in another order", {21, 10, 12, 2}, {1, 1, 12, 1}, 3, true, Layout::PERMUTED},
    {"rows in another order, in place", {21, 10, 12, 2}, {1, 10, 12, 1}, 3, true, Layout::PERMUTED, true},
    {"gaps between values", {21, 10, 12, 2}, {1, 10, 12, 2}, 3, true, Layout::PLAIN, false, GGML_TYPE_F32, Layout::CROPPED},

    {"as many values as a row has", {64, 10, 12, 1}, {64, 1, 1, 1}, 2, false},
    {"a value for each", {21, 10, 12, 2}, {21, 10, 12, 2}, 2, false},
    {"values that repeat", {21, 10, 12, 2}, {1, 5, 1, 1}, 2, false},
    {"values that repeat with gaps", {21, 10, 12, 2}, {1, 1, 4, 1}, 2, false, Layout::CROPPED},
    {"rows in f16", {21, 10, 12, 2}, {1, 1, 12, 1}, 2, false, Layout::PLAIN, false, GGML_TYPE_F16},
};

ggml_tensor* new_operand(ggml_context* context, Layout layout, ggml_type type, const int64_t* ne) {
    switch (layout) {
        case Layout::CROPPED: return new_cropped(context, type, ne[0], ne[1], ne[2], ne[3], 2);
        case Layout::PERMUTED: return ggml_permute(context, ggml_new_tensor_4d(context, type, ne[0], ne[2], ne[1], ne[3]), 0, 2, 1, 3);
        default: return ggml_new_tensor_4d(context, type, ne[0], ne[1], ne[2], ne[3]);
    }
}

/* All that it leaves in memory, operands included. */
std::vector<char> result(const Case& c, bool multiply, bool own) {
    const Memory memory(size_t{64} << 20);
    ggml_tensor* rows   = new_operand(memory, c.layout, c.type, c.rows);
    ggml_tensor* values = new_operand(memory, c.values_layout, GGML_TYPE_F32, c.values);
    Values some;
    fill(rows, some);
    fill(values, some);
    set(rows, std::numeric_limits<float>::quiet_NaN(), 0, 0, 0, 0);
    set(rows, std::numeric_limits<float>::infinity(), c.rows[0] - 1, 0, c.rows[2] - 1, 0);
    set(rows, -0.0f, 0, c.rows[1] - 1, 0, 0);
    set(values, -std::numeric_limits<float>::infinity(), 0, 0, c.values[2] - 1, 0);
    set(values, 0, 0, c.values[1] - 1, 0, 0);

    const auto op    = multiply ? (c.in_place ? ggml_mul_inplace : ggml_mul) : (c.in_place ? ggml_add_inplace : ggml_add);
    ggml_tensor* dst = op(memory, rows, values);
    if (own) {
        const ggml_compute_params params = {0, 1, 0, nullptr, nullptr, false};
        (multiply ? ggml_compute_forward_mul_replaced : ggml_compute_forward_add_non_quantized_replaced)(&params, dst);
    } else {
        const bool computed = compute(memory, dst, c.threads);
        if (!computed) {
            return {};
        }
    }
    std::vector<char> bytes;
    for (const ggml_tensor* t : {rows->view_src != nullptr ? rows->view_src : rows, values, dst}) {
        const auto* data = static_cast<const char*>(t->data);
        bytes.insert(bytes.end(), data, data + ggml_nbytes(t));
    }
    return bytes;
}

}  // namespace

int main() {
    for (const Case& c : CASES) {
        for (const bool multiply : {false, true}) {
            std::vector<char> bytes;
            const int64_t calls = calls_during("broadcast", [&] { bytes = result(c, multiply, false); });
            report(c.what, calls == c.by_override && !bytes.empty() && bytes == result(c, multiply, true));
        }
    }
    return failures == 0 ? 0 : 1;
}
