/* How often each of the shim's CPU kernels has computed, so that tests can tell which way a computation went. */
#ifndef D4J_COUNTERS_H
#define D4J_COUNTERS_H

#include <atomic>
#include <cstdint>

namespace d4j {

struct OverrideCalls {
    std::atomic<int64_t> product{0};
    std::atomic<int64_t> winograd{0};
    std::atomic<int64_t> flash_attention{0};
    std::atomic<int64_t> im2col{0};
    std::atomic<int64_t> broadcast{0};
};

/* One for the process, however many variants of the kernels the library carries. */
OverrideCalls& override_calls() noexcept;

}  // namespace d4j

#endif
