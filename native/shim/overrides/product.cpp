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

/* Of a thread, in products of two numbers: some 30 microseconds. */
constexpr int64_t LITTLE_WORK = 1 << 20;

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

/* Rows of floats, so many apart. */
struct Rows {
    const float* first;
    int64_t step;
};

/* The shape of a product, and of its panels. */
struct Shape {
    int64_t depth, columns, rows;
    int64_t matrices;

    int64_t panels() const { return ceil_div(columns, MAX_WIDTH); }

    /* Panels are as wide as their number lets them be: they differ by one vector at most. */
    int64_t first_column(int64_t panel) const { return std::min(ceil_div(columns, LANES) * panel / panels() * LANES, columns); }

    int64_t width(int64_t panel) const { return ceil_div(first_column(panel + 1) - first_column(panel), LANES) * LANES; }
};

/* dst[row][column] = sum over i of weights[column][i] * inputs[row][i], for each matrix */
class Product {
public:
    explicit Product(const ggml_tensor* dst) : weights_(dst->src[0]), inputs_(dst->src[1]), dst_(dst) {}

    Shape shape() const { return {weights_->ne[0], dst_->ne[0], dst_->ne[1], dst_->ne[2] * dst_->ne[3]}; }

    bool is_for_panels() const {
        const bool is_hadamard = ggml_get_op_params_i32(dst_, 1) == GGML_HINT_SRC0_IS_HADAMARD;
        const bool types       = is_known(weights_->type) && inputs_->type == GGML_TYPE_F32 && dst_->type == GGML_TYPE_F32;
        const bool strides     = weights_->nb[0] == ggml_type_size(weights_->type) && inputs_->nb[0] == sizeof(float)
                          && dst_->nb[0] == sizeof(float);
        return !is_hadamard && types && strides && dst_->ne[1] >= FEWEST_ROWS && dst_->ne[0] >= LANES;
    }

    /* Of ggml's own way. */
    size_t own_work_size() const {
        return ggml_row_size(ggml_get_type_traits_cpu(weights_->type)->vec_dot_type, ggml_nelements(inputs_));
    }

    static int64_t floats_for_inputs(int64_t /*rows*/) { return 0; }

    Rows take_inputs(int64_t row, int64_t /*rows*/, int64_t from, int64_t /*depth*/, int64_t matrix, float* /*to*/) const {
        const size_t offset = row * inputs_->nb[1] + matrix % dst_->ne[2] * inputs_->nb[2] + matrix / dst_->ne[2] * inputs_->nb[3];
        return {reinterpret_cast<const float*>(static_cast<const char*>(inputs_->data) + offset) + from,
                static_cast<int64_t>(inputs_->nb[1] / sizeof(float))};
    }

    /* Columns from first on become [depth][width]. */
    void take_panel(int64_t first, int64_t width, int64_t from, int64_t depth, int64_t matrix, float* unpacked, float* panel) const {
        const ggml_type type = weights_->type;
        const size_t step    = weights_->nb[1];
        for (int64_t lane = 0; lane < width; lane += LANES) {
            const int64_t count = std::min<int64_t>(LANES, dst_->ne[0] - first - lane);
            const char* rows    = weights_at(first + lane, from, matrix);
            const bool is_whole = count == LANES && depth % LANES == 0;
            if (is_whole && type == GGML_TYPE_F32) {
                transpose_rows<vec>(rows, step, depth, panel + lane, width);
#if defined(D4J_HAS_HALF_VECTORS)
            } else if (is_whole && type == GGML_TYPE_F16) {
                transpose_rows<half_vec>(rows, step, depth, panel + lane, width);
#endif
            } else {
                // What is missing to whole vectors may be anything: it is multiplied by nothing, or into columns that are not there.
                for (int64_t i = 0; i < count; i++) {
                    unpack(type, rows + i * step, depth, unpacked + i * STEP);
                }
                transpose_rows<vec>(reinterpret_cast<const char*>(unpacked), STEP * sizeof(float), depth, panel + lane, width);
            }
        }
    }

    /* Asks for some columns of a panel that is taken later: it comes from afar. */
    void fetch(int64_t first, int64_t count, int64_t from, int64_t matrix) const {
        const char* row     = weights_at(first, from, matrix);
        const int64_t bytes = ggml_row_size(weights_->type, DEPTH);
        for (int64_t i = 0; i < count; i++, row += weights_->nb[1]) {
            for (int64_t byte = 0; byte < bytes; byte += CACHE_LINE_BYTES) {
                __builtin_prefetch(row + byte, 0, 2);
            }
        }
    }

    float* out_row(int64_t row, int64_t matrix) const {
        const size_t offset = row * dst_->nb[1] + matrix % dst_->ne[2] * dst_->nb[2] + matrix / dst_->ne[2] * dst_->nb[3];
        return reinterpret_cast<float*>(static_cast<char*>(dst_->data) + offset);
    }

private:
    const char* weights_at(int64_t column, int64_t i, int64_t matrix) const {
        const int64_t i2 = matrix % dst_->ne[2] / (dst_->ne[2] / weights_->ne[2]);
        const int64_t i3 = matrix / dst_->ne[2] / (dst_->ne[3] / weights_->ne[3]);
        return static_cast<const char*>(weights_->data) + ggml_row_size(weights_->type, i) + column * weights_->nb[1]
             + i2 * weights_->nb[2] + i3 * weights_->nb[3];
    }

    const ggml_tensor* weights_;
    const ggml_tensor* inputs_;
    const ggml_tensor* dst_;
};

/*
 * A convolution by kernels of one pixel, dst[n][oc][pixel] = sum over ic of kernel[oc][ic] * image[n][ic][pixel]: the image is in the
 * order of panels already.
 */
class Convolution {
public:
    explicit Convolution(const ggml_tensor* dst) : kernel_(dst->src[0]), image_(dst->src[1]), dst_(dst) {}

    Shape shape() const { return {image_->ne[2], pixels(), dst_->ne[2], dst_->ne[3]}; }

    bool is_for_panels() const {
        const int32_t* options = dst_->op_params;
        return d4j::is_for_product(kernel_, image_, options[0], options[1], options[2], options[3]) && dst_->type == GGML_TYPE_F32
            && ggml_is_contiguous(dst_) && kernel_->ne[2] == image_->ne[2] && kernel_->ne[3] == dst_->ne[2];
    }

    static size_t own_work_size() { return size_t{16} << 20; }

    static int64_t floats_for_inputs(int64_t rows) { return rows * STEP; }

    Rows take_inputs(int64_t row, int64_t rows, int64_t from, int64_t depth, int64_t /*matrix*/, float* to) const {
        const char* first = static_cast<const char*>(kernel_->data) + row * kernel_->nb[3] + from * kernel_->nb[2];
        for (int64_t i = 0; i < rows; i++) {
            unpack(kernel_->type, first + i * kernel_->nb[3], depth, to + i * STEP);
        }
        return {to, STEP};
    }

    void take_panel(int64_t first, int64_t width, int64_t from, int64_t depth, int64_t matrix, float* /*unpacked*/, float* panel) const {
        const size_t bytes = static_cast<size_t>(std::min(width, pixels() - first)) * sizeof(float);
        for (int64_t i = 0; i < depth; i++) {
            const char* plane = static_cast<const char*>(image_->data) + (from + i) * image_->nb[2] + matrix * image_->nb[3];
            std::memcpy(panel + i * width, reinterpret_cast<const float*>(plane) + first, bytes);
        }
    }

    static void fetch(int64_t /*first*/, int64_t /*count*/, int64_t /*from*/, int64_t /*matrix*/) {}

    float* out_row(int64_t row, int64_t matrix) const {
        return reinterpret_cast<float*>(static_cast<char*>(dst_->data) + row * dst_->nb[2] + matrix * dst_->nb[3]);
    }

private:
    int64_t pixels() const { return dst_->ne[0] * dst_->ne[1]; }

    const ggml_tensor* kernel_;
    const ggml_tensor* image_;
    const ggml_tensor* dst_;
};

/* What a product is cut into: so many panels and rows each. */
struct Tasks {
    Tasks(const Shape& s, int64_t threads) {
        panels = std::min<int64_t>(MAX_PANELS, s.panels());
        down   = ceil_div(s.rows, MAX_ROWS);
        while (panels > 1 && s.matrices * down * ceil_div(s.panels(), panels) < SHARES * threads) {
            panels--;
        }
        // Each part of the rows unpacks the panels again.
        while (s.matrices * down * s.panels() < threads && ceil_div(s.rows, down) > FEWEST_ROWS / 2) {
            down++;
        }
        rows   = ceil_div(ceil_div(s.rows, down), ROWS) * ROWS;
        down   = ceil_div(s.rows, rows);
        across = ceil_div(s.panels(), panels);
        count  = s.matrices * down * across;
    }

    int64_t panels, rows;
    int64_t across, down, count;
};

/* One thread's part. */
template <typename Kind>
class Worker {
public:
    Worker(const Kind& product, const Tasks& tasks, float* memory)
        : p_(product),
          s_(product.shape()),
          t_(tasks),
          panel_(memory),
          unpacked_(panel_ + DEPTH * MAX_WIDTH),
          sums_(unpacked_ + LANES * STEP),
          inputs_(sums_ + t_.panels * t_.rows * MAX_WIDTH) {}

    /* Whole cache lines. */
    static int64_t floats(const Tasks& t) {
        return DEPTH * MAX_WIDTH + LANES * STEP + t.panels * t.rows * MAX_WIDTH + Kind::floats_for_inputs(t.rows);
    }

    void run(int64_t task) {
        const int64_t matrix = task / t_.across / t_.down;
        const int64_t row    = task / t_.across % t_.down * t_.rows;
        const int64_t rows   = std::min(t_.rows, s_.rows - row);
        const int64_t first  = task % t_.across * t_.panels;
        const int64_t panels = std::min(t_.panels, s_.panels() - first);

        std::fill(sums_, sums_ + panels * t_.rows * MAX_WIDTH, 0.0f);
        for (int64_t from = 0; from < s_.depth; from += DEPTH) {
            const int64_t depth = std::min(DEPTH, s_.depth - from);
            const Rows inputs   = p_.take_inputs(row, rows, from, depth, matrix, inputs_);
            for (int64_t i = 0; i < panels; i++) {
                p_.take_panel(s_.first_column(first + i), s_.width(first + i), from, depth, matrix, unpacked_, panel_);
                const bool is_last = i + 1 == panels;
                multiply(first + i, inputs, rows, depth, sums(i),
                         {is_last ? first : first + i + 1, is_last ? from + DEPTH : from, matrix});
            }
        }
        for (int64_t i = 0; i < rows; i++) {
            float* out = p_.out_row(row + i, matrix);
            for (int64_t j = 0; j < panels; j++) {
                const int64_t begin = s_.first_column(first + j);
                const int64_t end   = s_.first_column(first + j + 1);
                std::memcpy(out + begin, sums(j) + i * s_.width(first + j), static_cast<size_t>(end - begin) * sizeof(float));
            }
        }
    }

private:
    /* The panel that is taken next; there is none past the end of the depth. */
    struct Next {
        int64_t panel, from, matrix;
    };

    float* sums(int64_t panel) const { return sums_ + panel * t_.rows * MAX_WIDTH; }

    void multiply(int64_t panel, const Rows& inputs, int64_t rows, int64_t depth, float* sums, const Next& next) const {
        const int64_t width   = s_.width(panel);
        const int64_t columns = next.from < s_.depth ? s_.first_column(next.panel + 1) - s_.first_column(next.panel) : 0;
        const int64_t each    = ceil_div(columns * ROWS, rows);
        for (int64_t row = 0, fetched = 0; row < rows; row += ROWS) {
            if (fetched < columns) {
                p_.fetch(s_.first_column(next.panel) + fetched, std::min(each, columns - fetched), next.from, next.matrix);
                fetched += each;
            }
            const int64_t count = std::min<int64_t>(ROWS, rows - row);
            const float* some   = inputs.first + row * inputs.step;
            switch (width / LANES) {
                case 1: ::multiply<1>(some, inputs.step, 1, count, panel_, depth, sums + row * width); break;
                case 2: ::multiply<2>(some, inputs.step, 1, count, panel_, depth, sums + row * width); break;
                default: ::multiply<MAX_VECS>(some, inputs.step, 1, count, panel_, depth, sums + row * width); break;
            }
        }
    }

    const Kind& p_;
    const Shape s_;
    const Tasks& t_;
    float* const panel_;    /* [depth][width] */
    float* const unpacked_; /* [LANES][STEP] */
    float* const sums_;     /* [panel][row][width] */
    float* const inputs_;   /* [row][STEP], where they are not used as they are */
};

template <typename Kind>
size_t work_size(const Tasks& tasks, int64_t threads) {
    return static_cast<size_t>(threads * Worker<Kind>::floats(tasks)) * sizeof(float) + CACHE_LINE_BYTES;
}

template <typename Kind>
size_t work_size(const Kind& product, int threads) {
    // Enough for ggml's own, too.
    return product.is_for_panels() ? std::max(work_size<Kind>(Tasks(product.shape(), threads), threads), product.own_work_size()) : 0;
}

/* False, and nothing done, if the product is left to ggml. */
template <typename Kind>
bool compute(const ggml_compute_params* params, const Kind& product) {
    if (!product.is_for_panels() || params->use_ref) {
        return false;
    }
    const Tasks tasks(product.shape(), params->nth);
    if (params->wsize < work_size<Kind>(tasks, params->nth)) {
        return false;
    }
    if (params->ith == 0) {
        d4j::override_calls().product.fetch_add(1, std::memory_order_relaxed);
    }
    Worker<Kind> worker(product, tasks, next_line(params->wdata) + params->ith * Worker<Kind>::floats(tasks));
    // Where there is little to do, as in the small levels of a U-Net, waiting for one another costs more than what it evens out.
    const Shape shape = product.shape();
    if (tasks.count <= params->nth || shape.depth * shape.columns * shape.rows * shape.matrices < LITTLE_WORK * params->nth) {
        for (int64_t task = params->ith; task < tasks.count; task += params->nth) {
            worker.run(task);
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

}  // namespace

size_t d4j::product_work_size(const ggml_tensor* dst, int threads) {
    return dst->op == GGML_OP_CONV_2D ? work_size(Convolution(dst), threads) : work_size(Product(dst), threads);
}

bool d4j::multiply(const ggml_compute_params* params, ggml_tensor* dst) {
    return dst->op == GGML_OP_CONV_2D ? compute(params, Convolution(dst)) : compute(params, Product(dst));
}

#else

size_t d4j::product_work_size(const ggml_tensor* /*dst*/, int /*threads*/) {
    return 0;
}

bool d4j::multiply(const ggml_compute_params* /*params*/, ggml_tensor* /*dst*/) {
    return false;
}

#endif
