/*
 * Whether convolutions by Winograd's algorithm give work to every thread and fit their work memory, by arithmetic: for the layers of
 * Stable Diffusion 1.5, SDXL and their VAEs, and processors that are not at hand.
 */
#include <cstdint>
#include <cstdio>

#include "overrides/winograd_plan.h"

using namespace d4j;

namespace {

struct Layer {
    int64_t in_channels, out_channels, side;
};

constexpr Layer LAYERS[] = {
    // U-Nets, latents of 64x64 and 128x128
    {4, 320, 64}, {320, 320, 64}, {320, 640, 32}, {640, 640, 32}, {640, 1280, 16}, {1280, 1280, 16}, {2560, 1280, 16}, {1920, 1280, 16},
    {1280, 1280, 32}, {1920, 640, 32}, {1280, 640, 32}, {960, 640, 32}, {640, 640, 64}, {960, 320, 64}, {640, 320, 64}, {320, 4, 64},
    {4, 320, 128}, {320, 320, 128}, {320, 640, 64}, {640, 1280, 32}, {2560, 1280, 32}, {1920, 1280, 32}, {1280, 1280, 64}, {1920, 640, 64},
    {1280, 640, 64}, {960, 640, 64}, {640, 640, 128}, {960, 320, 128}, {640, 320, 128}, {320, 4, 128},
    // VAEs, pictures of 512x512 and 1024x1024
    {4, 512, 64}, {512, 512, 64}, {512, 512, 128}, {512, 512, 256}, {512, 256, 256}, {256, 256, 256}, {256, 256, 512}, {256, 128, 512},
    {128, 128, 512}, {128, 3, 512}, {4, 512, 128}, {512, 512, 512}, {512, 256, 512}, {256, 256, 1024}, {256, 128, 1024}, {128, 128, 1024},
    {128, 3, 1024}, {3, 128, 512}, {512, 8, 64},
};

struct Processor {
    const char* name;
    WinogradUnits units;
};

constexpr Processor PROCESSORS[] = {
    {"AVX-512", {16, 48, 16}},
    {"AVX2", {8, 24, 8}},
    {"NEON", {4, 12, 8}},
    {"SSE", {4, 12, 4}},
};

constexpr int64_t MOST_BYTES = int64_t{128} << 20;

int failures = 0;

void check(bool fine, const char* what, const Processor& processor, const Layer& layer, int64_t threads) {
    if (!fine) {
        std::printf("%s, %lld to %lld channels, %lldx%lld, %lld threads: %s\n", processor.name, static_cast<long long>(layer.in_channels),
                    static_cast<long long>(layer.out_channels), static_cast<long long>(layer.side), static_cast<long long>(layer.side),
                    static_cast<long long>(threads), what);
        failures++;
    }
}

void test(const Processor& processor, const Layer& layer, int64_t threads) {
    const WinogradShape shape = {layer.in_channels, layer.out_channels, layer.side / 4 * (layer.side / 4)};
    const int64_t floats      = WinogradPlan::wanted(shape, processor.units, threads);
    const WinogradPlan plan(shape, processor.units, threads, floats);
    check(floats * static_cast<int64_t>(sizeof(float)) <= MOST_BYTES, "too much memory", processor, layer, threads);
    check(plan.possible(), "not possible", processor, layer, threads);
    if (!plan.possible()) {
        return;
    }
    const int64_t products = plan.parts > 1 ? plan.panels * plan.blocks : threads;
    check(plan.panels * plan.panel_floats + plan.blocks * plan.kernel_floats + products * plan.products_floats <= floats,
          "more memory than there is", processor, layer, threads);
    const int64_t all_panels = ceil_div(shape.tiles, plan.width);
    const int64_t all_blocks = ceil_div(shape.out_channels, processor.units.pack);
    for (int64_t turn = 0, panel = 0; panel < all_panels; turn++) {
        const int64_t panels = WinogradPlan::begin_of(turn + 1, all_panels, plan.panels) - panel;
        for (int64_t inner = 0, block = 0; block < all_blocks; inner++) {
            const int64_t blocks = WinogradPlan::begin_of(inner + 1, all_blocks, plan.blocks) - block;
            check(panels <= plan.panels && blocks <= plan.blocks, "more at once than planned", processor, layer, threads);
            check(plan.tasks(panels, blocks) >= threads, "idle threads", processor, layer, threads);
            block += blocks;
        }
        panel += panels;
    }
}

}  // namespace

int main() {
    for (const Processor& processor : PROCESSORS) {
        for (const Layer& layer : LAYERS) {
            for (int64_t threads = 1; threads <= 64; threads++) {
                test(processor, layer, threads);
            }
        }
    }
    return failures == 0 ? 0 : 1;
}
