/* The memory of this machine that can still be had. */
#ifndef D4J_HOST_MEMORY_H
#define D4J_HOST_MEMORY_H

#include <cstdint>

namespace d4j {

/*
 * Bytes that this process can still touch before the kernel ends one for lack of memory: what the system has available, its swap
 * included, or what is left below the limits of the process's control groups. INT64_MAX where the system does not tell.
 */
int64_t free_host_memory();

}  // namespace d4j

#endif
