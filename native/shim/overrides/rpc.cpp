/*
 * Compiles ggml's RPC backend with its assertions replaced, and what the shim does with it. In the original a server that
 * is lost ends the process, again when memory is freed on it; several threads that load weights speak at once; and a
 * server prints to the standard output, cannot be stopped, and ends at the first client that sends nonsense.
 */
#include "rpc.h"

#include "call.h"
#include "guard.h"

using d4j::Failure;

#include <cstring>
#include <exception>

#include "ggml-backend-impl.h"
#include "ggml-impl.h"
#include "rpc_transport.h"

namespace {

/*
 * What the original asserts is that the other side is there and keeps to the protocol. Where it is lost, so is the
 * memory there: then freeing it is done, and what unwinds must not throw again.
 */
void failed_in(const char* function) {
    const bool frees = std::strcmp(function, "ggml_backend_rpc_buffer_free_buffer") == 0;
    if (!frees && std::uncaught_exceptions() == 0) {
        throw Failure{D4J_UNAVAILABLE, "the RPC server was lost: " + d4j::transport_failure()};
    }
}

}  // namespace

#undef GGML_ABORT
#define GGML_ABORT(...) failed_in(__func__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wreturn-type"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wsign-compare"
#include "ggml-rpc.cpp"
#pragma GCC diagnostic pop

#include "text.h"

struct d4j_rpc_server_t {
    socket_ptr socket;
};

namespace d4j {

namespace {

/* Weights are loaded by several threads of the runtime's at once. */
void set_tensor_alone(ggml_backend_buffer_t buffer, ggml_tensor* tensor, const void* data, size_t offset, size_t size) {
    static std::mutex mutex;
    std::lock_guard<std::mutex> lock(mutex);
    ggml_backend_rpc_buffer_set_tensor(buffer, tensor, data, offset, size);
}

/* A message holds a tensor of the device's, and has to fit into this machine's memory beside what else is there. */
uint64_t largest_message(ggml_backend_dev_t device) {
    size_t free            = 0;
    size_t total           = 0;
    size_t total_here      = 0;
    ggml_backend_dev_t cpu = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
    ggml_backend_dev_memory(device, &free, &total);
    ggml_backend_dev_memory(cpu, &free, &total_here);
    return std::min(total, total_here / 2);
}

void require_endpoint(const std::string& endpoint) {
    const size_t colon     = endpoint.rfind(':');
    const std::string port = colon == std::string::npos ? "" : endpoint.substr(colon + 1);
    const bool is_number   = !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string::npos;
    if (colon == 0 || !is_number || endpoint.find(':') != colon || std::stoi(port) < 1 || std::stoi(port) > 65535) {
        throw Failure{D4J_INVALID, "'" + endpoint + "' is not of the form host:port"};
    }
}

}  // namespace

std::vector<ggml_backend_dev_t> rpc_devices(const std::string& endpoint) {
    static std::once_flag once;
    std::call_once(once, [] { ggml_backend_rpc_buffer_interface.set_tensor = set_tensor_alone; });
    require_endpoint(endpoint);

    ggml_backend_reg_t server = nullptr;
    // A server that was met before is not asked again by the original.
    if (get_socket(endpoint) != nullptr) {
        server = ggml_backend_rpc_add_server(endpoint.c_str());
    }
    if (server == nullptr) {
        throw Failure{D4J_UNAVAILABLE, "the RPC server at " + endpoint + " speaks another version of the protocol, or has no devices"};
    }
    std::vector<ggml_backend_dev_t> devices;
    for (size_t i = 0; i < ggml_backend_reg_dev_count(server); i++) {
        devices.push_back(ggml_backend_reg_dev_get(server, i));
        ggml_backend_device_register(devices.back());
    }
    return devices;
}

std::string rpc_endpoint(ggml_backend_dev_t device) {
    const bool is_remote = device->iface.get_name == ggml_backend_rpc_device_get_name;
    return is_remote ? static_cast<ggml_backend_rpc_device_context*>(device->context)->endpoint : "";
}

d4j_rpc_server_t* rpc_listen(const std::string& host, int32_t& port) {
    auto server    = std::make_unique<d4j_rpc_server_t>();
    server->socket = socket_t::create_server(host.c_str(), port);
    if (server->socket == nullptr) {
        throw Failure{D4J_UNAVAILABLE, host + ":" + std::to_string(port) + ": " + transport_failure()};
    }
    port = transport_bound_port();
    return server.release();
}

void rpc_close(d4j_rpc_server_t* server) {
    delete server;
}

void rpc_serve(d4j_rpc_server_t& server, ggml_backend_dev_t device, int32_t threads, const int32_t* stop) {
    const std::unique_ptr<ggml_backend, void (*)(ggml_backend_t)> backend(ggml_backend_dev_init(device, nullptr), ggml_backend_free);
    if (backend == nullptr) {
        throw Failure{D4J_UNAVAILABLE, std::string("the device ") + ggml_backend_dev_name(device) + " cannot be used"};
    }
    void* set_threads = ggml_backend_reg_get_proc_address(ggml_backend_dev_backend_reg(device), "ggml_backend_set_n_threads");
    if (set_threads != nullptr) {
        reinterpret_cast<ggml_backend_set_n_threads_t>(set_threads)(backend.get(), threads);
    }
    transport_stop_on(stop);
    transport_limit_messages(largest_message(device));
    while (socket_ptr client = server.socket->accept()) {
        GGML_LOG_INFO("a client connected");
        try {
            rpc_serve_client({backend.get()}, nullptr, client);
        } catch (const Failure&) {
            GGML_LOG_WARN("a client sent what makes no sense, and was sent away");
        } catch (const AssertionFailed& failure) {
            GGML_LOG_WARN("a client asked for what cannot be computed, and was sent away: %s", failure.assertion.c_str());
        } catch (const std::exception& exception) {
            GGML_LOG_WARN("a client was sent away: %s", exception.what());
        }
        GGML_LOG_INFO("the client is gone");
    }
    transport_stop_on(nullptr);
}

}  // namespace d4j

std::unique_lock<std::timed_mutex> d4j::rpc_turn() {
    static std::timed_mutex mutex;
    std::unique_lock<std::timed_mutex> lock(mutex, std::defer_lock);
    while (!lock.try_lock_for(std::chrono::milliseconds(50))) {
        Call* call = Call::current();
        if (call != nullptr && call->poll_cancel()) {
            throw Failure{D4J_CANCELLED, ""};
        }
    }
    return lock;
}
