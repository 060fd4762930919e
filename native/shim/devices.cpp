#include <string>

#include "ggml-backend.h"

#include "guard.h"
#include "text.h"

using d4j::Call;
using d4j::Failure;

namespace {

d4j_device_type type_of(ggml_backend_dev_t device) {
    switch (ggml_backend_dev_type(device)) {
        case GGML_BACKEND_DEVICE_TYPE_CPU: return D4J_DEVICE_CPU;
        case GGML_BACKEND_DEVICE_TYPE_GPU: return D4J_DEVICE_GPU;
        case GGML_BACKEND_DEVICE_TYPE_IGPU: return D4J_DEVICE_IGPU;
        default: return D4J_DEVICE_ACCELERATOR;
    }
}

const char* text_or_empty(const char* text) {
    return text == nullptr ? "" : text;
}

}  // namespace

int32_t d4j_device_count(int32_t* count) {
    return d4j::guarded("the devices could not be listed", nullptr, [&](Call&) {
        if (count == nullptr) {
            throw Failure{D4J_INVALID, "count is null"};
        }
        *count = static_cast<int32_t>(ggml_backend_dev_count());
    });
}

int32_t d4j_device(int32_t index, d4j_device_t* device) {
    return d4j::guarded("the device could not be described", nullptr, [&](Call&) {
        if (device == nullptr) {
            throw Failure{D4J_INVALID, "device is null"};
        }
        if (index < 0 || static_cast<size_t>(index) >= ggml_backend_dev_count()) {
            throw Failure{D4J_INVALID, "there is no device " + std::to_string(index)};
        }
        ggml_backend_dev_t found = ggml_backend_dev_get(static_cast<size_t>(index));
        size_t free_bytes  = 0;
        size_t total_bytes = 0;
        ggml_backend_dev_memory(found, &free_bytes, &total_bytes);

        *device = {};
        d4j::copy_text(d4j::clean_line(text_or_empty(ggml_backend_dev_name(found))), device->name, sizeof(device->name));
        d4j::copy_text(d4j::clean_line(text_or_empty(ggml_backend_dev_description(found))), device->description, sizeof(device->description));
        device->type         = type_of(found);
        device->memory_total = static_cast<int64_t>(total_bytes);
        device->memory_free  = static_cast<int64_t>(free_bytes);
    });
}
