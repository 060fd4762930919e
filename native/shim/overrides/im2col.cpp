/*
 * A faster im2col for ggml's CPU backend, with the same result bit for bit.
 *
 * The runtime computes convolutions as im2col and a matrix product. ggml's own im2col converts every value once per
 * element of the kernel, one by one, and lets the threads write into the same cache lines; in a VAE it costs as much as
 * the product. This one gives each thread rows of its own, converts each value once per row, and copies a kernel's row
 * at a time.
 */
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "ggml-cpu-impl.h"
#include "ggml-cpu.h"
#include "ggml.h"

namespace {

/* So many neighbouring outputs and channels at once that their inputs stay in the innermost cache. */
constexpr int64_t TILE_WIDTH    = 32;
constexpr int64_t TILE_CHANNELS = 16;

/* src: [N, IC, IH, IW], dst: [N, OH, OW, IC, KH, KW] */
struct Shape {
    int64_t images, channels;
    int64_t in_height, in_width;
    int64_t out_height, out_width;
    int64_t kernel_height, kernel_width;
    int32_t stride_x, stride_y, pad_x, pad_y, dilation_x, dilation_y;
    size_t image_bytes, channel_bytes;
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

/* Copies a row of a 3 wide kernel by one move of four elements: what it writes too much is written again next. */
template <typename T>
void copy_three(const T* from, T* to) {
    std::memcpy(to, from, 4 * sizeof(T));
}

template <typename From, typename To>
class Im2Col {
public:
    Im2Col(const Shape& shape, const void* src, void* dst)
        : s_(shape),
          src_(static_cast<const char*>(src)),
          dst_(static_cast<To*>(dst)),
          window_((TILE_WIDTH - 1) * s_.stride_x + (s_.kernel_width - 1) * s_.dilation_x + 1),
          // One element more than is needed, for copy_three to read.
          rows_(static_cast<size_t>(TILE_CHANNELS * s_.kernel_height * window_ + 1)) {}

    void run(int64_t first_row, int64_t last_row) {
        for (int64_t row = first_row; row < last_row; row++) {
            for (int64_t x = 0; x < s_.out_width; x += TILE_WIDTH) {
                for (int64_t channel = 0; channel < s_.channels; channel += TILE_CHANNELS) {
                    tile(row / s_.out_height, row % s_.out_height, x, channel);
                }
            }
        }
    }

private:
    void tile(int64_t image, int64_t y, int64_t x, int64_t channel) {
        const int64_t channels = std::min(TILE_CHANNELS, s_.channels - channel);
        const int64_t outputs  = std::min(TILE_WIDTH, s_.out_width - x);
        load(image, y, x, channel, channels);

        const int64_t kernel = s_.kernel_height * s_.kernel_width;
        To* to               = dst_ + ((image * s_.out_height + y) * s_.out_width + x) * s_.channels * kernel + channel * kernel;
        // Past the very last channel lies another output, which must not be touched.
        const bool quick      = s_.kernel_width == 3 && s_.dilation_x == 1;
        const int64_t quickly = !quick ? 0 : channel + channels < s_.channels ? channels : channels - 1;
        for (int64_t i = 0; i < outputs; i++) {
            const To* from = rows_.data() + i * s_.stride_x;
            To* next       = to + i * s_.channels * kernel;
            for (int64_t row = 0; row < quickly * s_.kernel_height; row++) {
                copy_three(from, next);
                from += window_;
                next += 3;
            }
            for (int64_t row = quickly * s_.kernel_height; row < channels * s_.kernel_height; row++) {
                for (int64_t k = 0; k < s_.kernel_width; k++) {
                    *next++ = from[k * s_.dilation_x];
                }
                from += window_;
            }
        }
    }

    /* The inputs of a tile, converted: [channel][kernel row][window]. */
    void load(int64_t image, int64_t y, int64_t x, int64_t channel, int64_t channels) {
        To* to              = rows_.data();
        const int64_t first = x * s_.stride_x - s_.pad_x;
        for (int64_t c = channel; c < channel + channels; c++) {
            const char* plane = src_ + static_cast<size_t>(image) * s_.image_bytes + static_cast<size_t>(c) * s_.channel_bytes;
            for (int64_t k = 0; k < s_.kernel_height; k++) {
                const int64_t in_y = y * s_.stride_y + k * s_.dilation_y - s_.pad_y;
                const bool inside  = in_y >= 0 && in_y < s_.in_height;
                const From* row    = inside ? reinterpret_cast<const From*>(plane) + in_y * s_.in_width : nullptr;
                load_row(row, s_.in_width, first, window_, to);
                to += window_;
            }
        }
    }

    const Shape s_;
    const char* const src_;
    To* const dst_;
    const int64_t window_;
    std::vector<To> rows_;
};

template <typename From, typename To>
void run(const ggml_compute_params* params, ggml_tensor* dst) {
    const ggml_tensor* image = dst->src[1];
    const Shape shape        = shape_of(dst);
    GGML_ASSERT(image->nb[0] == sizeof(From));

    const int64_t rows = shape.images * shape.out_height;
    const int64_t each = (rows + params->nth - 1) / params->nth;
    const int64_t from = std::min(each * params->ith, rows);
    const int64_t to   = std::min(from + each, rows);
    if (from < to) {
        Im2Col<From, To>(shape, image->data, dst->data).run(from, to);
    }
}

}  // namespace

/* In place of the function of this name in ggml-cpu/ops.cpp, see native/CMakeLists.txt. */
extern "C" void ggml_compute_forward_im2col(const ggml_compute_params* params, ggml_tensor* dst) {
    const ggml_type from = dst->src[1]->type;
    if (dst->type == GGML_TYPE_F16 && from == GGML_TYPE_F32) {
        run<float, ggml_fp16_t>(params, dst);
    } else if (dst->type == GGML_TYPE_F16 && from == GGML_TYPE_F16) {
        run<ggml_fp16_t, ggml_fp16_t>(params, dst);
    } else if (dst->type == GGML_TYPE_F32 && from == GGML_TYPE_F32) {
        run<float, float>(params, dst);
    } else {
        GGML_ABORT("im2col from %s to %s", ggml_type_name(from), ggml_type_name(dst->type));
    }
}
