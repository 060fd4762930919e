#include "overrides/counters.h"

#include <cstring>

#include "d4j.h"

namespace d4j {

OverrideCalls& override_calls() noexcept {
    static OverrideCalls calls;
    return calls;
}

}  // namespace d4j

int64_t d4j_override_calls(const char* name) {
    const d4j::OverrideCalls& calls = d4j::override_calls();
    const struct {
        const char* name;
        const std::atomic<int64_t>& calls;
    } known[] = {{"product", calls.product},
                 {"winograd", calls.winograd},
                 {"flash_attention", calls.flash_attention},
                 {"im2col", calls.im2col},
                 {"broadcast", calls.broadcast}};
    for (const auto& kernel : known) {
        if (name != nullptr && std::strcmp(name, kernel.name) == 0) {
            return kernel.calls.load(std::memory_order_relaxed);
        }
    }
    return -1;
}
