/*
 * 3x3 convolutions for ggml's CPU backend by Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray 2016,
 * https://arxiv.org/abs/1509.09308), in float32: 36 products where the plain way takes 144, and no copy of the whole input as
 * im2col makes it. Most of what Stable Diffusion computes are such convolutions.
 *
 * What is left are 36 matrix products, whose operands are made piece by piece in ggml's work memory: the input for some panels
 * of tiles, the kernel for some blocks of output channels.
 */
#include <algorithm>
#include <cstdint>
#include <cstring>

#include "ggml-cpu-impl.h"
#include "ggml-cpu.h"
#include "ggml.h"

#include "counters.h"
#include "winograd.h"
#include "winograd_plan.h"

extern "C" void ggml_compute_forward_conv_2d_replaced(const ggml_compute_params* params, ggml_tensor* dst);

#if defined(__GNUC__)
#include "vectors.h"

namespace {

constexpr int PACK         = LANES < ROWS ? ROWS : LANES; /* output channels of a block, side by side */
constexpr int MAX_COLUMNS  = MAX_VECS * LANES;            /* of a panel */
constexpr int64_t DEPTH    = 256; /* of a product at once: so that a panel's part stays in the innermost cache */
constexpr int TILE         = d4j::WINOGRAD_TILE;
constexpr int WINDOW       = TILE + 2; /* of the input that a tile depends on */
constexpr int POSITIONS    = d4j::WINOGRAD_POSITIONS;
constexpr int KERNEL       = 3 * 3;
constexpr int KERNEL_DEPTH = 16; /* input channels whose kernels are transformed at once */

using d4j::ceil_div;
using Plan = d4j::WinogradPlan;

static_assert(WINDOW * WINDOW == POSITIONS && Plan::PADDING % CACHE_LINE_FLOATS == 0, "as the plan has it");

constexpr d4j::WinogradUnits UNITS = {LANES, MAX_COLUMNS, PACK};

/* kernel: [OC, IC, 3, 3] in f16 or f32, image: [N, IC, IH, IW], dst: [N, OC, OH, OW] */
struct Convolution {
    explicit Convolution(const ggml_tensor* dst) : kernel(dst->src[0]), image(dst->src[1]), dst(dst) {
        pad_x = dst->op_params[2];
        pad_y = dst->op_params[3];
    }

    int64_t in_width() const { return image->ne[0]; }
    int64_t in_height() const { return image->ne[1]; }
    int64_t in_channels() const { return image->ne[2]; }
    int64_t out_width() const { return dst->ne[0]; }
    int64_t out_height() const { return dst->ne[1]; }
    int64_t out_channels() const { return dst->ne[2]; }
    int64_t images() const { return dst->ne[3]; }
    int64_t tiles_x() const { return d4j::winograd_tiles(out_width()); }
    int64_t tiles_y() const { return d4j::winograd_tiles(out_height()); }
    int64_t tiles() const { return tiles_x() * tiles_y() * images(); }
    d4j::WinogradShape shape() const { return {in_channels(), out_channels(), tiles()}; }

    bool is_for_winograd() const {
        const int32_t* options = dst->op_params;
        const bool known_type  = kernel->type == GGML_TYPE_F16 || kernel->type == GGML_TYPE_F32;
        const bool rows        = image->type == GGML_TYPE_F32 && image->nb[0] == sizeof(float) && dst->type == GGML_TYPE_F32
                        && dst->nb[0] == sizeof(float);
        const bool channels    = kernel->ne[2] == image->ne[2] && kernel->ne[3] == dst->ne[2] && image->ne[3] == dst->ne[3];
        return known_type && ggml_is_contiguous(kernel) && rows && channels
            && d4j::is_for_winograd(kernel->ne[0], kernel->ne[1], options[0], options[1], options[4], options[5], out_width(),
                                    out_height(), images());
    }

    const float* in_row(int64_t n, int64_t channel, int64_t y) const {
        const size_t offset = n * image->nb[3] + channel * image->nb[2] + y * image->nb[1];
        return reinterpret_cast<const float*>(static_cast<const char*>(image->data) + offset);
    }

    float* out_row(int64_t n, int64_t channel, int64_t y) const {
        const size_t offset = n * dst->nb[3] + channel * dst->nb[2] + y * dst->nb[1];
        return reinterpret_cast<float*>(static_cast<char*>(dst->data) + offset);
    }

    /* The kernels of one output channel for so many input channels. */
    void weights(int64_t out_channel, int64_t in_channel, int64_t channels, float* to) const {
        const int64_t from  = (out_channel * in_channels() + in_channel) * KERNEL;
        const int64_t count = channels * KERNEL;
        if (kernel->type == GGML_TYPE_F16) {
            ggml_cpu_fp16_to_fp32(static_cast<const ggml_fp16_t*>(kernel->data) + from, to, count);
        } else {
            std::memcpy(to, static_cast<const float*>(kernel->data) + from, static_cast<size_t>(count) * sizeof(float));
        }
    }

    /* Input columns from first on, with zeros for what lies outside. */
    void copy_in(int64_t n, int64_t channel, int64_t y, int64_t first, int64_t count, float* to) const {
        const bool outside  = y < 0 || y >= in_height();
        const int64_t begin = outside ? count : std::clamp<int64_t>(-first, 0, count);
        const int64_t end   = outside ? count : std::clamp<int64_t>(in_width() - first, begin, count);
        std::fill(to, to + begin, 0.0f);
        if (end > begin) {
            std::memcpy(to + begin, in_row(n, channel, y) + first + begin, static_cast<size_t>(end - begin) * sizeof(float));
        }
        std::fill(to + end, to + count, 0.0f);
    }

    const ggml_tensor* kernel;
    const ggml_tensor* image;
    const ggml_tensor* dst;
    int64_t pad_x, pad_y;
};

/* Neighbouring tiles of a panel that lie in one row: tiles count over images, rows of a picture, and places in a row. */
struct Run {
    int64_t image, y, x;   /* of the first tile, in pixels of the output */
    int64_t offset, tiles; /* within the panel */
};

template <typename Body>
void for_each_run(const Convolution& c, int64_t first, int64_t count, const Body& body) {
    for (int64_t done = 0; done < count;) {
        const int64_t row    = (first + done) / c.tiles_x();
        const int64_t place  = (first + done) % c.tiles_x();
        const int64_t length = std::min(count - done, c.tiles_x() - place);
        body(Run{row / c.tiles_y(), row % c.tiles_y() * TILE, place * TILE, done, length});
        done += length;
    }
}

/* The three transforms, from ggml's tensors to the products' operands and back. Positions are step floats apart. */
class Winograd {
public:
    explicit Winograd(const Convolution& convolution) : c_(convolution) {}

    /* The kernels of PACK output channels for a range of input channels: [position][input channel][PACK]. */
    void take_kernel(int64_t channel, int64_t from, int64_t to, float* packed, int64_t step) const {
        float weights[PACK][KERNEL_DEPTH * KERNEL] = {};
        for (int64_t lane = 0; lane < std::min<int64_t>(PACK, c_.out_channels() - channel); lane++) {
            c_.weights(channel + lane, from, to - from, weights[lane]);
        }
        for (int64_t i = from; i < to; i++) {
            float kernel[KERNEL][PACK];
            for (int k = 0; k < KERNEL; k++) {
                for (int lane = 0; lane < PACK; lane++) {
                    kernel[k][lane] = weights[lane][(i - from) * KERNEL + k];
                }
            }
            for (int lane = 0; lane < PACK; lane += LANES) {
                transform_kernel(kernel, lane, packed + i * PACK + lane, step);
            }
        }
    }

    /* A panel of tiles for a range of input channels: [position][input channel][width]. */
    void take_input(int64_t first, int64_t count, int64_t width, int64_t from, int64_t to, float* panel, int64_t step) const {
        float windows[POSITIONS][MAX_COLUMNS] = {};
        float row[TILE * MAX_COLUMNS + WINDOW - TILE];
        for (int64_t channel = from; channel < to; channel++) {
            for_each_run(c_, first, count, [&](const Run& run) {
                for (int i = 0; i < WINDOW; i++) {
                    c_.copy_in(run.image, channel, run.y + i - c_.pad_y, run.x - c_.pad_x, TILE * run.tiles + WINDOW - TILE, row);
                    float(*to_row)[MAX_COLUMNS] = windows + i * WINDOW;
                    for (int64_t tile = 0; tile < run.tiles; tile++) {
                        for (int j = 0; j < WINDOW; j++) {
                            to_row[j][run.offset + tile] = row[tile * TILE + j];
                        }
                    }
                }
            });
            for (int64_t column = 0; column < width; column += LANES) {
                transform_input(windows, column, panel + channel * width + column, step);
            }
        }
    }

    /* Writes the products of some output channels, [position][channel][width], into the output. */
    void give(int64_t first, int64_t count, int64_t width, int64_t channel, int64_t channels, const float* products, int64_t step) const {
        float tiles[TILE * TILE][MAX_COLUMNS];
        float row[TILE * MAX_COLUMNS];
        for (int64_t i = 0; i < channels; i++) {
            for (int64_t column = 0; column < width; column += LANES) {
                transform_output(products + i * width + column, step, tiles, column);
            }
            for_each_run(c_, first, count, [&](const Run& run) {
                const int64_t pixels = std::min(run.tiles * TILE, c_.out_width() - run.x);
                for (int y = 0; y < std::min<int64_t>(TILE, c_.out_height() - run.y); y++) {
                    for (int64_t tile = 0; tile < run.tiles; tile++) {
                        for (int x = 0; x < TILE; x++) {
                            row[tile * TILE + x] = tiles[y * TILE + x][run.offset + tile];
                        }
                    }
                    std::memcpy(c_.out_row(run.image, channel + i, run.y + y) + run.x, row, static_cast<size_t>(pixels) * sizeof(float));
                }
            });
        }
    }

private:
    /* Lavin and Gray's matrices G, B^T and A^T, for the points 0, 1, -1, 2, -2. */
    static void g(const vec* in, vec* out) {
        const vec even = (in[0] + in[2]) * (-1.0f / 6);
        const vec odd  = in[1] * (1.0f / 6);
        const vec far  = in[0] * (1.0f / 24) + in[2] * (1.0f / 6);
        const vec half = in[1] * (1.0f / 12);
        out[0]         = in[0] * 0.25f;
        out[1]         = even - odd;
        out[2]         = even + odd;
        out[3]         = far + half;
        out[4]         = far - half;
        out[5]         = in[2];
    }

    static void b(const vec* in, vec* out) {
        const vec even = in[4] - in[2] * 4.0f;
        const vec odd  = in[3] - in[1] * 4.0f;
        const vec far  = in[4] - in[2];
        const vec half = (in[3] - in[1]) * 2.0f;
        out[0]         = in[0] * 4.0f - in[2] * 5.0f + in[4];
        out[1]         = even + odd;
        out[2]         = even - odd;
        out[3]         = far + half;
        out[4]         = far - half;
        out[5]         = in[1] * 4.0f - in[3] * 5.0f + in[5];
    }

    static void a(const vec* in, vec* out) {
        const vec near_sum  = in[1] + in[2];
        const vec near_diff = in[1] - in[2];
        const vec far_sum   = in[3] + in[4];
        const vec far_diff  = in[3] - in[4];
        out[0]              = in[0] + near_sum + far_sum;
        out[1]              = near_diff + far_diff * 2.0f;
        out[2]              = near_sum + far_sum * 4.0f;
        out[3]              = near_diff + far_diff * 8.0f + in[5];
    }

    static void transform_kernel(const float (*kernel)[PACK], int lane, float* to, int64_t step) {
        vec halfway[3][WINDOW];
        for (int j = 0; j < 3; j++) {
            const vec column[3] = {load(kernel[j] + lane), load(kernel[3 + j] + lane), load(kernel[6 + j] + lane)};
            g(column, halfway[j]);
        }
        for (int i = 0; i < WINDOW; i++) {
            const vec row[3] = {halfway[0][i], halfway[1][i], halfway[2][i]};
            vec done[WINDOW];
            g(row, done);
            for (int j = 0; j < WINDOW; j++) {
                store(to + (i * WINDOW + j) * step, done[j]);
            }
        }
    }

    static void transform_input(const float (*windows)[MAX_COLUMNS], int64_t column, float* to, int64_t step) {
        vec halfway[WINDOW][WINDOW];
        for (int j = 0; j < WINDOW; j++) {
            vec in[WINDOW];
            for (int i = 0; i < WINDOW; i++) {
                in[i] = load(windows[i * WINDOW + j] + column);
            }
            b(in, halfway[j]);
        }
        for (int i = 0; i < WINDOW; i++) {
            vec row[WINDOW];
            for (int j = 0; j < WINDOW; j++) {
                row[j] = halfway[j][i];
            }
            vec done[WINDOW];
            b(row, done);
            for (int j = 0; j < WINDOW; j++) {
                store(to + (i * WINDOW + j) * step, done[j]);
            }
        }
    }

    static void transform_output(const float* products, int64_t step, float (*tiles)[MAX_COLUMNS], int64_t column) {
        vec halfway[WINDOW][TILE];
        for (int j = 0; j < WINDOW; j++) {
            vec in[WINDOW];
            for (int i = 0; i < WINDOW; i++) {
                in[i] = load(products + (i * WINDOW + j) * step);
            }
            a(in, halfway[j]);
        }
        for (int i = 0; i < TILE; i++) {
            vec row[WINDOW];
            for (int j = 0; j < WINDOW; j++) {
                row[j] = halfway[j][i];
            }
            vec done[TILE];
            a(row, done);
            for (int j = 0; j < TILE; j++) {
                store(tiles[i * TILE + j] + column, done[j]);
            }
        }
    }

    const Convolution& c_;
};

/* One thread's part. */
class Worker {
public:
    Worker(const ggml_compute_params* params, const Convolution& convolution, const Plan& plan, float* memory)
        : params_(params),
          c_(convolution),
          winograd_(convolution),
          plan_(plan),
          kernels_(memory),
          panels_(kernels_ + plan.blocks * plan.kernel_floats),
          products_(panels_ + plan.panels * plan.panel_floats) {}

    void run() {
        const int64_t all_panels = ceil_div(c_.tiles(), plan_.width);
        const int64_t all_blocks = ceil_div(c_.out_channels(), PACK);
        for (int64_t turn = 0; turn < ceil_div(all_panels, plan_.panels); turn++) {
            const int64_t panel  = Plan::begin_of(turn, all_panels, plan_.panels);
            const int64_t panels = Plan::begin_of(turn + 1, all_panels, plan_.panels) - panel;
            if (turn > 0) {
                ggml_barrier(params_->threadpool);  // Others still read what was there.
            }
            take_input(panel, panels);
            for (int64_t inner = 0; inner < ceil_div(all_blocks, plan_.blocks); inner++) {
                const int64_t block  = Plan::begin_of(inner, all_blocks, plan_.blocks);
                const int64_t blocks = Plan::begin_of(inner + 1, all_blocks, plan_.blocks) - block;
                if (inner > 0) {
                    ggml_barrier(params_->threadpool);
                }
                take_kernels(block, blocks);
                if (params_->ith == 0) {
                    ggml_threadpool_chunk_set(params_->threadpool, params_->nth);
                }
                ggml_barrier(params_->threadpool);
                // Whoever is free takes the next one: the cores may be shared with others.
                const int64_t tasks = plan_.tasks(panels, blocks);
                for (int64_t task = params_->ith; task < tasks; task = ggml_threadpool_chunk_add(params_->threadpool, 1)) {
                    run(task, panel, panels, block, blocks);
                }
                if (plan_.parts > 1) {
                    ggml_barrier(params_->threadpool);
                    for (int64_t i = params_->ith; i < panels * blocks * PACK; i += params_->nth) {
                        const int64_t place = i / PACK;
                        const int64_t row   = i % PACK;
                        give(panel + place % panels, (block + place / panels) * PACK + row, 1,
                             products_ + place * plan_.products_floats, row);
                    }
                }
            }
        }
    }

private:
    void take_input(int64_t first, int64_t count) {
        const int64_t step  = std::clamp<int64_t>(c_.in_channels() * count / (4 * params_->nth), 1, 32);
        const int64_t parts = ceil_div(c_.in_channels(), step);
        for (int64_t i = params_->ith; i < count * parts; i += params_->nth) {
            const int64_t tile  = (first + i / parts) * plan_.width;
            const int64_t tiles = std::min(plan_.width, c_.tiles() - tile);
            const int64_t from  = i % parts * step;
            winograd_.take_input(tile, tiles, width_of(tiles), from, std::min(from + step, c_.in_channels()),
                                 panels_ + i / parts * plan_.panel_floats, plan_.panel_step);
        }
    }

    void take_kernels(int64_t first, int64_t count) {
        const int64_t parts = ceil_div(c_.in_channels(), KERNEL_DEPTH);
        for (int64_t i = params_->ith; i < count * parts; i += params_->nth) {
            const int64_t from = i % parts * KERNEL_DEPTH;
            winograd_.take_kernel((first + i / parts) * PACK, from, std::min(from + KERNEL_DEPTH, c_.in_channels()),
                                  kernels_ + i / parts * plan_.kernel_floats, plan_.kernel_step);
        }
    }

    /* A task of those that some panels and blocks make. */
    void run(int64_t task, int64_t first_panel, int64_t panels, int64_t first_block, int64_t blocks) {
        const int64_t part     = task % plan_.parts;
        const int64_t place    = task / plan_.parts;
        const int64_t panel    = place % panels;
        const int64_t block    = place / panels * plan_.task_blocks;
        const int64_t channel  = (first_block + block) * PACK;
        const int64_t channels = std::min(std::min(plan_.task_blocks, blocks - block) * PACK, c_.out_channels() - channel);
        float* products        = products_ + (plan_.parts > 1 ? place : params_->ith) * plan_.products_floats;
        const int64_t each     = POSITIONS / plan_.parts;
        for (int64_t position = part * each; position < (part + 1) * each; position++) {
            multiply(kernels_ + block * plan_.kernel_floats + position * plan_.kernel_step, channels,
                     panels_ + panel * plan_.panel_floats + position * plan_.panel_step, width_of(tiles_of(first_panel + panel)),
                     products + position * plan_.products_step);
        }
        if (plan_.parts == 1) {
            give(first_panel + panel, channel, channels, products, 0);
        }
    }

    void multiply(const float* kernel, int64_t channels, const float* input, int64_t width, float* products) const {
        std::fill(products, products + ceil_div(channels, PACK) * PACK * width, 0.0f);
        for (int64_t from = 0; from < c_.in_channels(); from += DEPTH) {
            const int64_t depth = std::min(DEPTH, c_.in_channels() - from);
            for (int64_t row = 0; row < channels; row += PACK) {
                // Rows that complete a vector cost nothing; their kernels are zero.
                const int64_t rows = std::min<int64_t>(PACK, ceil_div(channels - row, ROWS) * ROWS);
                multiply(width, kernel + row / PACK * plan_.kernel_floats + from * PACK, rows, input + from * width, depth,
                         products + row * width);
            }
        }
    }

    /* Some output channels of a panel from products whose rows begin with the first of them. */
    void give(int64_t panel, int64_t channel, int64_t channels, const float* products, int64_t row) const {
        const int64_t width = width_of(tiles_of(panel));
        winograd_.give(panel * plan_.width, tiles_of(panel), width, channel, std::min(channels, c_.out_channels() - channel),
                       products + row * width, plan_.products_step);
    }

    static void multiply(int64_t width, const float* kernel, int64_t rows, const float* input, int64_t depth, float* products) {
        switch (width / LANES) {
            case 1: return ::multiply<1>(kernel, 1, PACK, rows, input, depth, products);
            case 2: return ::multiply<2>(kernel, 1, PACK, rows, input, depth, products);
            default: return ::multiply<MAX_VECS>(kernel, 1, PACK, rows, input, depth, products);
        }
    }

    /* A panel at the end may be narrower than others. */
    int64_t tiles_of(int64_t panel) const { return std::min(plan_.width, c_.tiles() - panel * plan_.width); }
    static int64_t width_of(int64_t tiles) { return ceil_div(tiles, LANES) * LANES; }

    const ggml_compute_params* const params_;
    const Convolution& c_;
    const Winograd winograd_;
    const Plan& plan_;
    float* const kernels_;
    float* const panels_;
    float* const products_;
};

/* False, and nothing done, if this is no convolution for it or the work memory does not suffice. */
bool convolve(const ggml_compute_params* params, ggml_tensor* dst) {
    const Convolution convolution(dst);
    float* const memory   = next_line(params->wdata);
    const char* const end = static_cast<char*>(params->wdata) + params->wsize;
    const Plan plan(convolution.shape(), UNITS, params->nth, (end - reinterpret_cast<char*>(memory)) / static_cast<int64_t>(sizeof(float)));
    if (!convolution.is_for_winograd() || !plan.possible()) {
        return false;
    }
    if (params->ith == 0) {
        d4j::override_calls().winograd.fetch_add(1, std::memory_order_relaxed);
    }
    Worker(params, convolution, plan, memory).run();
    return true;
}

}  // namespace

size_t d4j::winograd_work_size(const ggml_tensor* dst, int threads) {
    const Convolution convolution(dst);
    if (!convolution.is_for_winograd()) {
        return 0;
    }
    return static_cast<size_t>(Plan::wanted(convolution.shape(), UNITS, threads)) * sizeof(float) + CACHE_LINE_BYTES;
}

#else

size_t d4j::winograd_work_size(const ggml_tensor* /*dst*/, int /*threads*/) {
    return 0;
}

#endif

/* In place of the function of this name in ggml-cpu/ops.cpp, see native/CMakeLists.txt. */
extern "C" void ggml_compute_forward_conv_2d(const ggml_compute_params* params, ggml_tensor* dst) {
#if defined(__GNUC__)
    if (convolve(params, dst)) {
        return;
    }
#endif
    ggml_compute_forward_conv_2d_replaced(params, dst);
}
