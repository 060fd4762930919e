/*
 * Compares the CPU's flash attention (shim/overrides/flash_attention.cpp and ggml's own beside it) with a softmax in double
 * precision, and looks at what becomes of values that are no numbers or infinite.
 */
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <vector>

#include "kernels.h"
#include "may_leak.h"

using namespace kernels;

namespace {

constexpr float NOT_A_NUMBER = std::numeric_limits<float>::quiet_NaN();
constexpr float INFINITE     = std::numeric_limits<float>::infinity();

enum class Layout {
    PLAIN,
    CROPPED,  /* views with gaps between their rows and heads */
    PERMUTED, /* the heads of a token side by side, as a linear layer gives them */
};

struct Case {
    const char* what;
    int64_t key_size, value_size, queries, keys, heads, kv_heads, images;
    int threads;
    Layout layout = Layout::PLAIN;
};

constexpr Case CASES[] = {
    {"SD 1.5, 64x64, 40", 40, 40, 1500, 4096, 1, 1, 1, 2},
    {"SD 1.5, 64x64, prompt", 40, 40, 4096, 77, 8, 8, 1, 3},
    {"SD 1.5, 32x32, 80", 80, 80, 1024, 1024, 2, 2, 1, 4},
    {"SD 1.5, 32x32, two prompts", 80, 80, 1024, 154, 8, 8, 2, 2},
    {"SD 1.5, 16x16, 160", 160, 160, 256, 256, 8, 8, 2, 16},
    {"SD 1.5, 8x8, 160", 160, 160, 64, 64, 8, 8, 1, 64},
    {"SDXL, 32x32, 64", 64, 64, 1024, 1024, 4, 4, 1, 2},
    {"SDXL, prompt", 64, 64, 1024, 77, 20, 20, 2, 2},
    {"128", 128, 128, 513, 641, 3, 3, 1, 2},
    {"VAE, 512", 512, 512, 1024, 1024, 1, 1, 1, 2},
    {"VAE, 512, 64 threads", 512, 512, 300, 300, 1, 1, 1, 64},
    {"queries share keys", 128, 128, 130, 129, 12, 3, 2, 3},
    {"all queries share keys", 64, 64, 70, 130, 8, 1, 1, 2},
    {"values of another size", 64, 40, 100, 100, 2, 2, 1, 2},
    {"a size of no vector", 37, 29, 101, 67, 3, 3, 2, 2},
    {"one feature", 1, 1, 50, 70, 2, 2, 1, 1},
    {"two queries, one key", 40, 40, 2, 1, 1, 1, 1, 2},
    {"one more than a tile", 40, 40, 49, 65, 1, 1, 1, 1},
    {"one less than a tile", 40, 40, 47, 63, 1, 1, 1, 1},
    {"more threads than work", 80, 80, 5, 9, 1, 1, 1, 64},
    {"gaps between rows", 40, 40, 130, 150, 3, 3, 2, 2, Layout::CROPPED},
    {"gaps, queries share keys", 80, 80, 130, 150, 6, 2, 2, 5, Layout::CROPPED},
    {"heads side by side", 40, 40, 130, 150, 8, 8, 2, 2, Layout::PERMUTED},
    {"heads side by side, shared keys", 128, 128, 90, 77, 8, 2, 1, 2, Layout::PERMUTED},
};

ggml_tensor* new_operand(ggml_context* context, Layout layout, ggml_type type, int64_t size, int64_t rows, int64_t heads, int64_t images) {
    switch (layout) {
        case Layout::CROPPED: return new_cropped(context, type, size, rows, heads, images, 2);
        case Layout::PERMUTED: return ggml_permute(context, ggml_new_tensor_4d(context, type, size, heads, rows, images), 0, 2, 1, 3);
        default: return ggml_new_tensor_4d(context, type, size, rows, heads, images);
    }
}

/* Attention and its operands. */
struct Attention {
    Attention(ggml_context* context, const Case& c, ggml_type kv_type = GGML_TYPE_F16)
        : q(new_operand(context, c.layout, GGML_TYPE_F32, c.key_size, c.queries, c.heads, c.images)),
          k(new_operand(context, c.layout, kv_type, c.key_size, c.keys, c.kv_heads, c.images)),
          v(new_operand(context, c.layout, kv_type, c.value_size, c.keys, c.kv_heads, c.images)),
          scale(3 / std::sqrt(static_cast<float>(c.key_size))) {
        Values values;
        fill(q, values);
        fill(k, values);
        fill(v, values);
        output = ggml_flash_attn_ext(context, q, k, v, nullptr, scale, 0, 0);
    }

    /* One row of the output. */
    std::vector<double> expected(int64_t query, int64_t head, int64_t image) const {
        const int64_t kv_head = head / (q->ne[2] / k->ne[2]);
        std::vector<double> weights(static_cast<size_t>(k->ne[1]));
        double greatest = -INFINITY;
        for (int64_t key = 0; key < k->ne[1]; key++) {
            double score = 0;
            for (int64_t i = 0; i < k->ne[0]; i++) {
                score += static_cast<double>(get(q, i, query, head, image)) * get(k, i, key, kv_head, image);
            }
            weights[key] = score * scale;
            greatest     = std::max(greatest, weights[key]);
        }
        double total = 0;
        for (double& weight : weights) {
            weight = std::exp(weight - greatest);
            total += weight;
        }
        std::vector<double> row(static_cast<size_t>(v->ne[0]));
        for (int64_t key = 0; key < k->ne[1]; key++) {
            for (int64_t i = 0; i < v->ne[0]; i++) {
                row[i] += weights[key] / total * get(v, i, key, kv_head, image);
            }
        }
        return row;
    }

    /* The difference from what is expected, of a sample of about so many rows. */
    double error(int64_t most_rows) const {
        Error error;
        const int64_t rows = q->ne[1] * q->ne[2] * q->ne[3];
        const int64_t step = std::max<int64_t>(1, rows / most_rows) * 2 - 1;
        for (int64_t i = 0; i < rows; i += step) {
            const int64_t query = i % q->ne[1];
            const int64_t head  = i / q->ne[1] % q->ne[2];
            const int64_t image = i / q->ne[1] / q->ne[2];
            const std::vector<double> row = expected(query, head, image);
            for (int64_t feature = 0; feature < v->ne[0]; feature++) {
                error.add(get(output, feature, head, query, image), row[feature]);
            }
        }
        return error.value();
    }

    ggml_tensor* q;
    ggml_tensor* k;
    ggml_tensor* v;
    ggml_tensor* output;
    float scale;
};

void test(const char* what, ggml_context* context, const Attention& attention, int threads, bool by_override, double most_error,
          size_t most_work = SIZE_MAX) {
    bool computed         = false;
    const int64_t calls   = calls_during("flash_attention", [&] { computed = compute(context, attention.output, threads, most_work); });
    const int64_t each    = attention.k->ne[1] * (attention.k->ne[0] + attention.v->ne[0]);
    const double error    = attention.error(std::max<int64_t>(16, 2'000'000 / each));
    report(what, computed && calls == by_override && error < most_error, error);
}

void test_shapes() {
    for (const Case& c : CASES) {
        const Memory memory;
        test(c.what, memory, Attention(memory, c), c.threads, true, 1e-5);
    }
}

/* Results that depend on where NaN and infinities are, as the softmax has it: elsewhere they must be right. */
void test_values() {
    constexpr Case CASE = {"", 40, 56, 101, 150, 4, 2, 2, 3};
    const auto with     = [&](const char* what, const std::function<void(const Attention&)>& change, double most_error = 1e-5) {
        const Memory memory;
        const Attention attention(memory, CASE);
        change(attention);
        test(what, memory, attention, CASE.threads, true, most_error);
    };
    with("NaN in a query", [](const Attention& a) { set(a.q, NOT_A_NUMBER, 5, 50, 1, 1); });
    with("NaN in the last query", [](const Attention& a) { set(a.q, NOT_A_NUMBER, 39, 100, 3, 1); });
    with("NaN in the first key", [](const Attention& a) { set(a.k, NOT_A_NUMBER, 0, 0, 0, 0); });
    with("NaN in a key", [](const Attention& a) { set(a.k, NOT_A_NUMBER, 7, 20, 1, 0); });
    with("NaN in a key of another tile", [](const Attention& a) { set(a.k, NOT_A_NUMBER, 7, 100, 0, 1); });
    with("NaN in the last key", [](const Attention& a) { set(a.k, NOT_A_NUMBER, 39, 149, 1, 1); });
    with("NaN in a value", [](const Attention& a) { set(a.v, NOT_A_NUMBER, 30, 70, 1, 0); });
    with("NaN in the last value", [](const Attention& a) { set(a.v, NOT_A_NUMBER, 55, 149, 1, 1); });
    with("NaN in a value that weighs nothing", [](const Attention& a) {
        for (int64_t query = 0; query < a.q->ne[1]; query++) {
            set(a.q, 1, 0, query, 2, 0);
        }
        set(a.k, -60000, 0, 30, 1, 0);
        set(a.v, NOT_A_NUMBER, 3, 30, 1, 0);
    });
    with("inf in a query", [](const Attention& a) { set(a.q, INFINITE, 5, 50, 1, 1); });
    with("inf in a key", [](const Attention& a) { set(a.k, INFINITE, 7, 20, 1, 0); });
    with("-inf in a key", [](const Attention& a) { set(a.k, -INFINITE, 7, 149, 1, 0); });
    with("inf in a value", [](const Attention& a) { set(a.v, INFINITE, 30, 70, 1, 0); });
    with("-inf in a value", [](const Attention& a) { set(a.v, -INFINITE, 30, 0, 1, 0); });
    // Those of a tile, and all keys of a head.
    for (const int64_t keys : {64, 150}) {
        with(keys == 64 ? "-inf as the scores of a whole tile" : "-inf as all scores", [&](const Attention& a) {
            for (int64_t query = 0; query < a.q->ne[1]; query++) {
                set(a.q, 0.5f, 0, query, 0, 0);
            }
            for (int64_t key = 0; key < keys; key++) {
                set(a.k, -INFINITE, 0, key, 0, 0);
            }
        });
    }
    // Scores are in the thousands, and a weight is as exact as the difference of two of them.
    const auto spread = [](const Attention& a) {
        for_each(a.q, [&](int64_t i0, int64_t i1, int64_t i2, int64_t i3) { set(a.q, get(a.q, i0, i1, i2, i3) * 1000, i0, i1, i2, i3); });
    };
    with("scores far apart", spread, 1e-3);
}

/* What it is not for, computed by ggml, and less exactly. */
void test_others() {
    constexpr Case ONE_QUERY = {"", 40, 40, 1, 150, 4, 2, 1, 2};
    constexpr Case FEW       = {"", 64, 64, 20, 70, 2, 2, 1, 2};
    constexpr double ERROR   = 3e-3;
    {
        const Memory memory;
        test("one query", memory, Attention(memory, ONE_QUERY), 2, false, ERROR);
    }
    {
        const Memory memory;
        test("keys and values in f32", memory, Attention(memory, FEW, GGML_TYPE_F32), 2, false, ERROR);
    }
    {
        const Memory memory;
        const Attention attention(memory, FEW);
        ggml_tensor* mask = ggml_new_tensor_2d(memory, GGML_TYPE_F16, FEW.keys, FEW.queries);
        fill(mask, 0.0f);
        attention.output->src[3] = mask;
        test("a mask", memory, attention, 2, false, ERROR);
    }
    {
        const Memory memory;
        const Attention attention(memory, FEW);
        const float soft_cap = 1e4f;
        std::memcpy(attention.output->op_params + 2, &soft_cap, sizeof soft_cap);
        test("a soft cap", memory, attention, 2, false, ERROR);
    }
    {
        const Memory memory;
        const Attention attention(memory, FEW);
        ggml_tensor* sinks = ggml_new_tensor_1d(memory, GGML_TYPE_F32, FEW.heads);
        fill(sinks, -INFINITE);
        attention.output->src[4] = sinks;
        test("sinks", memory, attention, 2, false, ERROR);
    }
}

/* What ggml asserts is left for it to assert. */
void test_assertions() {
    // Such as the threads of a computation that is left by an exception.
    const MayLeak left;
    const auto refused = [](const char* what, const std::function<void(const Attention&)>& change) {
        const Memory memory;
        const Attention attention(memory, {"", 64, 64, 20, 70, 2, 2, 1, 1});
        change(attention);
        bool asserted       = false;
        const int64_t calls = calls_during("flash_attention", [&] {
            try {
                compute(memory, attention.output, 1);
            } catch (const std::logic_error&) {
                asserted = true;
            }
        });
        report(what, asserted && calls == 0);
    };
    ggml_set_abort_callback([](const char* message) { throw std::logic_error(message); });
    refused("refused: values of a query apart", [](const Attention& a) { a.q->nb[0] = 8; });
    refused("refused: values of a key apart", [](const Attention& a) { a.k->nb[0] = 4; });
    refused("refused: values of a value apart", [](const Attention& a) { a.v->nb[0] = 4; });
    refused("refused: values of the output apart", [](const Attention& a) { a.output->nb[0] = 8; });
    refused("refused: keys shorter than queries", [](const Attention& a) { a.k->ne[0] = 32; });
    refused("refused: output shorter than values", [](const Attention& a) { a.output->ne[0] = 32; });
    refused("refused: output of fewer queries", [](const Attention& a) { a.output->ne[2] = 10; });
    ggml_set_abort_callback(nullptr);
}

}  // namespace

int main() {
    test_shapes();
    test_values();
    test_others();
    test_assertions();
    return failures == 0 ? 0 : 1;
}
