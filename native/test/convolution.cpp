/*
 * Compares the CPU's direct convolutions (shim/overrides/winograd.cpp and ggml's own beside it) with sums in double precision,
 * for every way they are computed and every kind of shape.
 */
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <stdexcept>

#include "kernels.h"
#include "may_leak.h"

using namespace kernels;

namespace {

constexpr float NOT_A_NUMBER = std::numeric_limits<float>::quiet_NaN();
constexpr float INFINITE     = std::numeric_limits<float>::infinity();

/* Of sums over thousands of channels in float32. */
constexpr double MOST_ERROR = 3e-5;

enum class Image {
    PLAIN,
    CROPPED,          /* a view with gaps between its rows and planes */
    TRANSPOSED,       /* a view whose neighbours in a row are not neighbours in memory */
    CIRCULAR,         /* continued on its other side instead of by zeros */
    CIRCULAR_CROPPED, /* the same, as a view of one that is continued further */
};

struct Case {
    const char* what;
    int64_t width, height, in_channels, out_channels, images;
    int kernel, stride, pad, dilation;
    ggml_type type;
    int threads;
    bool by_winograd;
    Image image      = Image::PLAIN;
    size_t most_work = SIZE_MAX; /* bytes of work memory */
};

constexpr Case CASES[] = {
    {"tiles that fill the picture", 32, 32, 16, 24, 1, 3, 1, 1, 1, GGML_TYPE_F16, 2, true},
    {"tiles that do not", 33, 30, 5, 7, 1, 3, 1, 1, 1, GGML_TYPE_F16, 2, true},
    {"the fewest tiles", 16, 12, 6, 5, 1, 3, 1, 1, 1, GGML_TYPE_F16, 2, true},
    {"more columns than fit at once", 160, 132, 256, 20, 1, 3, 1, 1, 1, GGML_TYPE_F16, 2, true},
    {"more channels than fit at once", 16, 16, 1100, 600, 1, 3, 1, 1, 1, GGML_TYPE_F16, 3, true},
    {"more images than one", 16, 12, 48, 40, 3, 3, 1, 1, 1, GGML_TYPE_F16, 2, true},
    {"images too small for tiles alone", 8, 8, 33, 40, 3, 3, 1, 1, 1, GGML_TYPE_F16, 4, true},
    {"a kernel in f32", 24, 20, 9, 10, 2, 3, 1, 1, 1, GGML_TYPE_F32, 1, true},
    {"no border", 21, 19, 9, 10, 1, 3, 1, 0, 1, GGML_TYPE_F16, 2, true},
    {"a wide border", 18, 18, 9, 10, 1, 3, 1, 2, 1, GGML_TYPE_F16, 2, true},
    {"one row", 64, 1, 9, 10, 1, 3, 1, 1, 1, GGML_TYPE_F16, 2, true},
    {"one column", 1, 64, 9, 10, 1, 3, 1, 1, 1, GGML_TYPE_F16, 3, true},

    {"SD 1.5, latents in", 64, 64, 4, 320, 1, 3, 1, 1, 1, GGML_TYPE_F16, 2, true},
    {"SD 1.5, 64x64, 320", 64, 64, 320, 320, 1, 3, 1, 1, 1, GGML_TYPE_F16, 4, true},
    {"SD 1.5, latents out", 64, 64, 320, 4, 1, 3, 1, 1, 1, GGML_TYPE_F16, 64, true},
    {"SD 1.5, 32x32, 640, 64 threads", 32, 32, 640, 160, 1, 3, 1, 1, 1, GGML_TYPE_F16, 64, true},
    {"SD 1.5, 32x32, 960 to 320", 32, 32, 960, 320, 1, 3, 1, 1, 1, GGML_TYPE_F16, 8, true},
    {"SD 1.5, 16x16, 1280", 16, 16, 1280, 320, 2, 3, 1, 1, 1, GGML_TYPE_F16, 16, true},
    {"SD 1.5, 16x16, 2560 to 1280", 16, 16, 2560, 320, 1, 3, 1, 1, 1, GGML_TYPE_F16, 16, true},
    {"SDXL, 128x128, 320", 128, 128, 320, 24, 1, 3, 1, 1, 1, GGML_TYPE_F16, 3, true},
    {"SDXL, 32x32, 1920 to 1280", 32, 32, 1920, 96, 1, 3, 1, 1, 1, GGML_TYPE_F16, 2, true},
    {"VAE, latents in", 64, 64, 4, 512, 1, 3, 1, 1, 1, GGML_TYPE_F32, 2, true},
    {"VAE, 512", 64, 64, 512, 96, 1, 3, 1, 1, 1, GGML_TYPE_F16, 2, true},
    {"VAE, 256, a strip", 512, 24, 256, 64, 1, 3, 1, 1, 1, GGML_TYPE_F16, 5, true},
    {"VAE, 128, a strip in f32", 512, 20, 128, 128, 1, 3, 1, 1, 1, GGML_TYPE_F32, 2, true},
    {"VAE, pixels out", 96, 64, 128, 3, 1, 3, 1, 1, 1, GGML_TYPE_F16, 2, true},

    {"one thread", 20, 20, 40, 70, 1, 3, 1, 1, 1, GGML_TYPE_F16, 1, true},
    {"more threads than work", 13, 13, 3, 2, 1, 3, 1, 1, 1, GGML_TYPE_F16, 64, true},
    {"gaps between rows", 37, 22, 20, 33, 1, 3, 1, 1, 1, GGML_TYPE_F16, 2, true, Image::CROPPED},
    {"gaps, more images than one", 18, 14, 40, 50, 3, 3, 1, 1, 1, GGML_TYPE_F32, 3, true, Image::CROPPED},
    {"gaps, no border", 37, 22, 20, 33, 1, 3, 1, 0, 1, GGML_TYPE_F16, 2, true, Image::CROPPED},
    {"circular", 30, 26, 20, 33, 2, 3, 1, 1, 1, GGML_TYPE_F16, 2, true, Image::CIRCULAR},
    {"circular, gaps between rows", 30, 26, 20, 33, 2, 3, 1, 1, 1, GGML_TYPE_F16, 2, true, Image::CIRCULAR_CROPPED},

    {"too few tiles: 8x8, 1280", 8, 8, 1280, 64, 1, 3, 1, 1, 1, GGML_TYPE_F16, 2, false},
    {"too few tiles: 12x12", 12, 12, 3, 2, 1, 3, 1, 1, 1, GGML_TYPE_F16, 16, false},
    {"less than a tile", 2, 3, 4, 4, 1, 3, 1, 1, 1, GGML_TYPE_F16, 2, false},
    {"too little memory: 2560", 16, 16, 2560, 32, 1, 3, 1, 1, 1, GGML_TYPE_F16, 2, false, Image::PLAIN, 1 << 20},
    {"too little memory: 64 threads", 16, 16, 640, 80, 1, 3, 1, 1, 1, GGML_TYPE_F16, 64, false, Image::PLAIN, 1 << 20},
    {"values of a row apart", 33, 30, 20, 21, 1, 3, 1, 1, 1, GGML_TYPE_F16, 2, false, Image::TRANSPOSED},
    {"steps of two", 33, 32, 20, 21, 2, 3, 2, 1, 1, GGML_TYPE_F16, 2, false},
    {"steps of two, gaps between rows", 33, 32, 20, 21, 2, 3, 2, 1, 1, GGML_TYPE_F16, 2, false, Image::CROPPED},
    {"gaps in the kernel", 32, 32, 20, 21, 1, 3, 1, 2, 2, GGML_TYPE_F16, 2, false},
    {"a kernel of one", 40, 41, 320, 70, 2, 1, 1, 0, 1, GGML_TYPE_F16, 2, false},
    {"a kernel of four", 32, 32, 12, 9, 1, 4, 4, 0, 1, GGML_TYPE_F32, 2, false},
    {"a kernel of seven", 20, 22, 12, 9, 1, 7, 1, 3, 1, GGML_TYPE_F16, 2, false},
};

bool is_circular(const Case& c) {
    return c.image == Image::CIRCULAR || c.image == Image::CIRCULAR_CROPPED;
}

/* A convolution and its operands. */
struct Convolution {
    Convolution(ggml_context* context, const Case& c) {
        Values values;
        kernel = ggml_new_tensor_4d(context, c.type, c.kernel, c.kernel, c.in_channels, c.out_channels);
        fill(kernel, values);
        if (c.image == Image::CROPPED) {
            image = new_cropped(context, GGML_TYPE_F32, c.width, c.height, c.in_channels, c.images, 3);
        } else if (c.image == Image::TRANSPOSED) {
            ggml_tensor* columns = ggml_new_tensor_4d(context, GGML_TYPE_F32, c.height, c.width, c.in_channels, c.images);
            image                = ggml_permute(context, columns, 1, 0, 2, 3);
        } else {
            image = ggml_new_tensor_4d(context, GGML_TYPE_F32, c.width, c.height, c.in_channels, c.images);
        }
        fill(image, values);
        output = ggml_conv_2d_direct(context, kernel, continued(context, c), c.stride, c.stride, is_circular(c) ? 0 : c.pad,
                                     is_circular(c) ? 0 : c.pad, c.dilation, c.dilation);
    }

    ggml_tensor* continued(ggml_context* context, const Case& c) const {
        if (!is_circular(c)) {
            return image;
        }
        const int extra   = c.image == Image::CIRCULAR_CROPPED ? 2 : 0;
        const int pad     = c.pad + extra;
        ggml_tensor* more = ggml_pad_ext_circular(context, image, pad, pad, pad, pad, 0, 0, 0, 0);
        return ggml_view_4d(context, more, more->ne[0] - 2 * extra, more->ne[1] - 2 * extra, more->ne[2], more->ne[3], more->nb[1],
                            more->nb[2], more->nb[3], extra * (more->nb[0] + more->nb[1]));
    }

    ggml_tensor* kernel;
    ggml_tensor* image;
    ggml_tensor* output;
};

/* One element of the output, as a sum in double precision. */
double expected(const Case& c, const Convolution& convolution, int64_t n, int64_t out, int64_t y, int64_t x) {
    double sum = 0;
    for (int64_t ky = 0; ky < c.kernel; ky++) {
        for (int64_t kx = 0; kx < c.kernel; kx++) {
            int64_t iy = y * c.stride + ky * c.dilation - c.pad;
            int64_t ix = x * c.stride + kx * c.dilation - c.pad;
            if (is_circular(c)) {
                iy = (iy + c.height) % c.height;
                ix = (ix + c.width) % c.width;
            }
            if (iy >= 0 && iy < c.height && ix >= 0 && ix < c.width) {
                for (int64_t in = 0; in < c.in_channels; in++) {
                    sum += static_cast<double>(get(convolution.kernel, kx, ky, in, out)) * get(convolution.image, ix, iy, in, n);
                }
            }
        }
    }
    return sum;
}

/* Of large results a sample. */
void test(const Case& c) {
    const Memory memory;
    const Convolution convolution(memory, c);
    bool computed       = false;
    const int64_t calls = calls_during("winograd", [&] { computed = compute(memory, convolution.output, c.threads, c.most_work); });

    Error error;
    const ggml_tensor* output = convolution.output;
    const int64_t places      = ggml_nelements(output);
    const int64_t step        = std::max<int64_t>(1, places * c.in_channels * c.kernel * c.kernel / 4'000'000) * 2 - 1;
    for (int64_t i = 0; i < places; i += step) {
        const int64_t x   = i % output->ne[0];
        const int64_t y   = i / output->ne[0] % output->ne[1];
        const int64_t out = i / output->ne[0] / output->ne[1] % c.out_channels;
        const int64_t n   = i / output->ne[0] / output->ne[1] / c.out_channels;
        error.add(get(output, x, y, out, n), expected(c, convolution, n, out, y, x));
    }
    report(c.what, computed && calls == c.by_winograd && error.value() < MOST_ERROR, error.value());
}

/*
 * A value that is no number or infinite may make all pixels of a tile NaN that depends on it; those that depend on it
 * themselves must not be finite, and those of other tiles must be right.
 */
void test_one_value(const char* what, float value, int64_t at_x, int64_t at_y) {
    constexpr Case CASE = {"", 30, 22, 20, 18, 2, 3, 1, 1, 1, GGML_TYPE_F16, 3, true};
    constexpr int64_t AT_CHANNEL = 7, AT_IMAGE = 1, TILE = 4;
    const Memory memory;
    const Convolution convolution(memory, CASE);
    // No product may be 0 * inf.
    for_each(convolution.kernel, [&](int64_t i0, int64_t i1, int64_t i2, int64_t i3) {
        set(convolution.kernel, std::abs(get(convolution.kernel, i0, i1, i2, i3)) + 0.25f, i0, i1, i2, i3);
    });
    set(convolution.image, value, at_x, at_y, AT_CHANNEL, AT_IMAGE);
    bool computed       = false;
    const int64_t calls = calls_during("winograd", [&] { computed = compute(memory, convolution.output, CASE.threads); });

    bool lost = false;
    Error error;
    for_each(convolution.output, [&](int64_t x, int64_t y, int64_t out, int64_t n) {
        const float is       = get(convolution.output, x, y, out, n);
        const int64_t left   = x / TILE * TILE - 1;
        const int64_t top    = y / TILE * TILE - 1;
        const bool in_tile   = n == AT_IMAGE && at_x >= left && at_x < left + TILE + 2 && at_y >= top && at_y < top + TILE + 2;
        const bool in_window = n == AT_IMAGE && std::abs(at_x - x) <= 1 && std::abs(at_y - y) <= 1;
        lost                 = lost || (in_window && std::isfinite(is));
        if (!in_tile) {
            error.add(is, expected(CASE, convolution, n, out, y, x));
        }
    });
    report(what, computed && calls == 1 && !lost && error.value() < MOST_ERROR, error.value());
}

/* Spoils one output channel and no other. */
void test_one_weight(const char* what, float value) {
    constexpr Case CASE = {"", 30, 22, 20, 18, 2, 3, 1, 1, 1, GGML_TYPE_F16, 3, true};
    constexpr int64_t AT_CHANNEL = 5;
    const Memory memory;
    const Convolution convolution(memory, CASE);
    set(convolution.kernel, value, 1, 1, 4, AT_CHANNEL);
    bool computed       = false;
    const int64_t calls = calls_during("winograd", [&] { computed = compute(memory, convolution.output, CASE.threads); });

    bool lost = false;
    Error error;
    for_each(convolution.output, [&](int64_t x, int64_t y, int64_t out, int64_t n) {
        const float is = get(convolution.output, x, y, out, n);
        if (out == AT_CHANNEL) {
            lost = lost || std::isfinite(is);
        } else {
            error.add(is, expected(CASE, convolution, n, out, y, x));
        }
    });
    report(what, computed && calls == 1 && !lost && error.value() < MOST_ERROR, error.value());
}

/* What ggml asserts is left for it to assert. */
void test_assertions() {
    // Such as the threads of a computation that is left by an exception.
    const MayLeak left;
    const auto refused = [](const char* what, const std::function<void(const Convolution&)>& change) {
        const Memory memory;
        const Convolution convolution(memory, {"", 20, 20, 8, 8, 1, 3, 1, 1, 1, GGML_TYPE_F16, 1, true});
        change(convolution);
        bool asserted       = false;
        const int64_t calls = calls_during("winograd", [&] {
            try {
                compute(memory, convolution.output, 1);
            } catch (const std::logic_error&) {
                asserted = true;
            }
        });
        report(what, asserted && calls == 0);
    };
    ggml_set_abort_callback([](const char* message) { throw std::logic_error(message); });
    refused("refused: a kernel of other channels", [](const Convolution& c) { c.image->ne[2] = 4; });
    refused("refused: a kernel with gaps", [](const Convolution& c) { c.kernel->nb[2] *= 2; });
    refused("refused: a kernel in bf16", [](const Convolution& c) { c.kernel->type = GGML_TYPE_BF16; });
    ggml_set_abort_callback(nullptr);
}

}  // namespace

int main() {
    for (const Case& c : CASES) {
        test(c);
    }
    test_one_value("NaN within", NOT_A_NUMBER, 13, 10);
    test_one_value("NaN in a corner", NOT_A_NUMBER, 0, 0);
    test_one_value("NaN in the other corner", NOT_A_NUMBER, 29, 21);
    test_one_value("inf within", INFINITE, 14, 11);
    test_one_value("-inf at a border", -INFINITE, 29, 8);
    test_one_weight("NaN in the kernel", NOT_A_NUMBER);
    test_one_weight("inf in the kernel", INFINITE);
    test_assertions();
    return failures == 0 ? 0 : 1;
}
