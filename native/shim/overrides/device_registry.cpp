/*
 * ggml's list of devices, which it reads without protection from every thread that opens a model or begins to use a device,
 * while d4j_rpc_devices adds those of a server to it: here under a lock. Devices are never taken from the list, so what was
 * read from it stays. The functions take the place of those of the same names in ggml-backend-reg.cpp, see
 * cmake/Overrides.cmake.
 */
#include "ggml-backend-impl.h"

#include <mutex>
#include <shared_mutex>

extern "C" {
void ggml_backend_device_register_replaced(ggml_backend_dev_t device);
size_t ggml_backend_dev_count_replaced();
ggml_backend_dev_t ggml_backend_dev_get_replaced(size_t index);
ggml_backend_dev_t ggml_backend_dev_by_name_replaced(const char* name);
ggml_backend_dev_t ggml_backend_dev_by_type_replaced(enum ggml_backend_dev_type type);
}

namespace {

std::shared_mutex& mutex() {
    static std::shared_mutex instance;
    return instance;
}

ggml_backend_t begin_to_use(ggml_backend_dev_t device, const char* params) {
    return device == nullptr ? nullptr : ggml_backend_dev_init(device, params);
}

}  // namespace

void ggml_backend_device_register(ggml_backend_dev_t device) {
    const std::unique_lock<std::shared_mutex> lock(mutex());
    ggml_backend_device_register_replaced(device);
}

size_t ggml_backend_dev_count() {
    const std::shared_lock<std::shared_mutex> lock(mutex());
    return ggml_backend_dev_count_replaced();
}

ggml_backend_dev_t ggml_backend_dev_get(size_t index) {
    const std::shared_lock<std::shared_mutex> lock(mutex());
    return ggml_backend_dev_get_replaced(index);
}

ggml_backend_dev_t ggml_backend_dev_by_name(const char* name) {
    const std::shared_lock<std::shared_mutex> lock(mutex());
    return ggml_backend_dev_by_name_replaced(name);
}

ggml_backend_dev_t ggml_backend_dev_by_type(enum ggml_backend_dev_type type) {
    const std::shared_lock<std::shared_mutex> lock(mutex());
    return ggml_backend_dev_by_type_replaced(type);
}

ggml_backend_t ggml_backend_init_by_name(const char* name, const char* params) {
    return begin_to_use(ggml_backend_dev_by_name(name), params);
}

ggml_backend_t ggml_backend_init_by_type(enum ggml_backend_dev_type type, const char* params) {
    return begin_to_use(ggml_backend_dev_by_type(type), params);
}

ggml_backend_t ggml_backend_init_best() {
    for (const auto type : {GGML_BACKEND_DEVICE_TYPE_GPU, GGML_BACKEND_DEVICE_TYPE_IGPU, GGML_BACKEND_DEVICE_TYPE_CPU}) {
        if (ggml_backend_dev_t device = ggml_backend_dev_by_type(type)) {
            return begin_to_use(device, nullptr);
        }
    }
    return nullptr;
}
