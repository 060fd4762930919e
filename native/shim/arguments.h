/* The tensors and numbers of a d4j_run, by name. */
#ifndef D4J_ARGUMENTS_H
#define D4J_ARGUMENTS_H

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "d4j.h"

namespace d4j {

struct Tensor {
    const char* name;
    void* data;
    int32_t type;
    int32_t rank;
    const int64_t* shape;
};

/*
 * Hands out what a call asks for, and refuses what it does not have: everything throws Failure (D4J_INVALID) for a tensor that
 * is missing, or of another type or shape. In shapes, ANY stands for any length from 1.
 */
class Arguments {
public:
    static constexpr int64_t ANY      = -1;
    static constexpr int MOST_NUMBERS = 16;

    using Data = std::array<void*, D4J_MAX_TENSORS>;

    Arguments(const d4j_tensor_t* tensors, int32_t tensor_count, const Data& data, const d4j_number_t* numbers, int32_t number_count);

    using Shape = std::initializer_list<int64_t>;

    const Tensor& floats(const char* name, Shape shape);
    const Tensor& ids(const char* name, Shape shape);
    /* Null if it was not given. */
    const Tensor* optional_floats(const char* name, Shape shape);
    const Tensor* optional_ids(const char* name, Shape shape);

    bool has_number(const char* name) const;
    double number(const char* name);
    /* A whole number that fits. */
    int32_t integer(const char* name);

    /* Refuses what nobody has asked for. */
    void require_all_used() const;

private:
    const Tensor* find(const char* name, int32_t type, Shape shape);
    const Tensor& require(const Tensor* tensor, const char* name) const;

    std::array<Tensor, D4J_MAX_TENSORS> tensors_;
    const d4j_number_t* numbers_;
    int32_t tensor_count_;
    int32_t number_count_;
    uint32_t used_tensors_ = 0;
    uint32_t used_numbers_ = 0;
};

inline const float* data(const Tensor& tensor) {
    return static_cast<const float*>(tensor.data);
}

/* Null for none. */
inline const float* data(const Tensor* tensor) {
    return tensor == nullptr ? nullptr : data(*tensor);
}

inline float* writable(const Tensor& tensor) {
    return static_cast<float*>(tensor.data);
}

}  // namespace d4j

#endif
