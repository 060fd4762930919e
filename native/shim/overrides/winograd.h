/* Which convolutions the CPU computes by winograd.cpp. */
#ifndef D4J_OVERRIDES_WINOGRAD_H
#define D4J_OVERRIDES_WINOGRAD_H

#include <cstddef>
#include <cstdint>

struct ggml_tensor;

namespace d4j {

/* The side of the square of output pixels that are computed together. */
constexpr int64_t WINOGRAD_TILE = 4;

/* A matrix product with patches of the input is faster for fewer tiles: transforming the kernel costs the same for any number. */
constexpr int64_t FEWEST_WINOGRAD_TILES = 12;

inline int64_t winograd_tiles(int64_t length) {
    return (length + WINOGRAD_TILE - 1) / WINOGRAD_TILE;
}

inline bool is_for_winograd(int64_t kernel_width, int64_t kernel_height, int stride_x, int stride_y, int dilation_x, int dilation_y,
                            int64_t out_width, int64_t out_height, int64_t images) {
    return kernel_width == 3 && kernel_height == 3 && stride_x == 1 && stride_y == 1 && dilation_x == 1 && dilation_y == 1
        && winograd_tiles(out_width) * winograd_tiles(out_height) * images >= FEWEST_WINOGRAD_TILES;
}

/* The work memory for a convolution (GGML_OP_CONV_2D) by at most so many threads; 0 for one that is left to ggml. */
size_t winograd_work_size(const ggml_tensor* dst, int threads);

}  // namespace d4j

#endif
