/*
 * Compares the CPU's convolutions (shim/overrides/convolution.cpp) with sums in double precision, for every way they are
 * computed and every kind of shape.
 */
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <random>
#include <vector>

#include "ggml-cpu.h"
#include "ggml.h"

namespace {

struct Case {
    const char* what;
    int64_t width, height, in_channels, out_channels, images;
    int kernel, stride, pad, dilation;
    ggml_type type;
    int threads;
};

constexpr Case CASES[] = {
    {"tiles that fill the picture", 32, 32, 16, 24, 1, 3, 1, 1, 1, GGML_TYPE_F16, 2},
    {"tiles that do not", 33, 30, 5, 7, 1, 3, 1, 1, 1, GGML_TYPE_F16, 2},
    {"more columns than fit at once", 160, 132, 256, 20, 1, 3, 1, 1, 1, GGML_TYPE_F16, 2},
    {"more channels than fit at once", 16, 16, 1100, 600, 1, 3, 1, 1, 1, GGML_TYPE_F16, 3},
    {"more images than one", 16, 12, 48, 40, 3, 3, 1, 1, 1, GGML_TYPE_F16, 2},
    {"a kernel in f32", 24, 20, 9, 10, 2, 3, 1, 1, 1, GGML_TYPE_F32, 1},
    {"no border", 21, 19, 9, 10, 1, 3, 1, 0, 1, GGML_TYPE_F16, 2},
    {"a wide border", 18, 18, 9, 10, 1, 3, 1, 2, 1, GGML_TYPE_F16, 2},
    {"one row", 64, 1, 9, 10, 1, 3, 1, 1, 1, GGML_TYPE_F16, 2},
    {"three channels out", 96, 64, 128, 3, 1, 3, 1, 1, 1, GGML_TYPE_F16, 2},
    {"more threads than work", 9, 9, 3, 2, 1, 3, 1, 1, 1, GGML_TYPE_F16, 16},
    {"too small for tiles", 8, 8, 300, 33, 1, 3, 1, 1, 1, GGML_TYPE_F16, 2},
    {"less than a tile", 2, 3, 4, 4, 1, 3, 1, 1, 1, GGML_TYPE_F16, 2},
    {"steps of two", 33, 32, 20, 21, 2, 3, 2, 1, 1, GGML_TYPE_F16, 2},
    {"gaps in the kernel", 32, 32, 20, 21, 1, 3, 1, 2, 2, GGML_TYPE_F16, 2},
    {"a kernel of one", 40, 41, 320, 70, 2, 1, 1, 0, 1, GGML_TYPE_F16, 2},
    {"a kernel of four", 32, 32, 12, 9, 1, 4, 4, 0, 1, GGML_TYPE_F32, 2},
    {"a kernel of seven", 20, 22, 12, 9, 1, 7, 1, 3, 1, GGML_TYPE_F16, 2},
};

float in_f16(float x) {
    return ggml_fp16_to_fp32(ggml_fp32_to_fp16(x));
}

std::vector<float> random_values(std::mt19937& random, int64_t count) {
    std::normal_distribution<float> normal;
    std::vector<float> values(static_cast<size_t>(count));
    std::generate(values.begin(), values.end(), [&] { return in_f16(normal(random)); });
    return values;
}

void set(ggml_tensor* tensor, const std::vector<float>& values) {
    for (size_t i = 0; i < values.size(); i++) {
        if (tensor->type == GGML_TYPE_F16) {
            static_cast<ggml_fp16_t*>(tensor->data)[i] = ggml_fp32_to_fp16(values[i]);
        } else {
            static_cast<float*>(tensor->data)[i] = values[i];
        }
    }
}

double expected(const Case& c, const std::vector<float>& kernel, const std::vector<float>& image, int64_t n, int64_t out, int64_t y, int64_t x) {
    double sum = 0;
    for (int64_t in = 0; in < c.in_channels; in++) {
        for (int64_t ky = 0; ky < c.kernel; ky++) {
            for (int64_t kx = 0; kx < c.kernel; kx++) {
                const int64_t iy = y * c.stride + ky * c.dilation - c.pad;
                const int64_t ix = x * c.stride + kx * c.dilation - c.pad;
                if (iy >= 0 && iy < c.height && ix >= 0 && ix < c.width) {
                    sum += static_cast<double>(kernel[((out * c.in_channels + in) * c.kernel + ky) * c.kernel + kx])
                         * image[((n * c.in_channels + in) * c.height + iy) * c.width + ix];
                }
            }
        }
    }
    return sum;
}

/* The norm of the error over that of the result; of large results a sample. */
double error_of(const Case& c) {
    std::mt19937 random(1);
    const std::vector<float> kernel = random_values(random, c.out_channels * c.in_channels * c.kernel * c.kernel);
    const std::vector<float> image  = random_values(random, c.images * c.in_channels * c.height * c.width);

    ggml_init_params memory = {size_t{512} << 20, nullptr, false};
    ggml_context* context   = ggml_init(memory);
    ggml_tensor* weights    = ggml_new_tensor_4d(context, c.type, c.kernel, c.kernel, c.in_channels, c.out_channels);
    ggml_tensor* input      = ggml_new_tensor_4d(context, GGML_TYPE_F32, c.width, c.height, c.in_channels, c.images);
    set(weights, kernel);
    set(input, image);
    ggml_tensor* output = ggml_conv_2d_direct(context, weights, input, c.stride, c.stride, c.pad, c.pad, c.dilation, c.dilation);
    ggml_cgraph* graph  = ggml_new_graph(context);
    ggml_build_forward_expand(graph, output);
    const bool computed = ggml_graph_compute_with_ctx(context, graph, c.threads) == GGML_STATUS_SUCCESS;

    double error         = computed ? 0 : INFINITY;
    double norm          = 0;
    const int64_t places = ggml_nelements(output);
    const int64_t step   = std::max<int64_t>(1, places * c.in_channels * c.kernel * c.kernel / 20'000'000) * 2 - 1;
    for (int64_t i = 0; i < places; i += step) {
        const int64_t x      = i % output->ne[0];
        const int64_t y      = i / output->ne[0] % output->ne[1];
        const int64_t out    = i / output->ne[0] / output->ne[1] % c.out_channels;
        const int64_t n      = i / output->ne[0] / output->ne[1] / c.out_channels;
        const double correct = expected(c, kernel, image, n, out, y, x);
        const double wrong   = static_cast<const float*>(output->data)[i] - correct;
        error += wrong * wrong;
        norm += correct * correct;
    }
    ggml_free(context);
    return std::sqrt(error / norm);
}

}  // namespace

int main() {
    int failed = 0;
    for (const Case& c : CASES) {
        const double error = error_of(c);
        const bool fine    = error < 1e-5;
        std::printf("%-32s %.1e%s\n", c.what, error, fine ? "" : "  TOO MUCH");
        failed += !fine;
    }
    return failed == 0 ? 0 : 1;
}
