/*
 * A faster im2col for ggml's CPU backend, with the same result bit for bit.
 *
 * The runtime computes convolutions as im2col and a matrix product. ggml's own im2col converts every value once per
 * element of the kernel, one by one, and lets the threads write into the same cache lines; in a VAE it costs as much as
 * the product. This one gives each thread neighbouring tiles of outputs and channels, converts each value once per tile,
 * and copies a kernel's row at a time.
 */
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "ggml-cpu-impl.h"
#include "ggml-cpu.h"
#include "ggml.h"

#include "counters.h"

extern "C" void ggml_compute_forward_im2col_replaced(const ggml_compute_params* params, ggml_tensor* dst);

namespace {

/* Neighbouring outputs and channels of a tile at most: their inputs lie on the stack and stay in the innermost cache. */
constexpr int64_t TILE_WIDTH    = 32;
constexpr int64_t TILE_CHANNELS = 16;
constexpr int64_t TILE_INPUTS   = 4096;

/* src: [N, IC, IH, IW], dst: [N, OH, OW, IC, KH, KW] */
struct Shape {
    int64_t images, channels;
    int64_t in_height, in_width;
    int64_t out_height, out_width;
    int64_t kernel_height, kernel_width;
    int32_t stride_x, stride_y, pad_x, pad_y, dilation_x, dilation_y;
    size_t image_bytes, channel_bytes, row_bytes;
};

Shape shape_of(const ggml_tensor* dst) {
    const ggml_tensor* kernel = dst->src[0];
    const ggml_tensor* image  = dst->src[1];
    const int32_t* options    = reinterpret_cast<const int32_t*>(dst->op_params);
    const bool is_2d          = options[6] == 1;

    Shape s         = {};
    s.images        = is_2d ? image->ne[3] : image->ne[2];
    s.channels      = is_2d ? image->ne[2] : image->ne[1];
    s.in_height     = is_2d ? image->ne[1] : 1;
    s.in_width      = image->ne[0];
    s.out_height    = is_2d ? dst->ne[2] : 1;
    s.out_width     = dst->ne[1];
    s.kernel_height = is_2d ? kernel->ne[1] : 1;
    s.kernel_width  = kernel->ne[0];
    s.stride_x      = options[0];
    s.stride_y      = options[1];
    s.pad_x         = options[2];
    s.pad_y         = options[3];
    s.dilation_x    = options[4];
    s.dilation_y    = options[5];
    s.image_bytes   = is_2d ? image->nb[3] : image->nb[2];
    s.channel_bytes = is_2d ? image->nb[2] : image->nb[1];
    s.row_bytes     = is_2d ? image->nb[1] : 0;
    return s;
}

void convert(const float* from, float* to, int64_t count) {
    std::memcpy(to, from, static_cast<size_t>(count) * sizeof(float));
}

void convert(const float* from, ggml_fp16_t* to, int64_t count) {
    ggml_cpu_fp32_to_fp16(from, to, count);
}

void convert(const ggml_fp16_t* from, ggml_fp16_t* to, int64_t count) {
    std::memcpy(to, from, static_cast<size_t>(count) * sizeof(ggml_fp16_t));
}

/* Copies one row of the input from column first on, with zeros for what lies outside; row is null if all of it does. */
template <typename From, typename To>
void load_row(const From* row, int64_t width, int64_t first, int64_t count, To* to) {
    const int64_t begin = row == nullptr ? count : std::clamp<int64_t>(-first, 0, count);
    const int64_t end   = row == nullptr ? count : std::clamp<int64_t>(width - first, begin, count);
    std::fill(to, to + begin, To(0));
    if (end > begin) {
        convert(row + first + begin, to + begin, end - begin);
    }
    std::fill(to + end, to + count, To(0));
}

/* The size of tiles: as many outputs as there is room for the inputs of, then as many channels; none of a kernel too large for it. */
struct Tiling {
    explicit Tiling(const Shape& s) {
        const int64_t extent = (s.kernel_width - 1) * s.dilation_x + 1;
        const int64_t room   = TILE_INPUTS / s.kernel_height;
        if (extent > room) {
            return;
        }
        width    = std::min({TILE_WIDTH, s.out_width, (room - extent) / s.stride_x + 1});
        window   = (width - 1) * s.stride_x + extent;
        channels = std::min({TILE_CHANNELS, s.channels, room / window});
        across   = (s.out_width + width - 1) / width;
        deep     = (s.channels + channels - 1) / channels;
        count    = s.images * s.out_height * across * deep;
    }

    int64_t width = 0, channels = 0;
    int64_t window = 0; /* columns of the input that the outputs of a tile depend on */
    int64_t across = 0, deep = 0, count = 0;
};

/* Copies a row of a 3 wide kernel by one move of four elements: what it writes too much is written again next. */
template <typename T>
void copy_three(const T* from, T* to) {
    std::memcpy(to, from, 4 * sizeof(T));
}

template <typename From, typename To>
class Im2Col {
public:
    Im2Col(const Shape& shape, const Tiling& tiling, const void* src, void* dst)
        : s_(shape), t_(tiling), src_(static_cast<const char*>(src)), dst_(static_cast<To*>(dst)) {}

    /* Tiles count over channels, places in a row, rows and images. */
    void run(int64_t first, int64_t last) {
        for (int64_t i = first; i < last; i++) {
            const int64_t row = i / t_.deep / t_.across;
            tile(row / s_.out_height, row % s_.out_height, i / t_.deep % t_.across * t_.width, i % t_.deep * t_.channels);
        }
    }

private:
    void tile(int64_t image, int64_t y, int64_t x, int64_t channel) {
        const int64_t channels = std::min(t_.channels, s_.channels - channel);
        const int64_t outputs  = std::min(t_.width, s_.out_width - x);
        load(image, y, x, channel, channels);

        const int64_t kernel = s_.kernel_height * s_.kernel_width;
        To* to               = dst_ + ((image * s_.out_height + y) * s_.out_width + x) * s_.channels * kernel + channel * kernel;
        // Past the last row of a tile lies another one, which may be another thread's.
        const int64_t rows    = channels * s_.kernel_height;
        const int64_t quickly = s_.kernel_width == 3 && s_.dilation_x == 1 ? rows - 1 : 0;
        for (int64_t i = 0; i < outputs; i++) {
            const To* from = inputs_ + i * s_.stride_x;
            To* next       = to + i * s_.channels * kernel;
            for (int64_t row = 0; row < quickly; row++) {
                copy_three(from, next);
                from += t_.window;
                next += 3;
            }
            for (int64_t row = quickly; row < rows; row++) {
                for (int64_t k = 0; k < s_.kernel_width; k++) {
                    *next++ = from[k * s_.dilation_x];
                }
                from += t_.window;
            }
        }
    }

    /* The inputs of a tile, converted: [channel][kernel row][window]. */
    void load(int64_t image, int64_t y, int64_t x, int64_t channel, int64_t channels) {
        To* to              = inputs_;
        const int64_t first = x * s_.stride_x - s_.pad_x;
        for (int64_t c = channel; c < channel + channels; c++) {
            const char* plane = src_ + static_cast<size_t>(image) * s_.image_bytes + static_cast<size_t>(c) * s_.channel_bytes;
            for (int64_t k = 0; k < s_.kernel_height; k++) {
                const int64_t in_y = y * s_.stride_y + k * s_.dilation_y - s_.pad_y;
                const bool inside  = in_y >= 0 && in_y < s_.in_height;
                const char* row    = inside ? plane + static_cast<size_t>(in_y) * s_.row_bytes : nullptr;
                load_row(reinterpret_cast<const From*>(row), s_.in_width, first, t_.window, to);
                to += t_.window;
            }
        }
    }

    const Shape& s_;
    const Tiling& t_;
    const char* const src_;
    To* const dst_;
    To inputs_[TILE_INPUTS];
};

template <typename From, typename To>
bool run(const ggml_compute_params* params, ggml_tensor* dst) {
    const ggml_tensor* image = dst->src[1];
    const Shape shape        = shape_of(dst);
    const Tiling tiling(shape);
    if (tiling.count == 0 || image->nb[0] != sizeof(From)) {
        return false;
    }
    if (params->ith == 0) {
        d4j::override_calls().im2col.fetch_add(1, std::memory_order_relaxed);
    }
    const int64_t first = tiling.count * params->ith / params->nth;
    const int64_t last  = tiling.count * (params->ith + 1) / params->nth;
    Im2Col<From, To>(shape, tiling, image->data, dst->data).run(first, last);
    return true;
}

/* False, and nothing done, if it is not for this one. */
bool run(const ggml_compute_params* params, ggml_tensor* dst) {
    const ggml_type from = dst->src[1]->type;
    if (dst->type == GGML_TYPE_F16) {
        return from == GGML_TYPE_F32   ? run<float, ggml_fp16_t>(params, dst)
               : from == GGML_TYPE_F16 ? run<ggml_fp16_t, ggml_fp16_t>(params, dst)
                                       : false;
    }
    return dst->type == GGML_TYPE_F32 && from == GGML_TYPE_F32 && run<float, float>(params, dst);
}

}  // namespace

/* In place of the function of this name in ggml-cpu/ops.cpp, see native/CMakeLists.txt. */
extern "C" void ggml_compute_forward_im2col(const ggml_compute_params* params, ggml_tensor* dst) {
    if (!run(params, dst)) {
        ggml_compute_forward_im2col_replaced(params, dst);
    }
}
