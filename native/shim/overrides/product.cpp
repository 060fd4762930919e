/*
 * Matrix products for ggml's CPU backend, in float32 whatever the type of the weights:
 * dst[m][n] = sum over k of weights[n][k] * inputs[m][k].
 *
 * ggml's own (llamafile's tinyBLAS) unpacks each weight again for every few inputs. Here, as Goto and van de Geijn (2008, Anatomy of
 * high-performance matrix multiplication) do it, a panel of weights is unpacked once, transposed so that neighbours in a vector are
 * neighbours in the output, and stays in the innermost cache while all inputs of a task are multiplied with it.
 */
#include <algorithm>
#include <cstdint>
#include <cstring>

#include "ggml-cpu-impl.h"
#include "ggml-cpu.h"
#include "ggml.h"

#include "counters.h"
#include "product.h"

#if defined(__GNUC__)
#include "vectors.h"

namespace {

constexpr int MAX_WIDTH    = MAX_VECS * LANES; /* of a panel, in columns of the output */
constexpr int64_t DEPTH    = 256;              /* of a panel, whole blocks of the quantised types */
constexpr int64_t STEP     = DEPTH + CACHE_LINE_FLOATS; /* between rows, which would otherwise meet in the same sets of a cache */
constexpr int64_t MAX_ROWS = 256; /* of a task: its inputs stay in the next cache */
constexpr int MAX_PANELS   = 4;   /* of a task */
constexpr int SHARES       = 4;   /* tasks of each thread, where there are so many: the cores may be shared with others */

/* Unpacking a panel costs the same for any number of rows. */
constexpr int64_t FEWEST_ROWS = 32;

int64_t ceil_div(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

/* Whether it is faster here. For others there are instructions that compute with the weights as they are. */
bool is_known(ggml_type type) {
    switch (type) {
        case GGML_TYPE_F32: return true;
#if !defined(__ARM_FEATURE_FP16_VECTOR_ARITHMETIC)
        case GGML_TYPE_F16: return true;
#endif
#if !defined(__AVX512BF16__) && !defined(__ARM_FEATURE_BF16_VECTOR_ARITHMETIC)
        case GGML_TYPE_BF16: return true;
#endif
#if !defined(__ARM_FEATURE_DOTPROD)
        case GGML_TYPE_Q8_0: return true;
#endif
        default: return false;
    }
}

/* Weights in a row as float32, from the begin of a block on. */
void unpack(ggml_type type, const char* from, int64_t count, float* to) {
    switch (type) {
        case GGML_TYPE_F32: std::memcpy(to, from, static_cast<size_t>(count) * sizeof(float)); break;
        case GGML_TYPE_F16: ggml_cpu_fp16_to_fp32(reinterpret_cast<const ggml_fp16_t*>(from), to, count); break;
        case GGML_TYPE_BF16: ggml_cpu_bf16_to_fp32(reinterpret_cast<const ggml_bf16_t*>(from), to, count); break;
        default: ggml_get_type_traits(type)->to_float(from, to, count); break;
    }
}

/* Rows of LANES weights, so many bytes apart, become columns: to[i * width] has the i-th of each row. */
template <typename Vec>
void transpose_rows(const char* from, size_t step, int64_t depth, float* to, int64_t width) {
    constexpr size_t SIZE = sizeof(Vec) / LANES;
    for (int64_t i = 0; i < depth; i += LANES) {
        Vec square[LANES];
        for (int row = 0; row < LANES; row++) {
            std::memcpy(square + row, from + static_cast<size_t>(row) * step + static_cast<size_t>(i) * SIZE, sizeof(Vec));
        }
        transpose(square);
        for (int row = 0; row < LANES; row++) {
            store(to + (i + row) * width, to_float(square[row]));
        }
    }
}

struct Product {
    explicit Product(const ggml_tensor* dst) : weights(dst->src[0]), inputs(dst->src[1]), dst(dst) {}

    int64_t depth() const { return weights->ne[0]; }
    int64_t columns() const { return dst->ne[0]; }
    int64_t rows() const { return dst->ne[1]; }
    int64_t matrices() const { return dst->ne[2] * dst->ne[3]; }
    int64_t panels() const { return ceil_div(columns(), MAX_WIDTH); }

    /* Panels are as wide as their number lets them be: they differ by one vector at most. */
    int64_t first_column(int64_t panel) const {
        return std::min(ceil_div(columns(), LANES) * panel / panels() * LANES, columns());
    }

    bool is_for_panels() const {
        const bool is_hadamard = ggml_get_op_params_i32(dst, 1) == GGML_HINT_SRC0_IS_HADAMARD;
        const bool types       = is_known(weights->type) && inputs->type == GGML_TYPE_F32 && dst->type == GGML_TYPE_F32;
        const bool strides     = weights->nb[0] == ggml_type_size(weights->type) && inputs->nb[0] == sizeof(float)
                          && dst->nb[0] == sizeof(float);
        return !is_hadamard && types && strides && rows() >= FEWEST_ROWS && columns() >= LANES;
    }

    const char* weights_at(int64_t column, int64_t i, int64_t matrix) const {
        const int64_t i2 = matrix % dst->ne[2] / (dst->ne[2] / weights->ne[2]);
        const int64_t i3 = matrix / dst->ne[2] / (dst->ne[3] / weights->ne[3]);
        return static_cast<const char*>(weights->data) + ggml_row_size(weights->type, i) + column * weights->nb[1] + i2 * weights->nb[2]
             + i3 * weights->nb[3];
    }

    const float* inputs_at(int64_t row, int64_t i, int64_t matrix) const {
        const size_t offset = row * inputs->nb[1] + matrix % dst->ne[2] * inputs->nb[2] + matrix / dst->ne[2] * inputs->nb[3];
        return reinterpret_cast<const float*>(static_cast<const char*>(inputs->data) + offset) + i;
    }

    float* out_row(int64_t row, int64_t matrix) const {
        const size_t offset = row * dst->nb[1] + matrix % dst->ne[2] * dst->nb[2] + matrix / dst->ne[2] * dst->nb[3];
        return reinterpret_cast<float*>(static_cast<char*>(dst->data) + offset);
    }

    const ggml_tensor* weights;
    const ggml_tensor* inputs;
    const ggml_tensor* dst;
};

/* What a product is cut into: so many panels and rows each. */
struct Tasks {
    Tasks(const Product& p, int64_t threads) {
        panels = std::min<int64_t>(MAX_PANELS, p.panels());
        down   = ceil_div(p.rows(), MAX_ROWS);
        while (panels > 1 && p.matrices() * down * ceil_div(p.panels(), panels) < SHARES * threads) {
            panels--;
        }
        // Each part of the rows unpacks the panels again.
        while (p.matrices() * down * p.panels() < threads && ceil_div(p.rows(), down) > FEWEST_ROWS / 2) {
            down++;
        }
        rows   = ceil_div(ceil_div(p.rows(), down), ROWS) * ROWS;
        down   = ceil_div(p.rows(), rows);
        across = ceil_div(p.panels(), panels);
        count  = p.matrices() * down * across;
    }

    int64_t panels, rows;
    int64_t across, down, count;
};

/* One thread's part. */
class Worker {
public:
    Worker(const Product& product, const Tasks& tasks, float* memory)
        : p_(product), t_(tasks), panel_(memory), unpacked_(panel_ + DEPTH * MAX_WIDTH), sums_(unpacked_ + LANES * STEP) {}

    /* Whole cache lines. */
    static int64_t floats(const Tasks& t) { return DEPTH * MAX_WIDTH + LANES * STEP + t.panels * t.rows * MAX_WIDTH; }

    void run(int64_t task) {
        const int64_t matrix = task / t_.across / t_.down;
        const int64_t row    = task / t_.across % t_.down * t_.rows;
        const int64_t rows   = std::min(t_.rows, p_.rows() - row);
        const int64_t first  = task % t_.across * t_.panels;
        const int64_t panels = std::min(t_.panels, p_.panels() - first);

        std::fill(sums_, sums_ + panels * t_.rows * MAX_WIDTH, 0.0f);
        for (int64_t from = 0; from < p_.depth(); from += DEPTH) {
            const int64_t depth = std::min(DEPTH, p_.depth() - from);
            for (int64_t i = 0; i < panels; i++) {
                take_panel(first + i, from, depth, matrix);
                // The next one comes from afar.
                ahead_ = i + 1 < panels                ? p_.weights_at(p_.first_column(first + i + 1), from, matrix)
                         : from + DEPTH < p_.depth() ? p_.weights_at(p_.first_column(first), from + DEPTH, matrix)
                                                     : nullptr;
                multiply(width(first + i), p_.inputs_at(row, from, matrix), rows, depth, sums(i));
            }
        }
        for (int64_t i = 0; i < rows; i++) {
            float* out = p_.out_row(row + i, matrix);
            for (int64_t j = 0; j < panels; j++) {
                const int64_t begin = p_.first_column(first + j);
                const int64_t end   = p_.first_column(first + j + 1);
                std::memcpy(out + begin, sums(j) + i * width(first + j), static_cast<size_t>(end - begin) * sizeof(float));
            }
        }
    }

private:
    int64_t width(int64_t panel) const {
        return ceil_div(p_.first_column(panel + 1) - p_.first_column(panel), LANES) * LANES;
    }

    float* sums(int64_t panel) const { return sums_ + panel * t_.rows * MAX_WIDTH; }

    void take_panel(int64_t panel, int64_t from, int64_t depth, int64_t matrix) {
        const ggml_type type = p_.weights->type;
        const size_t step    = p_.weights->nb[1];
        const int64_t width  = this->width(panel);
        for (int64_t lane = 0; lane < width; lane += LANES) {
            const int64_t column = p_.first_column(panel) + lane;
            const int64_t count  = std::min<int64_t>(LANES, p_.columns() - column);
            const char* rows     = p_.weights_at(column, from, matrix);
            const bool is_whole  = count == LANES && depth % LANES == 0;
            if (is_whole && type == GGML_TYPE_F32) {
                transpose_rows<vec>(rows, step, depth, panel_ + lane, width);
#if defined(D4J_HAS_HALF_VECTORS)
            } else if (is_whole && type == GGML_TYPE_F16) {
                transpose_rows<half_vec>(rows, step, depth, panel_ + lane, width);
#endif
            } else {
                // What is missing to whole vectors may be anything: it is multiplied by nothing, or into columns that are not there.
                for (int64_t i = 0; i < count; i++) {
                    unpack(type, rows + i * step, depth, unpacked_ + i * STEP);
                }
                transpose_rows<vec>(reinterpret_cast<const char*>(unpacked_), STEP * sizeof(float), depth, panel_ + lane, width);
            }
        }
    }

    void multiply(int64_t width, const float* inputs, int64_t rows, int64_t depth, float* sums) const {
        const int64_t step  = p_.inputs->nb[1] / sizeof(float);
        const int64_t bytes = ggml_row_size(p_.weights->type, DEPTH);
        const int64_t each  = ceil_div(MAX_WIDTH * ROWS, rows);
        const char* ahead   = ahead_;
        for (int64_t row = 0, fetched = 0; row < rows; row += ROWS) {
            for (const int64_t end = ahead == nullptr ? 0 : std::min<int64_t>(fetched + each, MAX_WIDTH); fetched < end; fetched++) {
                for (int64_t i = 0; i < bytes; i += CACHE_LINE_BYTES) {
                    __builtin_prefetch(ahead + i, 0, 2);
                }
                ahead += p_.weights->nb[1];
            }
            const int64_t count = std::min<int64_t>(ROWS, rows - row);
            const float* some   = inputs + row * step;
            switch (width / LANES) {
                case 1: ::multiply<1>(some, step, 1, count, panel_, depth, sums + row * width); break;
                case 2: ::multiply<2>(some, step, 1, count, panel_, depth, sums + row * width); break;
                default: ::multiply<MAX_VECS>(some, step, 1, count, panel_, depth, sums + row * width); break;
            }
        }
    }

    const Product& p_;
    const Tasks& t_;
    float* const panel_;    /* [depth][width] */
    float* const unpacked_; /* [LANES][STEP] */
    float* const sums_;     /* [panel][row][width] */
    const char* ahead_ = nullptr;
};

size_t work_size(const Tasks& tasks, int64_t threads) {
    return static_cast<size_t>(threads * Worker::floats(tasks)) * sizeof(float) + CACHE_LINE_BYTES;
}

}  // namespace

size_t d4j::product_work_size(const ggml_tensor* dst, int threads) {
    const Product product(dst);
    if (!product.is_for_panels()) {
        return 0;
    }
    // Enough for ggml's own, too.
    const ggml_type theirs = ggml_get_type_traits_cpu(product.weights->type)->vec_dot_type;
    return std::max(work_size(Tasks(product, threads), threads), ggml_row_size(theirs, ggml_nelements(product.inputs)));
}

bool d4j::multiply(const ggml_compute_params* params, ggml_tensor* dst) {
    const Product product(dst);
    if (!product.is_for_panels() || params->use_ref) {
        return false;
    }
    const Tasks tasks(product, params->nth);
    if (params->wsize < work_size(tasks, params->nth)) {
        return false;
    }
    if (params->ith == 0) {
        d4j::override_calls().product.fetch_add(1, std::memory_order_relaxed);
    }
    Worker worker(product, tasks, next_line(params->wdata) + params->ith * Worker::floats(tasks));
    if (tasks.count <= params->nth) {
        if (params->ith < tasks.count) {
            worker.run(params->ith);
        }
        return true;
    }
    // Whoever is free takes the next one.
    if (params->ith == 0) {
        ggml_threadpool_chunk_set(params->threadpool, params->nth);
    }
    ggml_barrier(params->threadpool);
    for (int64_t task = params->ith; task < tasks.count; task = ggml_threadpool_chunk_add(params->threadpool, 1)) {
        worker.run(task);
    }
    return true;
}

#else

size_t d4j::product_work_size(const ggml_tensor* /*dst*/, int /*threads*/) {
    return 0;
}

bool d4j::multiply(const ggml_compute_params* /*params*/, ggml_tensor* /*dst*/) {
    return false;
}

#endif
