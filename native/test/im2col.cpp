/*
 * Compares the CPU's im2col (shim/overrides/im2col.cpp) with loops and with ggml's own, bit for bit, and looks at which thread
 * writes what.
 */
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "kernels.h"

#include "ggml-cpu-impl.h"

extern "C" void ggml_compute_forward_im2col(const ggml_compute_params* params, ggml_tensor* dst);
extern "C" void ggml_compute_forward_im2col_replaced(const ggml_compute_params* params, ggml_tensor* dst);

using namespace kernels;

namespace {

enum class Layout { PLAIN, GAPS_BETWEEN_CHANNELS, CROPPED };

struct Case {
    const char* what;
    int64_t width, height, channels, images;
    int kernel_width, kernel_height, stride, pad, dilation;
    ggml_type from, to;
    int threads;
    bool is_2d         = true;
    Layout layout      = Layout::PLAIN;
    bool by_override   = true;
    bool share_for_all = true; /* each thread has something to write */
};

constexpr ggml_type F16 = GGML_TYPE_F16;
constexpr ggml_type F32 = GGML_TYPE_F32;

constexpr Case CASES[] = {
    {"SD 1.5, latents in", 64, 64, 4, 1, 3, 3, 1, 1, 1, F32, F16, 2},
    {"SD 1.5, 64x64, 320, down", 64, 64, 320, 1, 3, 3, 2, 1, 1, F32, F16, 2},
    {"SD 1.5, 16x16, 1280, down", 16, 16, 1280, 1, 3, 3, 2, 1, 1, F32, F16, 16},
    {"SD 1.5, 8x8, 1280, 64 threads", 8, 8, 1280, 1, 3, 3, 1, 1, 1, F32, F16, 64},
    {"SD 1.5, 8x8, 2560, two images", 8, 8, 2560, 2, 3, 3, 1, 1, 1, F32, F16, 3},
    {"SD 1.5, 32x32, 640, kernel of one", 32, 32, 640, 1, 1, 1, 1, 0, 1, F32, F16, 4},
    {"SDXL, 4x4, 1280", 4, 4, 1280, 2, 3, 3, 1, 1, 1, F32, F16, 64},
    {"VAE, 128, down", 128, 48, 128, 1, 3, 3, 2, 0, 1, F32, F16, 2},
    {"VAE, 512, f32", 24, 20, 512, 1, 3, 3, 1, 1, 1, F32, F32, 2},
    {"f16 to f16", 33, 31, 37, 2, 3, 3, 1, 1, 1, F16, F16, 3},
    {"patches of 2", 32, 32, 16, 1, 2, 2, 2, 0, 1, F32, F16, 2},
    {"patches of 16", 224, 64, 3, 1, 16, 16, 16, 0, 1, F32, F32, 4},
    {"patches of 14", 224, 28, 3, 2, 14, 14, 14, 0, 1, F32, F16, 2},
    {"kernel of 7", 41, 37, 19, 2, 7, 7, 1, 3, 1, F32, F16, 2},
    {"kernel of 7 by 3, gaps in it", 41, 37, 19, 2, 7, 3, 1, 3, 2, F32, F16, 2},
    {"three columns, gaps in it", 41, 37, 19, 2, 3, 3, 1, 2, 2, F32, F32, 2},
    {"a wide border", 9, 7, 5, 1, 3, 3, 1, 4, 1, F32, F16, 3},
    {"steps past the border", 10, 10, 17, 1, 3, 3, 5, 1, 1, F32, F16, 2},
    {"less than a kernel", 2, 1, 33, 1, 3, 3, 1, 1, 1, F32, F16, 2},
    {"one more channel than a tile", 35, 3, 17, 1, 3, 3, 1, 1, 1, F32, F16, 12},
    {"a kernel as large as a tile", 100, 70, 2, 1, 64, 64, 1, 0, 1, F32, F16, 2},
    {"a kernel of 90 by 40", 100, 50, 2, 1, 90, 40, 1, 0, 1, F32, F32, 2},
    {"1-D, 128 channels", 1000, 1, 128, 1, 7, 1, 1, 3, 1, F32, F16, 64, false},
    {"1-D, few places, 1024 channels", 16, 1, 1024, 2, 3, 1, 1, 1, 1, F32, F16, 64, false},
    {"1-D, few channels", 4000, 1, 2, 1, 3, 1, 1, 1, 1, F32, F16, 16, false},
    {"1-D, steps and gaps, f32", 515, 1, 33, 2, 5, 1, 3, 4, 3, F32, F32, 3, false},
    {"1-D, f16", 515, 1, 33, 1, 3, 1, 1, 1, 1, F16, F16, 8, false},
    {"1-D, 1024 wide, one channel", 20000, 1, 1, 1, 1024, 1, 256, 0, 1, F32, F16, 2, false},
    {"height 1, 320 channels", 77, 1, 320, 1, 3, 3, 1, 1, 1, F32, F16, 32},
    {"more threads than work", 3, 1, 2, 1, 3, 3, 1, 1, 1, F32, F16, 64, true, Layout::PLAIN, true, false},
    {"gaps between channels", 31, 22, 18, 2, 3, 3, 1, 1, 1, F32, F16, 2, true, Layout::GAPS_BETWEEN_CHANNELS},
    {"1-D, gaps between channels", 31, 1, 18, 2, 3, 1, 1, 1, 1, F32, F16, 2, false, Layout::GAPS_BETWEEN_CHANNELS},
    {"gaps between rows", 31, 22, 18, 2, 3, 3, 1, 1, 1, F32, F16, 2, true, Layout::CROPPED},
    {"gaps between rows, f32", 31, 22, 18, 2, 4, 4, 2, 1, 1, F32, F32, 5, true, Layout::CROPPED},
    {"gaps between rows, f16", 31, 22, 18, 2, 3, 3, 2, 1, 1, F16, F16, 5, true, Layout::CROPPED},

    {"a kernel larger than a tile", 200, 70, 2, 1, 100, 60, 1, 0, 1, F32, F16, 2, true, Layout::PLAIN, false},
    {"1-D, gaps wider than a tile", 5000, 1, 2, 1, 3, 1, 1, 0, 2200, F32, F16, 2, false, Layout::PLAIN, false},
};

/* Unlike any of the values. */
constexpr int SENTINEL = 0xab;

struct Im2Col {
    Im2Col(ggml_context* context, const Case& c) : c(c) {
        const int64_t gap   = c.layout == Layout::GAPS_BETWEEN_CHANNELS;
        const int64_t rows  = c.is_2d ? c.height : c.channels;
        const int64_t plane = c.is_2d ? c.channels : c.images;
        const int64_t last  = c.is_2d ? c.images : 1;
        if (c.layout == Layout::CROPPED) {
            image = new_cropped(context, c.from, c.width, rows, plane, last, 2);
        } else {
            // In one dimension the rows are the channels.
            const int64_t row_gap = c.is_2d ? 0 : gap;
            ggml_tensor* whole    = ggml_new_tensor_4d(context, c.from, c.width + row_gap, rows + gap - row_gap, plane, last);
            fill(whole, std::numeric_limits<float>::quiet_NaN());
            image = ggml_view_4d(context, whole, c.width, rows, plane, last, whole->nb[1], whole->nb[2], whole->nb[3], 0);
        }
        Values values;
        fill(image, values);
        set(image, std::numeric_limits<float>::quiet_NaN(), 1, 0, 0, 0);
        set(image, std::numeric_limits<float>::infinity(), c.width - 1, rows - 1, plane - 1, last - 1);
        if (c.from == F32) {
            set(image, 1e6f, 0, 0, 0, 0);           // more than f16 holds
            set(image, 1e-7f, c.width / 2, 0, 0, 0); // a subnormal number there
        }
        // Of the kernel only the shape matters.
        ggml_tensor* kernel = c.is_2d ? ggml_new_tensor_4d(context, c.to, c.kernel_width, c.kernel_height, c.channels, 1)
                                      : ggml_new_tensor_3d(context, c.to, c.kernel_width, c.channels, 1);
        output = ggml_im2col(context, kernel, image, c.stride, c.is_2d ? c.stride : 0, c.pad, c.is_2d ? c.pad : 0, c.dilation,
                             c.is_2d ? c.dilation : 0, c.is_2d, c.to);
        after  = ggml_new_tensor_1d(context, GGML_TYPE_I8, 64);
        clear();
    }

    void clear() const {
        std::memset(output->data, SENTINEL, ggml_nbytes(output));
        std::memset(after->data, SENTINEL, ggml_nbytes(after));
    }

    std::vector<char> bytes() const {
        const auto* data = static_cast<const char*>(output->data);
        return {data, data + ggml_nbytes(output)};
    }

    /* The same value at each place as a loop gives it; NaN may be another NaN. */
    bool is_right() const {
        const int64_t out_height = c.is_2d ? output->ne[2] : 1;
        const int64_t kernel     = static_cast<int64_t>(c.kernel_width) * c.kernel_height;
        const int64_t inputs     = c.channels * kernel;
        const int64_t step       = std::max<int64_t>(1, ggml_nelements(output) / 1'000'000) * 2 - 1;
        for (int64_t i = 0; i < ggml_nelements(output); i += step) {
            const int64_t place   = i / inputs;
            const int64_t x       = place % output->ne[1];
            const int64_t y       = place / output->ne[1] % out_height;
            const int64_t n       = place / output->ne[1] / out_height;
            const int64_t channel = i % inputs / kernel;
            const int64_t in_x    = x * c.stride + i % c.kernel_width * c.dilation - c.pad;
            const int64_t in_y    = c.is_2d ? y * c.stride + i % kernel / c.kernel_width * c.dilation - c.pad : 0;
            float should_be       = 0;
            if (in_x >= 0 && in_x < c.width && in_y >= 0 && in_y < c.height) {
                should_be = c.is_2d ? get(image, in_x, in_y, channel, n) : get(image, in_x, channel, n);
            }
            if (c.to == F16) {
                should_be = ggml_fp16_to_fp32(ggml_fp32_to_fp16(should_be));
            }
            const float is = c.to == F16 ? ggml_fp16_to_fp32(static_cast<const ggml_fp16_t*>(output->data)[i])
                                         : static_cast<const float*>(output->data)[i];
            if (is != should_be && !(std::isnan(is) && std::isnan(should_be))) {
                return false;
            }
        }
        for (int64_t i = 0; i < after->ne[0]; i++) {
            if (static_cast<const uint8_t*>(after->data)[i] != SENTINEL) {
                return false;
            }
        }
        return true;
    }

    const Case& c;
    ggml_tensor* image;
    ggml_tensor* output;
    ggml_tensor* after;
};

/* ggml's own takes rows to follow one another. */
bool own_is_right(const Case& c) {
    return c.layout != Layout::CROPPED;
}

bool same_as_own(const Im2Col& im2col) {
    const std::vector<char> bytes    = im2col.bytes();
    const ggml_compute_params params = {0, 1, 0, nullptr, nullptr, false};
    im2col.clear();
    ggml_compute_forward_im2col_replaced(&params, im2col.output);
    return im2col.bytes() == bytes;
}

/* Whether each byte is written by one thread and no other, and, where there is enough, each thread writes some. */
bool is_shared_well(const Im2Col& im2col) {
    std::vector<char> is_written(ggml_nbytes(im2col.output));
    int idle = 0;
    for (int thread = 0; thread < im2col.c.threads; thread++) {
        const ggml_compute_params params = {thread, im2col.c.threads, 0, nullptr, nullptr, false};
        im2col.clear();
        ggml_compute_forward_im2col(&params, im2col.output);
        const auto* bytes = static_cast<const uint8_t*>(im2col.output->data);
        bool is_idle      = true;
        for (size_t i = 0; i < is_written.size(); i += 2) {
            if (bytes[i] != SENTINEL || bytes[i + 1] != SENTINEL) {
                if (is_written[i]) {
                    return false;
                }
                is_written[i] = true;
                is_idle       = false;
            }
        }
        idle += is_idle;
    }
    for (size_t i = 0; i < is_written.size(); i += 2) {
        if (!is_written[i]) {
            return false;
        }
    }
    return idle == 0 || !im2col.c.share_for_all;
}

void test(const Case& c) {
    const Memory memory;
    const Im2Col im2col(memory, c);
    bool computed       = false;
    const int64_t calls = calls_during("im2col", [&] { computed = compute(memory, im2col.output, c.threads); });
    const bool is_right = im2col.is_right();
    const bool is_same  = !own_is_right(c) || same_as_own(im2col);
    const bool is_alone = !c.by_override || is_shared_well(im2col);
    if (!is_right || !is_same || !is_alone) {
        std::printf("right: %d, the same as ggml's: %d, shared well: %d\n", is_right, is_same, is_alone);
    }
    report(c.what, computed && calls == c.by_override && is_right && is_same && is_alone);
}

}  // namespace

int main() {
    for (const Case& c : CASES) {
        test(c);
    }
    return failures == 0 ? 0 : 1;
}
