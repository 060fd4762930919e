/* How winograd.cpp cuts a convolution into tasks, by arithmetic alone. */
#ifndef D4J_OVERRIDES_WINOGRAD_PLAN_H
#define D4J_OVERRIDES_WINOGRAD_PLAN_H

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace d4j {

constexpr int64_t WINOGRAD_POSITIONS = 36; /* of a transformed tile: a matrix product each */

inline int64_t ceil_div(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

struct WinogradShape {
    int64_t in_channels, out_channels;
    int64_t tiles; /* of all images */
};

/* What the processor's vectors make of it. */
struct WinogradUnits {
    int64_t lanes;
    int64_t max_columns; /* tiles of a panel, whole vectors */
    int64_t pack;        /* output channels of a block, side by side */
};

/*
 * What is in the work memory at a time: all threads share some panels of the input and some blocks of the kernel. A task multiplies
 * a panel with some blocks; where that is less than a share for each thread, it takes a part of the positions alone, and the
 * products are shared, too, until all of them are there.
 */
struct WinogradPlan {
    static constexpr int64_t TASK_BLOCKS = 4;  /* of a task at most: what a panel's part, once in the cache, is multiplied with */
    static constexpr int64_t SHARES      = 4;  /* tasks of each thread that are aimed at: the cores may be shared with others */
    static constexpr int64_t PADDING     = 16; /* floats: keeps matrices from meeting in the same sets of a cache */

    WinogradPlan(const WinogradShape& shape, const WinogradUnits& units, int64_t threads, int64_t floats) {
        const int64_t all_blocks = ceil_div(shape.out_channels, units.pack);
        products_floats          = WINOGRAD_POSITIONS * (units.pack * units.max_columns + PADDING);
        const int64_t shared     = floats - SHARES * threads * products_floats;

        kernel_step   = shape.in_channels * units.pack + PADDING;
        kernel_floats = WINOGRAD_POSITIONS * kernel_step;
        width         = std::min(units.max_columns, ceil_div(shape.tiles, units.lanes) * units.lanes);
        while (width > units.lanes && WINOGRAD_POSITIONS * (shape.in_channels * width + PADDING) > shared / 2) {
            width -= units.lanes;
        }
        panel_step   = shape.in_channels * width + PADDING;
        panel_floats = WINOGRAD_POSITIONS * panel_step;

        // Kernels are transformed again for all panels that there is no room for: most of it is theirs.
        const int64_t few_blocks = std::clamp<int64_t>(shared / 4 / kernel_floats, 1, all_blocks);
        panels = std::clamp<int64_t>((shared - few_blocks * kernel_floats) / panel_floats, 0, ceil_div(shape.tiles, width));
        blocks = std::min(all_blocks, (shared - panels * panel_floats) / kernel_floats);
        if (!possible()) {
            return;
        }
        task_blocks = std::clamp<int64_t>(panels * blocks / (SHARES * threads), 1, TASK_BLOCKS);
        while (parts < WINOGRAD_POSITIONS && tasks(panels, blocks) < SHARES * threads) {
            do {
                parts++;
            } while (WINOGRAD_POSITIONS % parts != 0);
        }
        products_floats *= task_blocks;
        products_step = products_floats / WINOGRAD_POSITIONS;
    }

    /* So many of all are taken in turns of at most so many, as alike as can be: the begin of a turn. */
    static int64_t begin_of(int64_t turn, int64_t all, int64_t at_once) { return all * turn / ceil_div(all, at_once); }

    /* The work memory that is asked for, in floats. */
    static int64_t wanted(const WinogradShape& shape, const WinogradUnits& units, int64_t threads) {
        constexpr int64_t MI     = int64_t{1} << 20;
        const int64_t kernels    = ceil_div(shape.out_channels, units.pack) * (shape.in_channels * units.pack + PADDING);
        const int64_t input      = ceil_div(shape.tiles, units.lanes) * units.lanes * (shape.in_channels + PADDING);
        const int64_t products   = SHARES * threads * (units.pack * units.max_columns + PADDING);
        const int64_t affordable = std::clamp<int64_t>(2 * MI * threads, 4 * MI, 32 * MI);
        return std::clamp(WINOGRAD_POSITIONS * (kernels + input + products), MI, affordable);
    }

    bool possible() const { return panels > 0 && blocks > 0; }

    int64_t tasks(int64_t some_panels, int64_t some_blocks) const { return some_panels * ceil_div(some_blocks, task_blocks) * parts; }

    int64_t width, panels, blocks;
    int64_t task_blocks = 1, parts = 1;
    int64_t kernel_step, kernel_floats, panel_step, panel_floats, products_step = 0, products_floats;
};

}  // namespace d4j

#endif
