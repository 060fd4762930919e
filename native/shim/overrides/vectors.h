/*
 * Vectors as wide as the processor that a unit is compiled for has them, and the matrix product that the overrides are
 * made of. For GCC and Clang.
 */
#ifndef D4J_OVERRIDES_VECTORS_H
#define D4J_OVERRIDES_VECTORS_H

#include <cstdint>
#include <cstring>
#include <utility>

#if defined(__F16C__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

/* Every unit has its own: a library may hold them compiled for several processors. */
namespace {

#if defined(__AVX512F__)
constexpr int LANES = 16, ROWS = 8;
#elif defined(__AVX__)
constexpr int LANES = 8, ROWS = 4;
#elif defined(__ARM_NEON)
constexpr int LANES = 4, ROWS = 8;
#else
constexpr int LANES = 4, ROWS = 4;
#endif

/* ROWS and so many columns of a product's sums are what the registers hold. */
constexpr int MAX_VECS = 3;

constexpr int CACHE_LINE_BYTES  = 64;
constexpr int CACHE_LINE_FLOATS = CACHE_LINE_BYTES / sizeof(float);

typedef float vec __attribute__((vector_size(LANES * sizeof(float))));
typedef int32_t ivec __attribute__((vector_size(LANES * sizeof(int32_t))));

inline vec load(const float* from) {
    vec v;
    std::memcpy(&v, from, sizeof v);
    return v;
}

inline void store(float* to, vec v) {
    std::memcpy(to, &v, sizeof v);
}

inline vec all(float x) {
    return x - vec{};
}

inline vec to_float(vec v) {
    return v;
}

#if defined(__F16C__) || defined(__aarch64__)
#define D4J_HAS_HALF_VECTORS

/* As many numbers in half precision. */
typedef uint16_t half_vec __attribute__((vector_size(LANES * sizeof(uint16_t))));

inline vec to_float(half_vec h) {
#if defined(__AVX512F__)
    return (vec) _mm512_cvtph_ps((__m256i) h);
#elif defined(__F16C__)
    return (vec) _mm256_cvtph_ps((__m128i) h);
#else
    return (vec) vcvt_f32_f16((float16x4_t) h);
#endif
}
#endif

/* From a half of two vectors on: a0, b0, a1, b1 and so on. */
template <int FIRST, typename Vec, int... I>
Vec interleave(Vec a, Vec b, std::integer_sequence<int, I...>) {
#if defined(__clang__)
    return __builtin_shufflevector(a, b, (FIRST + I / 2 + I % 2 * LANES)...);
#else
    typedef decltype(a < b) Mask;
    return __builtin_shuffle(a, b, Mask{(FIRST + I / 2 + I % 2 * LANES)...});
#endif
}

/* Rows of a square become its columns. */
template <typename Vec>
void transpose(Vec* rows) {
    constexpr auto LANE = std::make_integer_sequence<int, LANES>();
    for (int round = 1; round < LANES; round *= 2) {
        Vec interleaved[LANES];
        for (int i = 0; i < LANES / 2; i++) {
            interleaved[2 * i]     = interleave<0>(rows[i], rows[i + LANES / 2], LANE);
            interleaved[2 * i + 1] = interleave<LANES / 2>(rows[i], rows[i + LANES / 2], LANE);
        }
        std::memcpy(rows, interleaved, sizeof interleaved);
    }
}

/* Where the first whole cache line of some memory begins. */
inline float* next_line(void* memory) {
    const auto address = reinterpret_cast<uintptr_t>(memory);
    return reinterpret_cast<float*>((address + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES);
}

/* Has a value in a register from here on: GCC would otherwise load it again for each of its uses. */
inline void keep(vec& v) {
#if defined(__x86_64__) || defined(__i386__)
    __asm__("" : "+v"(v));
#elif defined(__aarch64__)
    __asm__("" : "+w"(v));
#endif
}

/*
 * c[row][column] += sum over i of a[row * row_step + i * step] * b[i][column] for so many rows; b and c have
 * VECS * LANES columns.
 */
template <int COUNT, int VECS>
__attribute__((noinline)) void multiply_rows(const float* a, int64_t row_step, int64_t step, const float* b, int64_t n, float* c) {
    constexpr int COLUMNS = VECS * LANES;
    vec sum[COUNT][VECS];
    for (int row = 0; row < COUNT; row++) {
        for (int v = 0; v < VECS; v++) {
            sum[row][v] = load(c + row * COLUMNS + v * LANES);
        }
    }
    for (int64_t i = 0; i < n; i++) {
        vec right[VECS];
        for (int v = 0; v < VECS; v++) {
            right[v] = load(b + i * COLUMNS + v * LANES);
            keep(right[v]);
        }
        for (int row = 0; row < COUNT; row++) {
            const vec left = all(a[row * row_step + i * step]);
            for (int v = 0; v < VECS; v++) {
                sum[row][v] += left * right[v];
            }
        }
    }
    for (int row = 0; row < COUNT; row++) {
        for (int v = 0; v < VECS; v++) {
            store(c + row * COLUMNS + v * LANES, sum[row][v]);
        }
    }
}

/* The same for less than COUNT rows. */
template <int COUNT, int VECS>
void multiply_few(const float* a, int64_t row_step, int64_t step, int64_t rows, const float* b, int64_t n, float* c) {
    if constexpr (COUNT > 1) {
        if (rows == COUNT - 1) {
            multiply_rows<COUNT - 1, VECS>(a, row_step, step, b, n, c);
        } else {
            multiply_few<COUNT - 1, VECS>(a, row_step, step, rows, b, n, c);
        }
    }
}

template <int VECS>
void multiply(const float* a, int64_t row_step, int64_t step, int64_t rows, const float* b, int64_t n, float* c) {
    int64_t row = 0;
    for (; row + ROWS <= rows; row += ROWS) {
        multiply_rows<ROWS, VECS>(a + row * row_step, row_step, step, b, n, c + row * VECS * LANES);
    }
    multiply_few<ROWS, VECS>(a + row * row_step, row_step, step, rows - row, b, n, c + row * VECS * LANES);
}

}  // namespace

#endif
