/* What shim/overrides/rpc.cpp wants of the transport beyond the class that upstream's transport.h declares. */
#ifndef D4J_RPC_TRANSPORT_H
#define D4J_RPC_TRANSPORT_H

#include <cstdint>
#include <string>

namespace d4j {

/* Why this thread's last use of a connection failed. */
const std::string& transport_failure() noexcept;

/* The port of the server that this thread created last, chosen by the system if 0 was asked for. */
int32_t transport_bound_port() noexcept;

/* The largest message that this thread accepts as a server. */
void transport_limit_messages(uint64_t bytes) noexcept;

/* Makes what this thread does on connections end once the flag is set; null for never. */
void transport_stop_on(const int32_t* flag) noexcept;

}  // namespace d4j

#endif
