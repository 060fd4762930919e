/*
 * Vectors as wide as the processor that a unit is compiled for has them, and the matrix product that the overrides are
 * made of. For GCC and Clang.
 */
#ifndef D4J_OVERRIDES_VECTORS_H
#define D4J_OVERRIDES_VECTORS_H

#include <cstdint>
#include <cstring>

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
void multiply_rows(const float* a, int64_t row_step, int64_t step, const float* b, int64_t n, float* c) {
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

template <int VECS>
void multiply(const float* a, int64_t row_step, int64_t step, int64_t rows, const float* b, int64_t n, float* c) {
    int64_t row = 0;
    for (; row + ROWS <= rows; row += ROWS) {
        multiply_rows<ROWS, VECS>(a + row * row_step, row_step, step, b, n, c + row * VECS * LANES);
    }
    for (; row < rows; row++) {
        multiply_rows<1, VECS>(a + row * row_step, row_step, step, b, n, c + row * VECS * LANES);
    }
}

}  // namespace

#endif
