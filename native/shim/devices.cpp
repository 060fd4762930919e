#include <algorithm>
#include <cctype>
#include <memory>
#include <string>

#include "ggml-backend.h"

#include "cuda_settings.h"
#include "devices.h"
#include "guard.h"
#include "log.h"
#include "open_model.h"
#include "overrides/host_memory.h"
#include "rpc.h"
#include "text.h"
#include "threads.h"

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

ggml_backend_dev_t device_at(int32_t index) {
    if (index < 0 || static_cast<size_t>(index) >= ggml_backend_dev_count()) {
        throw Failure{D4J_INVALID, "there is no device " + std::to_string(index)};
    }
    return ggml_backend_dev_get(static_cast<size_t>(index));
}

int32_t index_of(ggml_backend_dev_t wanted) {
    for (size_t i = 0; i < ggml_backend_dev_count(); i++) {
        if (ggml_backend_dev_get(i) == wanted) {
            return static_cast<int32_t>(i);
        }
    }
    throw Failure{D4J_FAILED, "the device was not registered"};
}

std::string lower_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
}

ggml_backend_dev_t first_here(enum ggml_backend_dev_type type) {
    for (size_t i = 0; i < ggml_backend_dev_count(); i++) {
        ggml_backend_dev_t device = ggml_backend_dev_get(i);
        if (ggml_backend_dev_type(device) == type && d4j::rpc_endpoint(device).empty()) {
            return device;
        }
    }
    return nullptr;
}

}  // namespace

namespace d4j {

std::string default_device() {
    for (const auto type : {GGML_BACKEND_DEVICE_TYPE_GPU, GGML_BACKEND_DEVICE_TYPE_IGPU, GGML_BACKEND_DEVICE_TYPE_CPU}) {
        if (ggml_backend_dev_t device = first_here(type)) {
            return ggml_backend_dev_name(device);
        }
    }
    throw Failure{D4J_UNAVAILABLE, "there is no device"};
}

bool is_gpu_of_this_machine(ggml_backend_t backend) {
    ggml_backend_dev_t device = backend == nullptr ? nullptr : ggml_backend_get_device(backend);
    return device != nullptr && ggml_backend_dev_type(device) != GGML_BACKEND_DEVICE_TYPE_CPU && rpc_endpoint(device).empty();
}

bool is_lost_gpu(ggml_backend_t backend) {
    try {
        if (is_gpu_of_this_machine(backend)) {
            ggml_backend_synchronize(backend);
        }
        return false;
    } catch (...) {
        log_formatted(SD_LOG_ERROR, "a GPU was lost: %s", exception_text().c_str());
        return true;
    }
}

bool names_remote_device(const std::string& spec) {
    const std::string words = "," + lower_case(spec) + ",";
    for (size_t i = 0; i < ggml_backend_dev_count(); i++) {
        ggml_backend_dev_t device = ggml_backend_dev_get(i);
        if (rpc_endpoint(device).empty()) {
            continue;
        }
        const std::string name = lower_case(ggml_backend_dev_name(device)) + ",";
        if (words.find("," + name) != std::string::npos || words.find("=" + name) != std::string::npos) {
            return true;
        }
    }
    return false;
}

}  // namespace d4j

int32_t d4j_device_count(int32_t* count) {
    return d4j::guarded("the devices could not be listed", nullptr, [&](Call&) {
        if (count == nullptr) {
            throw Failure{D4J_INVALID, "count is null"};
        }
        // Those of other machines were made known later, and follow.
        *count = 0;
        while (static_cast<size_t>(*count) < ggml_backend_dev_count() && d4j::rpc_endpoint(ggml_backend_dev_get(*count)).empty()) {
            (*count)++;
        }
    });
}

int32_t d4j_device(int32_t index, d4j_device_t* device) {
    return d4j::guarded("the device could not be described", nullptr, [&](Call&) {
        if (device == nullptr) {
            throw Failure{D4J_INVALID, "device is null"};
        }
        ggml_backend_dev_t found = device_at(index);
        *device = {};
        d4j::copy_text(d4j::clean_line(text_or_empty(ggml_backend_dev_name(found))), device->name, sizeof(device->name));
        d4j::copy_text(d4j::clean_line(text_or_empty(ggml_backend_dev_description(found))), device->description, sizeof(device->description));
        d4j::copy_text(d4j::rpc_endpoint(found), device->endpoint, sizeof(device->endpoint));
        device->type = type_of(found);
    });
}

int32_t d4j_device_memory(const char* name, int64_t* total, int64_t* free) {
    return d4j::guarded("the device's memory could not be read", nullptr, [&](Call&) {
        d4j::require_pointer("name", name);
        d4j::require_pointer("total", total);
        d4j::require_pointer("free", free);
        ggml_backend_dev_t device = ggml_backend_dev_by_name(name);
        if (device == nullptr) {
            throw Failure{D4J_UNAVAILABLE, std::string("there is no device ") + name};
        }
        size_t free_bytes         = 0;
        size_t total_bytes        = 0;
        const auto turn = d4j::rpc_endpoint(device).empty() ? std::unique_lock<std::timed_mutex>() : d4j::rpc_turn();
        ggml_backend_dev_memory(device, &free_bytes, &total_bytes);
        *total = static_cast<int64_t>(total_bytes);
        *free  = static_cast<int64_t>(free_bytes);
        if (device == first_here(GGML_BACKEND_DEVICE_TYPE_CPU)) {  // of which ggml calls all memory free
            *free = std::min(*free, d4j::free_host_memory());
        }
    });
}

int32_t d4j_rpc_devices(const char* endpoint, int32_t* indices, int32_t* count) {
    return d4j::guarded("the RPC server cannot be used", nullptr, [&](Call&) {
        d4j::require_pointer("endpoint", endpoint);
        d4j::require_pointer("indices", indices);
        d4j::require_pointer("count", count);
        const auto turn    = d4j::rpc_turn();
        const auto devices = d4j::rpc_devices(endpoint);
        if (*count < static_cast<int64_t>(devices.size())) {
            throw Failure{D4J_INVALID, "there is no room for " + std::to_string(devices.size()) + " devices"};
        }
        std::transform(devices.begin(), devices.end(), indices, index_of);
        *count = static_cast<int32_t>(devices.size());
    });
}

int32_t d4j_rpc_listen(const char* host, int32_t* port, d4j_rpc_server_t** server) {
    return d4j::guarded("the RPC server could not be started", nullptr, [&](Call&) {
        d4j::require_pointer("host", host);
        d4j::require_pointer("port", port);
        d4j::require_pointer("server", server);
        if (*port < 0 || *port > 65535) {
            throw Failure{D4J_INVALID, "there is no port " + std::to_string(*port)};
        }
        *server = d4j::rpc_listen(host, *port);
    });
}

int32_t d4j_rpc_serve(
    d4j_rpc_server_t* server, const char* device, int32_t threads, const int32_t* stop) {
    return d4j::guarded("the RPC server failed", nullptr, [&](Call&) {
        d4j::require_pointer("server", server);
        ggml_backend_dev_t served = device == nullptr ? first_here(GGML_BACKEND_DEVICE_TYPE_CPU) : ggml_backend_dev_by_name(device);
        if (served == nullptr) {
            throw Failure{D4J_UNAVAILABLE, std::string("there is no device ") + (device == nullptr ? "CPU" : device)};
        }
        if (threads < 0 || threads > 512) {
            throw Failure{D4J_INVALID, std::to_string(threads) + " threads are not between 0 and 512"};
        }
        d4j::choose_cuda_settings();
        d4j::rpc_serve(*server, served, threads > 0 ? threads : d4j::default_threads(), stop);
    });
}

int32_t d4j_rpc_close(d4j_rpc_server_t* server) {
    return d4j::guarded("the RPC server could not be closed", nullptr, [&](Call&) { d4j::rpc_close(server); });
}
