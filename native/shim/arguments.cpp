#include "arguments.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "guard.h"

namespace d4j {
namespace {

[[noreturn]] void refuse(const std::string& reason) {
    throw Failure{D4J_INVALID, reason};
}

bool is(const char* name, const char* wanted) {
    return std::strcmp(name, wanted) == 0;
}

std::string text(const Tensor& tensor) {
    std::string text = "(";
    for (int32_t i = 0; i < tensor.rank; i++) {
        text += (i == 0 ? "" : ", ") + std::to_string(tensor.shape[i]);
    }
    return text + ")";
}

std::string text(std::initializer_list<int64_t> shape) {
    std::string text = "(";
    for (const int64_t* side = shape.begin(); side != shape.end(); side++) {
        text += (side == shape.begin() ? "" : ", ") + (*side == Arguments::ANY ? "any" : std::to_string(*side));
    }
    return text + ")";
}

void require_well_formed(const Tensor& tensor) {
    if (tensor.name == nullptr || tensor.data == nullptr) {
        refuse("a tensor has no name or no data");
    }
    if (tensor.rank < 0 || tensor.rank > D4J_MAX_RANK) {
        refuse(std::string(tensor.name) + " has " + std::to_string(tensor.rank) + " dimensions");
    }
    int64_t elements = 1;
    for (int32_t i = 0; i < tensor.rank; i++) {
        if (tensor.shape[i] < 1 || tensor.shape[i] > std::numeric_limits<int32_t>::max() / elements) {
            refuse(std::string(tensor.name) + " is of the shape " + text(tensor) + ", which is too large or empty");
        }
        elements *= tensor.shape[i];
    }
}

void require_count(const char* what, const void* array, int32_t count, int32_t most) {
    if (count < 0 || count > most || (count > 0 && array == nullptr)) {
        refuse(std::string("a call cannot have ") + std::to_string(count) + " " + what);
    }
}

}  // namespace

Arguments::Arguments(
    const d4j_tensor_t* tensors, int32_t tensor_count, const Data& data, const d4j_number_t* numbers, int32_t number_count)
    : tensors_(), numbers_(numbers), tensor_count_(tensor_count), number_count_(number_count) {
    require_count("tensors", tensors, tensor_count, D4J_MAX_TENSORS);
    require_count("numbers", numbers, number_count, MOST_NUMBERS);
    for (int32_t i = 0; i < tensor_count; i++) {
        tensors_[i] = {tensors[i].name, data[i], tensors[i].type, tensors[i].rank, tensors[i].shape};
        require_well_formed(tensors_[i]);
    }
    for (int32_t i = 0; i < number_count; i++) {
        if (numbers[i].name == nullptr || !std::isfinite(numbers[i].value)) {
            refuse("a number has no name or is not finite");
        }
    }
}

const Tensor* Arguments::find(const char* name, int32_t type, Shape shape) {
    for (int32_t i = 0; i < tensor_count_; i++) {
        const Tensor& tensor = tensors_[i];
        if (!is(tensor.name, name)) {
            continue;
        }
        used_tensors_ |= 1u << i;
        bool fits = tensor.type == type && tensor.rank == static_cast<int32_t>(shape.size());
        for (int32_t side = 0; fits && side < tensor.rank; side++) {
            const int64_t wanted = shape.begin()[side];
            fits                 = wanted == ANY || tensor.shape[side] == wanted;
        }
        if (!fits) {
            refuse(std::string(name) + " is of the shape " + text(tensor) + " and not " + text(shape)
                   + (type == D4J_TENSOR_F32 ? ", float32" : ", int32"));
        }
        return &tensor;
    }
    return nullptr;
}

const Tensor& Arguments::require(const Tensor* tensor, const char* name) const {
    if (tensor == nullptr) {
        refuse(std::string("there is no tensor named ") + name);
    }
    return *tensor;
}

const Tensor& Arguments::floats(const char* name, Shape shape) {
    return require(find(name, D4J_TENSOR_F32, shape), name);
}

const Tensor& Arguments::ids(const char* name, Shape shape) {
    return require(find(name, D4J_TENSOR_I32, shape), name);
}

const Tensor* Arguments::optional_floats(const char* name, Shape shape) {
    return find(name, D4J_TENSOR_F32, shape);
}

const Tensor* Arguments::optional_ids(const char* name, Shape shape) {
    return find(name, D4J_TENSOR_I32, shape);
}

bool Arguments::has_number(const char* name) const {
    for (int32_t i = 0; i < number_count_; i++) {
        if (is(numbers_[i].name, name)) {
            return true;
        }
    }
    return false;
}

double Arguments::number(const char* name) {
    for (int32_t i = 0; i < number_count_; i++) {
        if (is(numbers_[i].name, name)) {
            used_numbers_ |= 1u << i;
            return numbers_[i].value;
        }
    }
    refuse(std::string("there is no number named ") + name);
}

int32_t Arguments::integer(const char* name) {
    const double value = number(name);
    if (value != std::trunc(value) || std::fabs(value) > std::numeric_limits<int32_t>::max()) {
        refuse(std::string(name) + " is no whole number");
    }
    return static_cast<int32_t>(value);
}

void Arguments::require_all_used() const {
    for (int32_t i = 0; i < tensor_count_; i++) {
        if ((used_tensors_ >> i & 1u) == 0) {
            refuse(std::string("this call takes no tensor named ") + tensors_[i].name);
        }
    }
    for (int32_t i = 0; i < number_count_; i++) {
        if ((used_numbers_ >> i & 1u) == 0) {
            refuse(std::string("this call takes no number named ") + numbers_[i].name);
        }
    }
}

}  // namespace d4j
