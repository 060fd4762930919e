/*
 * Flash attention for ggml's CPU backend that takes heads of every size at full speed.
 *
 * ggml's own tiles need a head size that its vectors divide; Stable Diffusion 1.x has heads of 40, which it computes by dot
 * products of single rows, an order of magnitude slower. Here the queries of a block lie side by side in the vectors: keys and
 * values are read as they are, whatever their length, the softmax needs no sum across a vector, and the scores never
 * leave the innermost caches. The algorithm is FlashAttention's (Dao et al. 2022) with its online softmax.
 */
#include <algorithm>
#include <cfloat>
#include <cstdint>
#include <cstring>

#include "ggml-cpu-impl.h"
#include "ggml-cpu.h"
#include "ggml.h"

#include "counters.h"

extern "C" void ggml_compute_forward_flash_attn_ext_replaced(const ggml_compute_params* params, ggml_tensor* dst);

#if defined(__GNUC__)
#include "vectors.h"

namespace {

constexpr int VECS    = MAX_VECS;
constexpr int QUERIES = VECS * LANES; /* of a block */
constexpr int KEYS    = 64;           /* of a tile */

/* The greater one; a where either is no number. */
vec max(vec a, vec b) {
    return a < b ? b : a;
}

/* e^x for x <= 0, by Cephes' polynomial; 0 below the smallest normal number, NaN for NaN. */
vec exponential(vec x) {
    const vec shift = all(12582912.0f); /* 1.5 * 2^23: what is added to it is rounded to an integer */
    const vec bound = max(x, all(-87.0f));
    const vec n     = (bound * 1.44269504f + shift) - shift;
    const vec r     = bound - n * 0.693359375f - n * -2.12194440e-4f;
    vec p           = all(1.9875691500e-4f);
    p               = p * r + 1.3981999507e-3f;
    p               = p * r + 8.3334519073e-3f;
    p               = p * r + 4.1665795894e-2f;
    p               = p * r + 1.6666665459e-1f;
    p               = p * r + 5.0000001201e-1f;
    p               = p * r * r + r + 1.0f;
    const ivec power = (__builtin_convertvector(n, ivec) + 127) << 23;
    vec scale;
    std::memcpy(&scale, &power, sizeof scale);
    return x < all(-87.0f) ? vec{} : p * scale;
}

struct Attention {
    const ggml_tensor* q;
    const ggml_tensor* k;
    const ggml_tensor* v;
    ggml_tensor* dst;
    float scale;

    int64_t key_size() const {
        return k->ne[0];
    }

    int64_t value_size() const {
        return v->ne[0];
    }

    int64_t blocks() const {
        return (q->ne[1] + QUERIES - 1) / QUERIES;
    }

    int64_t tasks() const {
        return blocks() * q->ne[2] * q->ne[3];
    }
};

const char* at(const ggml_tensor* t, int64_t row, int64_t head, int64_t batch) {
    return static_cast<const char*>(t->data) + row * t->nb[1] + head * t->nb[2] + batch * t->nb[3];
}

/* One thread's working memory; all of it is in the block that ggml's own flash attention would use. */
class Worker {
public:
    Worker(const Attention& attention, float* memory)
        : a_(attention),
          queries_(memory),
          sums_(queries_ + a_.key_size() * QUERIES),
          scores_(sums_ + a_.value_size() * QUERIES),
          keys_(scores_ + KEYS * QUERIES),
          values_(keys_ + KEYS * a_.key_size()) {}

    static size_t floats(const Attention& a) {
        return static_cast<size_t>((QUERIES + KEYS) * (a.key_size() + a.value_size()) + KEYS * QUERIES);
    }

    void run(int64_t task) {
        const int64_t head  = task / a_.blocks() % a_.q->ne[2];
        const int64_t batch = task / a_.blocks() / a_.q->ne[2];
        const int64_t first = task % a_.blocks() * QUERIES;
        const int64_t count = std::min<int64_t>(QUERIES, a_.q->ne[1] - first);

        take_queries(head, batch, first, count);
        std::fill(sums_, sums_ + a_.value_size() * QUERIES, 0.0f);
        // Finite, so that a key whose score is -inf weighs nothing and is not the greatest one, from which it would differ by NaN.
        std::fill(greatest_, greatest_ + VECS, all(-FLT_MAX));
        std::fill(total_, total_ + VECS, vec{});
        for (int64_t key = 0; key < a_.k->ne[1]; key += KEYS) {
            const int64_t keys = std::min<int64_t>(KEYS, a_.k->ne[1] - key);
            take_rows(a_.k, key, keys, head, batch, keys_);
            take_rows(a_.v, key, keys, head, batch, values_);
            std::fill(scores_, scores_ + keys * QUERIES, 0.0f);
            multiply<VECS>(keys_, a_.key_size(), 1, keys, queries_, a_.key_size(), scores_);
            weigh(keys);
            multiply<VECS>(values_, 1, a_.value_size(), a_.value_size(), scores_, keys, sums_);
        }
        give_sums(head, batch, first, count);
    }

private:
    /* Scaled, [feature][query], with zeros for what the block is too long. */
    void take_queries(int64_t head, int64_t batch, int64_t first, int64_t count) {
        const int64_t size = a_.key_size();
        for (int64_t query = 0; query < QUERIES; query++) {
            const float* row = query < count ? reinterpret_cast<const float*>(at(a_.q, first + query, head, batch)) : nullptr;
            for (int64_t i = 0; i < size; i++) {
                queries_[i * QUERIES + query] = row == nullptr ? 0.0f : row[i] * a_.scale;
            }
        }
    }

    void take_rows(const ggml_tensor* from, int64_t first, int64_t count, int64_t head, int64_t batch, float* to) {
        const int64_t size        = from->ne[0];
        const int64_t their_head  = head / (a_.q->ne[2] / from->ne[2]);
        const int64_t their_batch = batch / (a_.q->ne[3] / from->ne[3]);
        for (int64_t row = 0; row < count; row++) {
            const char* source = at(from, first + row, their_head, their_batch);
            ggml_cpu_fp16_to_fp32(reinterpret_cast<const ggml_fp16_t*>(source), to + row * size, size);
        }
    }

    /*
     * Scores to weights, against the greatest score so far; what was summed up against a smaller one is scaled down. A score that
     * is NaN is never the greatest one, its weight is NaN, and so are the sums from there on.
     */
    void weigh(int64_t keys) {
        for (int v = 0; v < VECS; v++) {
            vec greatest = greatest_[v];
            for (int64_t key = 0; key < keys; key++) {
                greatest = max(greatest, load(scores_ + key * QUERIES + v * LANES));
            }
            const vec shrink = exponential(greatest_[v] - greatest);
            greatest_[v]     = greatest;
            vec total        = total_[v] * shrink;
            for (int64_t key = 0; key < keys; key++) {
                float* score     = scores_ + key * QUERIES + v * LANES;
                const vec weight = exponential(load(score) - greatest);
                store(score, weight);
                total += weight;
            }
            total_[v] = total;
            for (int64_t i = 0; i < a_.value_size(); i++) {
                float* sum = sums_ + i * QUERIES + v * LANES;
                store(sum, load(sum) * shrink);
            }
        }
    }

    void give_sums(int64_t head, int64_t batch, int64_t first, int64_t count) {
        float divisors[QUERIES];
        for (int v = 0; v < VECS; v++) {
            store(divisors + v * LANES, 1.0f / total_[v]);
        }
        for (int64_t query = 0; query < count; query++) {
            float* to = reinterpret_cast<float*>(const_cast<char*>(at(a_.dst, head, first + query, batch)));
            for (int64_t i = 0; i < a_.value_size(); i++) {
                to[i] = sums_[i * QUERIES + query] * divisors[query];
            }
        }
    }

    const Attention& a_;
    float* const queries_; /* [feature][query] */
    float* const sums_;    /* [feature][query] */
    float* const scores_;  /* [key][query] */
    float* const keys_;    /* [key][feature] */
    float* const values_;  /* [key][feature] */
    vec greatest_[VECS];
    vec total_[VECS];
};

/* Whether heads and batches of the queries are multiples of those of the keys or values. */
bool repeats(const ggml_tensor* q, const ggml_tensor* other) {
    return q->ne[2] % other->ne[2] == 0 && q->ne[3] % other->ne[3] == 0;
}

/* Attention as picture models use it: no mask, no sinks, no bias; rows without gaps between their values. */
bool is_plain(const ggml_tensor* dst) {
    const ggml_tensor* q = dst->src[0];
    const ggml_tensor* k = dst->src[1];
    const ggml_tensor* v = dst->src[2];
    float options[3]; /* scale, maximal bias, soft cap of the logits */
    std::memcpy(options, dst->op_params, sizeof options);
    const bool types   = q->type == GGML_TYPE_F32 && k->type == GGML_TYPE_F16 && v->type == GGML_TYPE_F16 && dst->type == GGML_TYPE_F32;
    const bool shapes  = q->ne[1] > 1 && k->ne[1] > 0 && k->ne[1] == v->ne[1] && k->ne[0] == q->ne[0] && repeats(q, k) && repeats(q, v)
                      && dst->ne[0] == v->ne[0] && dst->ne[1] == q->ne[2] && dst->ne[2] == q->ne[1] && dst->ne[3] == q->ne[3];
    const bool strides = q->nb[0] == sizeof(float) && k->nb[0] == sizeof(ggml_fp16_t) && v->nb[0] == sizeof(ggml_fp16_t)
                      && dst->nb[0] == sizeof(float);
    return types && shapes && strides && dst->src[3] == nullptr && dst->src[4] == nullptr && options[1] == 0.0f && options[2] == 0.0f;
}

}  // namespace
#endif

/* In place of the function of this name in ggml-cpu/ops.cpp, see native/CMakeLists.txt. */
extern "C" void ggml_compute_forward_flash_attn_ext(const ggml_compute_params* params, ggml_tensor* dst) {
#if defined(__GNUC__)
    if (is_plain(dst)) {
        Attention attention = {dst->src[0], dst->src[1], dst->src[2], dst, 1.0f};
        std::memcpy(&attention.scale, dst->op_params, sizeof(float));
        const size_t lines = (Worker::floats(attention) + CACHE_LINE_FLOATS - 1) / CACHE_LINE_FLOATS;
        if (params->wsize >= (lines * static_cast<size_t>(params->nth) + 1) * CACHE_LINE_BYTES) {
            if (params->ith == 0) {
                d4j::override_calls().flash_attention.fetch_add(1, std::memory_order_relaxed);
            }
            Worker worker(attention, next_line(params->wdata) + lines * CACHE_LINE_FLOATS * static_cast<size_t>(params->ith));
            const int64_t tasks = attention.tasks();
            // Whoever is free takes the next one: the cores may be shared with others.
            if (params->ith == 0) {
                ggml_threadpool_chunk_set(params->threadpool, params->nth);
            }
            ggml_barrier(params->threadpool);
            for (int64_t task = params->ith; task < tasks; task = ggml_threadpool_chunk_add(params->threadpool, 1)) {
                worker.run(task);
            }
            return;
        }
    }
#endif
    ggml_compute_forward_flash_attn_ext_replaced(params, dst);
}
