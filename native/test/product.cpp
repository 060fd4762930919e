/*
 * Compares the CPU's matrix products (shim/overrides/product.cpp) with sums in double precision of the same weights, and with
 * ggml's own, which rounds the inputs to half precision or to eight bits.
 */
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "kernels.h"

using namespace kernels;

namespace {

constexpr ggml_type F32  = GGML_TYPE_F32;
constexpr ggml_type F16  = GGML_TYPE_F16;
constexpr ggml_type BF16 = GGML_TYPE_BF16;
constexpr ggml_type Q8_0 = GGML_TYPE_Q8_0;
constexpr ggml_type Q4_0 = GGML_TYPE_Q4_0;

/* Of sums over thousands of products in float32. */
constexpr double MOST_ERROR = 2e-6;

/* Of ggml's own. */
constexpr double MOST_DIFFERENCE = 2e-2;

enum class Layout { PLAIN, GAPS, HEADS };

struct Case {
    const char* what;
    ggml_type type;
    int64_t depth, columns, rows;
    int threads;
    Layout layout          = Layout::PLAIN;
    int64_t matrices       = 1, batches = 1; /* of the inputs */
    int64_t repeats        = 1, batch_repeats = 1; /* how many of them share weights */
    ggml_type inputs       = F32;
    bool by_override       = true;
    size_t most_work       = SIZE_MAX;
};

constexpr Case CASES[] = {
    {"text encoder, 768 to 768", F16, 768, 768, 77, 2},
    {"text encoder, 768 to 3072, f32", F32, 768, 3072, 77, 2},
    {"text encoder, 3072 to 768, q8_0", Q8_0, 3072, 768, 77, 3},
    {"U-Net, 320 to 2560", F16, 320, 2560, 300, 2},
    {"U-Net, 1280 to 1280, bf16", BF16, 1280, 1280, 64, 16},
    {"U-Net, 640 to 640, 64 threads", F16, 640, 640, 1024, 64},
    {"demo model, 64 to 512", F16, 64, 512, 256, 4},
    {"demo model, 768 to 64, 64 threads", F16, 768, 64, 77, 64},
    {"one vector for 64 threads", F16, 512, 16, 256, 64},
    {"one thread", F16, 300, 200, 100, 1},

    {"no side divides", F16, 259, 77, 53, 2},
    {"no side divides, f32", F32, 1027, 131, 301, 3},
    {"no side divides, bf16", BF16, 13, 61, 95, 2},
    {"no side divides, q8_0", Q8_0, 288, 59, 37, 5},
    {"one product each", F32, 1, 47, 40, 2},
    {"the fewest rows and columns", F16, 64, 16, 32, 8},
    {"one row more than fits at once", F16, 257, 97, 257, 3},
    {"one vector more than a panel", F32, 64, 56, 40, 2},
    {"more threads than tasks", F16, 40, 24, 32, 64},

    {"gaps between rows", F16, 200, 90, 70, 2, Layout::GAPS},
    {"gaps between rows, f32", F32, 77, 90, 70, 3, Layout::GAPS},
    {"gaps between rows, matrices", F16, 96, 40, 33, 4, Layout::GAPS, 3, 2},
    {"attention, heads of 64", F32, 64, 77, 77, 2, Layout::HEADS, 12},
    {"attention, heads of 40", F32, 40, 96, 64, 5, Layout::HEADS, 8, 2},
    {"weights for all matrices", F16, 64, 100, 50, 2, Layout::PLAIN, 4, 3, 4, 3},
    {"weights for two matrices each", F32, 64, 100, 50, 16, Layout::PLAIN, 6, 2, 2, 1},
    {"weights for two batches each", Q8_0, 64, 100, 50, 2, Layout::PLAIN, 3, 4, 1, 2},

    {"one row", F16, 768, 768, 1, 2, Layout::PLAIN, 1, 1, 1, 1, F32, false},
    {"too few rows", F16, 768, 768, 31, 2, Layout::PLAIN, 1, 1, 1, 1, F32, false},
    {"too few columns", F16, 64, 3, 64, 2, Layout::PLAIN, 1, 1, 1, 1, F32, false},
    {"inputs in f16", F16, 576, 256, 64, 2, Layout::PLAIN, 1, 1, 1, 1, F16, false},
    {"weights in q4_0", Q4_0, 768, 320, 77, 2, Layout::PLAIN, 1, 1, 1, 1, F32, false},
    {"too little memory", F32, 64, 320, 77, 2, Layout::PLAIN, 1, 1, 1, 1, F32, false, 4096},
};

/* A tensor of that type and shape with values, and what they are after rounding to it; whole rows as if nothing were broadcast. */
struct Operand {
    Operand(ggml_context* context, ggml_type type, Layout layout, int64_t depth, int64_t rows, int64_t matrices, int64_t batches, uint32_t seed)
        : values(seed) {
        if (layout == Layout::GAPS) {
            tensor = new_cropped(context, type, depth, rows, matrices, batches, 3);
        } else if (layout == Layout::HEADS) {
            // The heads of a row are neighbours.
            tensor = ggml_permute(context, ggml_new_tensor_4d(context, type, depth, matrices, rows, batches), 0, 2, 1, 3);
        } else {
            tensor = ggml_new_tensor_4d(context, type, depth, rows, matrices, batches);
        }
        for (int64_t i = 0; i < rows * matrices * batches; i++) {
            char* row                       = address(tensor, 0, i % rows, i / rows % matrices, i / rows / matrices);
            const std::vector<float> wanted = values.take(depth);
            ggml_quantize_chunk(type, wanted.data(), row, 0, 1, depth, nullptr);
        }
    }

    std::vector<float> row(int64_t row, int64_t matrix, int64_t batch) const {
        const char* from = address(tensor, 0, row, matrix, batch);
        std::vector<float> floats(static_cast<size_t>(tensor->ne[0]));
        if (tensor->type == F32) {
            std::memcpy(floats.data(), from, floats.size() * sizeof(float));
        } else {
            ggml_get_type_traits(tensor->type)->to_float(from, floats.data(), tensor->ne[0]);
        }
        return floats;
    }

    Values values;
    ggml_tensor* tensor;
};

std::vector<float> result(const ggml_tensor* t) {
    const auto* data = static_cast<const float*>(t->data);
    return {data, data + ggml_nelements(t)};
}

void compute_by_ggml(ggml_context* context, ggml_tensor* product, int threads) {
    ggml_cgraph* graph = ggml_new_graph(context);
    ggml_build_forward_expand(graph, product);
    ggml_cplan plan = ggml_graph_plan(graph, threads, nullptr);
    std::vector<uint8_t> work(plan.work_size);
    plan.work_data = work.data();
    plan.use_ref   = true;
    ggml_graph_compute(graph, &plan);
}

void test(const Case& c) {
    const Memory memory;
    const Operand weights(memory, c.type, c.layout, c.depth, c.columns, c.matrices / c.repeats, c.batches / c.batch_repeats, 1);
    const Operand inputs(memory, c.inputs, c.layout, c.depth, c.rows, c.matrices, c.batches, 2);
    ggml_tensor* product = ggml_mul_mat(memory, weights.tensor, inputs.tensor);
    compute_by_ggml(memory, product, c.threads);
    const std::vector<float> own = result(product);

    fill(product, std::numeric_limits<float>::quiet_NaN());
    bool computed       = false;
    const int64_t calls = calls_during("product", [&] { computed = compute(memory, product, c.threads, c.most_work); });

    Error error, difference;
    const std::vector<float> is = result(product);
    size_t at                   = 0;
    for (int64_t batch = 0; batch < c.batches; batch++) {
        for (int64_t matrix = 0; matrix < c.matrices; matrix++) {
            std::vector<std::vector<float>> columns;
            for (int64_t column = 0; column < c.columns; column++) {
                columns.push_back(weights.row(column, matrix / c.repeats, batch / c.batch_repeats));
            }
            for (int64_t row = 0; row < c.rows; row++) {
                const std::vector<float> input = inputs.row(row, matrix, batch);
                for (int64_t column = 0; column < c.columns; column++, at++) {
                    double sum = 0;
                    for (size_t i = 0; i < input.size(); i++) {
                        sum += static_cast<double>(columns[static_cast<size_t>(column)][i]) * input[i];
                    }
                    error.add(is[at], sum);
                    difference.add(is[at], own[at]);
                }
            }
        }
    }
    // Of bf16 there are processors with instructions of their own, which ggml uses.
    const bool by_override = c.by_override && (c.type != BF16 || !ggml_cpu_has_avx512_bf16());
    const bool is_right    = error.value() < (by_override ? MOST_ERROR : MOST_DIFFERENCE) && difference.value() < MOST_DIFFERENCE;
    std::printf("ggml's own: %.1e   ", difference.value());
    report(c.what, computed && calls == by_override && is_right, error.value());
}

struct Pointwise {
    const char* what;
    ggml_type type;
    int64_t width, height, in_channels, out_channels, images;
    int threads;
    bool is_cropped  = false;
    bool by_override = true;
};

constexpr Pointwise POINTWISE[] = {
    {"SD 1.5, 64x64, 320", F16, 64, 64, 320, 320, 1, 2},
    {"SD 1.5, 8x8, 1280, 64 threads", F16, 8, 8, 1280, 640, 1, 64},
    {"VAE, 512 in f32, three images", F32, 16, 12, 512, 300, 3, 4},
    {"four pixels", F16, 2, 2, 257, 77, 1, 3},
    {"four channels", F16, 33, 31, 4, 4, 2, 2},
    {"one channel", F32, 31, 1, 1, 1, 1, 2},
    {"an image with gaps", F16, 20, 20, 30, 40, 1, 2, true, false},
};

/* Convolutions by kernels of one pixel. */
void test(const Pointwise& c) {
    const Memory memory;
    Values values;
    ggml_tensor* kernel = ggml_new_tensor_4d(memory, c.type, 1, 1, c.in_channels, c.out_channels);
    ggml_tensor* image  = c.is_cropped ? new_cropped(memory, F32, c.width, c.height, c.in_channels, c.images, 1)
                                       : ggml_new_tensor_4d(memory, F32, c.width, c.height, c.in_channels, c.images);
    fill(kernel, values);
    fill(image, values);
    ggml_tensor* output = ggml_conv_2d_direct(memory, kernel, image, 1, 1, 0, 0, 1, 1);
    fill(output, std::numeric_limits<float>::quiet_NaN());
    bool computed       = false;
    const int64_t calls = calls_during("product", [&] { computed = compute(memory, output, c.threads); });
    Error error;
    for_each(output, [&](int64_t x, int64_t y, int64_t channel, int64_t n) {
        double sum = 0;
        for (int64_t i = 0; i < c.in_channels; i++) {
            sum += static_cast<double>(get(kernel, 0, 0, i, channel)) * get(image, x, y, i, n);
        }
        error.add(get(output, x, y, channel, n), sum);
    });
    report(c.what, computed && calls == c.by_override && error.value() < MOST_ERROR, error.value());
}

/* What is no number stays none, and stays where it is. */
void test_not_a_number() {
    const Memory memory;
    const Operand weights(memory, F16, Layout::PLAIN, 100, 60, 1, 1, 1);
    const Operand inputs(memory, F32, Layout::PLAIN, 100, 40, 1, 1, 2);
    set(weights.tensor, std::numeric_limits<float>::quiet_NaN(), 7, 33);
    set(inputs.tensor, std::numeric_limits<float>::quiet_NaN(), 99, 39);
    ggml_tensor* product = ggml_mul_mat(memory, weights.tensor, inputs.tensor);
    bool is_right        = compute(memory, product, 2);
    for_each(product, [&](int64_t column, int64_t row, int64_t, int64_t) {
        is_right = is_right && std::isnan(get(product, column, row)) == (column == 33 || row == 39);
    });
    report("not a number", is_right);
}

}  // namespace

int main() {
    for (const Case& c : CASES) {
        test(c);
    }
    for (const Pointwise& c : POINTWISE) {
        test(c);
    }
    test_not_a_number();
    return failures == 0 ? 0 : 1;
}
