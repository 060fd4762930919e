#ifndef D4J_THREADS_H
#define D4J_THREADS_H

#include <cstdint>

namespace d4j {

/* How many threads to compute with by default: one per physical core that this process may use. */
int32_t default_threads();

}  // namespace d4j

#endif
