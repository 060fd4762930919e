/* What the tests of the CPU's kernels (shim/overrides) share: tensors, values, graphs, and which way an operation was computed. */
#ifndef D4J_TEST_KERNELS_H
#define D4J_TEST_KERNELS_H

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <vector>

#include "d4j.h"
#include "ggml-cpu.h"
#include "ggml.h"

namespace kernels {

inline int failures = 0;

inline void report(const char* what, bool fine, double error = 0) {
    std::printf("%-48s %.1e%s\n", what, error, fine ? "" : "  FAILED");
    failures += !fine;
}

/* Values that float16 has too, without a pattern; the same ones in every run. */
class Values {
public:
    explicit Values(uint32_t seed = 1) : state_(seed) {}

    /* From -1 to 1. */
    float next() {
        state_ = state_ * 1664525 + 1013904223;
        return static_cast<float>(static_cast<int>(state_ >> 21) - 1024) / 1024;
    }

    std::vector<float> take(int64_t count) {
        std::vector<float> values(static_cast<size_t>(count));
        for (float& value : values) {
            value = next();
        }
        return values;
    }

private:
    uint32_t state_;
};

/* Where tensors live. */
class Memory {
public:
    explicit Memory(size_t bytes = size_t{256} << 20) : context_(ggml_init({bytes, nullptr, false})) {}
    ~Memory() { ggml_free(context_); }
    Memory(const Memory&)            = delete;
    Memory& operator=(const Memory&) = delete;

    operator ggml_context*() const { return context_; }

private:
    ggml_context* context_;
};

inline char* address(const ggml_tensor* t, int64_t i0, int64_t i1, int64_t i2, int64_t i3) {
    return static_cast<char*>(t->data) + i0 * t->nb[0] + i1 * t->nb[1] + i2 * t->nb[2] + i3 * t->nb[3];
}

inline float get(const ggml_tensor* t, int64_t i0, int64_t i1 = 0, int64_t i2 = 0, int64_t i3 = 0) {
    const char* at = address(t, i0, i1, i2, i3);
    return t->type == GGML_TYPE_F16 ? ggml_fp16_to_fp32(*reinterpret_cast<const ggml_fp16_t*>(at)) : *reinterpret_cast<const float*>(at);
}

inline void set(const ggml_tensor* t, float value, int64_t i0, int64_t i1 = 0, int64_t i2 = 0, int64_t i3 = 0) {
    char* at = address(t, i0, i1, i2, i3);
    if (t->type == GGML_TYPE_F16) {
        *reinterpret_cast<ggml_fp16_t*>(at) = ggml_fp32_to_fp16(value);
    } else {
        *reinterpret_cast<float*>(at) = value;
    }
}

/* Calls f(i0, i1, i2, i3) for each element. */
template <typename F>
void for_each(const ggml_tensor* t, const F& f) {
    for (int64_t i3 = 0; i3 < t->ne[3]; i3++) {
        for (int64_t i2 = 0; i2 < t->ne[2]; i2++) {
            for (int64_t i1 = 0; i1 < t->ne[1]; i1++) {
                for (int64_t i0 = 0; i0 < t->ne[0]; i0++) {
                    f(i0, i1, i2, i3);
                }
            }
        }
    }
}

inline void fill(const ggml_tensor* t, Values& values) {
    for_each(t, [&](int64_t i0, int64_t i1, int64_t i2, int64_t i3) { set(t, values.next(), i0, i1, i2, i3); });
}

inline void fill(const ggml_tensor* t, float value) {
    for_each(t, [&](int64_t i0, int64_t i1, int64_t i2, int64_t i3) { set(t, value, i0, i1, i2, i3); });
}

/*
 * A tensor that is a part of a larger one, whose rows, planes and volumes are so many elements, rows and planes longer. What
 * lies outside is NaN.
 */
inline ggml_tensor* new_cropped(ggml_context* context, ggml_type type, int64_t ne0, int64_t ne1, int64_t ne2, int64_t ne3, int64_t margin) {
    ggml_tensor* whole = ggml_new_tensor_4d(context, type, ne0 + 2 * margin, ne1 + 2 * margin, ne2 + 2 * margin, ne3);
    fill(whole, std::numeric_limits<float>::quiet_NaN());
    return ggml_view_4d(context, whole, ne0, ne1, ne2, ne3, whole->nb[1], whole->nb[2], whole->nb[3],
                        margin * (whole->nb[0] + whole->nb[1] + whole->nb[2]));
}

/* Computes a tensor and what it depends on by so many threads, in a work memory of at most so many bytes that begins off the line. */
inline bool compute(ggml_context* context, ggml_tensor* result, int threads, size_t most_work = SIZE_MAX) {
    constexpr size_t OFF_THE_LINE = 4;
    ggml_cgraph* graph            = ggml_new_graph(context);
    ggml_build_forward_expand(graph, result);
    ggml_cplan plan = ggml_graph_plan(graph, threads, nullptr);
    plan.work_size  = plan.work_size < most_work ? plan.work_size : most_work;
    std::vector<uint64_t> work((plan.work_size + OFF_THE_LINE) / sizeof(uint64_t) + 1);
    plan.work_data = reinterpret_cast<uint8_t*>(work.data()) + OFF_THE_LINE;
    return ggml_graph_compute(graph, &plan) == GGML_STATUS_SUCCESS;
}

/* How often a kernel computed while f ran. */
template <typename F>
int64_t calls_during(const char* kernel, const F& f) {
    const int64_t before = d4j_override_calls(kernel);
    f();
    return d4j_override_calls(kernel) - before;
}

/* The norm of an error over that of what is right, and whether both are NaN at the same places; else it is infinite. */
class Error {
public:
    void add(double is, double should_be) {
        if (std::isnan(is) != std::isnan(should_be) || (std::isinf(should_be) && is != should_be)) {
            mismatch_ = true;
        } else if (std::isfinite(should_be)) {
            error_ += (is - should_be) * (is - should_be);
            norm_ += should_be * should_be;
        }
    }

    double value() const {
        return mismatch_ ? INFINITY : error_ == 0 ? 0 : std::sqrt(error_ / norm_);
    }

private:
    double error_  = 0;
    double norm_   = 0;
    bool mismatch_ = false;
};

}  // namespace kernels

#endif
