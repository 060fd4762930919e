/* Devices of other machines, by ggml's RPC protocol: as a client, and as a server. */
#ifndef D4J_RPC_H
#define D4J_RPC_H

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ggml-backend.h"

struct d4j_rpc_server_t;

namespace d4j {

/*
 * Connects to a server ("host:port") and makes its devices known; they stay so for the process. Throws Failure:
 * D4J_INVALID for what is no address, D4J_UNAVAILABLE if there is no server that answers.
 */
std::vector<ggml_backend_dev_t> rpc_devices(const std::string& endpoint);

/* The server of a device, "" for those of this machine. */
std::string rpc_endpoint(ggml_backend_dev_t device);

/*
 * The connection to a server is one for the process, and the protocol has no notion of two that speak at once. Held
 * during every call that may use one. Throws Failure (D4J_CANCELLED) if the call is cancelled while it waits.
 */
std::unique_lock<std::timed_mutex> rpc_turn();

/* The server's side. Throw Failure. */
d4j_rpc_server_t* rpc_listen(const std::string& host, int32_t& port);
void rpc_serve(d4j_rpc_server_t& server, ggml_backend_dev_t device, int32_t threads, const int32_t* stop);
void rpc_close(d4j_rpc_server_t* server);

}  // namespace d4j

#endif
