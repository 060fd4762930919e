#include "guard.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <stdexcept>
#include <typeinfo>

#if defined(__GNUC__)
#include <cxxabi.h>
#endif

#if defined(_OPENMP)
#include <omp.h>
#endif

#include "ggml.h"
#include "log.h"
#include "overrides/lost_devices.h"
#include "text.h"

namespace d4j {

namespace {

constexpr size_t MAX_ERROR_BYTES = 2048;

/* What CUDA's part of ggml says when a call of the driver's fails. */
constexpr const char* CUDA_FAILED = "CUDA error";

// A plain array, so that running out of memory can still be reported.
thread_local char last_error_text[MAX_ERROR_BYTES] = "";

thread_local bool is_caught_thread = false;

#if defined(_OPENMP)
bool in_parallel_region() {
    return omp_in_parallel() != 0;
}
#else
thread_local bool is_in_cpu_graph = false;

bool in_parallel_region() {
    return is_in_cpu_graph;
}
#endif

/* "/build/path/ggml.c:12: GGML_ASSERT(x) failed" without the path. */
std::string without_folder(const std::string& assertion) {
    const size_t slash = assertion.find_last_of("/\\", assertion.find(": "));
    return slash == std::string::npos ? assertion : assertion.substr(slash + 1);
}

/*
 * Memory that a device does not have is reported in words alone: as an error in the log and a missing result, as an
 * assertion (CUDA), or as an exception of the runtime's (Vulkan).
 */
bool text_tells_of_memory(const std::string& text) {
    static const char* const signs[] = {
        "out of memory", "OutOfDeviceMemory", "OutOfHostMemory", "failed to allocate", "failed to reserve memory",
        "alloc compute buffer failed", "alloc params backend buffer failed", "alloc compute params backend buffer failed",
        "cudaMalloc failed"};
    for (const char* sign : signs) {
        if (text.find(sign) != std::string::npos) {
            return true;
        }
    }
    return false;
}

void on_assertion(const char* message) {
    // On a thread of the runtime's own, and inside a parallel region, nobody could catch anything: ggml ends the process
    // when this returns. All that is left is to say why.
    if ((Call::current() == nullptr && !is_caught_thread) || in_parallel_region()) {
        std::fprintf(stderr, "diffusion4j: an assertion failed on a thread of the runtime: %s\n", message);
        return;
    }
    Call* call = Call::current();
    if (std::strstr(message, CUDA_FAILED) != nullptr && (call == nullptr || !text_tells_of_memory(call->last_words()))) {
        d4j_give_up_devices(true);
    }
    throw AssertionFailed{without_folder(clean_line(message))};
}

[[noreturn]] void on_terminate() {
    const char* reason = "unknown";
    try {
        if (const std::exception_ptr exception = std::current_exception()) {
            std::rethrow_exception(exception);
        }
    } catch (const std::exception& exception) {
        reason = exception.what();
    } catch (const AssertionFailed& failure) {
        reason = failure.assertion.c_str();
    } catch (...) {
    }
    std::fprintf(stderr, "diffusion4j: the runtime failed where nothing can catch it: %s\n", reason);
    std::abort();
}

void on_ggml_log(ggml_log_level level, const char* text, void* /*data*/) {
    switch (level) {
        case GGML_LOG_LEVEL_ERROR: return log_formatted(SD_LOG_ERROR, "%s", text);
        case GGML_LOG_LEVEL_WARN: return log_formatted(SD_LOG_WARN, "%s", text);
        case GGML_LOG_LEVEL_INFO: return log_formatted(SD_LOG_INFO, "%s", text);
        default: return log_formatted(SD_LOG_DEBUG, "%s", text);
    }
}

/* Says more than what() alone, which may be no more than "stof". */
std::string type_name(const std::exception& exception) {
    const char* name = typeid(exception).name();
#if defined(__GNUC__)
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> readable(abi::__cxa_demangle(name, nullptr, nullptr, &status), std::free);
    return status == 0 ? readable.get() : name;
#else
    return name;
#endif
}

void explain(const char* what_failed, const std::string& reason, const std::string& last_words) {
    std::string text = what_failed;
    if (!reason.empty()) {
        text += ": " + reason;
    }
    if (!last_words.empty() && reason.find(last_words) == std::string::npos) {
        text += "; the runtime's last words: " + last_words;
    }
    copy_text(clean_line(text), last_error_text, sizeof(last_error_text));
}

/* Of an exception that is being handled and did not come from the shim. */
d4j_status status_of_exception() {
    try {
        throw;
    } catch (const AssertionFailed&) {
        return D4J_POISONED;
    } catch (const std::bad_alloc&) {
        return D4J_OUT_OF_MEMORY;
    } catch (...) {
        return D4J_FAILED;
    }
}

/* Runs the body and turns whatever leaves it into a status and a reason. */
d4j_status attempt(Call& call, const std::function<void(Call&)>& body, std::string& reason) {
    try {
        body(call);
        return D4J_OK;
    } catch (const Failure& failure) {
        reason = failure.reason;
        return failure.status;
    } catch (...) {
        reason = exception_text();
        if (follows_from_cancel(call)) {
            return D4J_CANCELLED;
        }
        return tells_of_memory(call) ? D4J_OUT_OF_MEMORY : status_of_exception();
    }
}

}  // namespace

CaughtThread::CaughtThread() noexcept {
    is_caught_thread = true;
}

CaughtThread::~CaughtThread() {
    is_caught_thread = false;
}

#if !defined(_OPENMP)
InCpuGraph::InCpuGraph() noexcept {
    is_in_cpu_graph = true;
}

InCpuGraph::~InCpuGraph() {
    is_in_cpu_graph = false;
}
#endif

std::string exception_text() {
    try {
        throw;
    } catch (const Failure& failure) {
        return failure.reason;
    } catch (const AssertionFailed& failure) {
        return failure.assertion;
    } catch (const std::bad_alloc&) {
        return "out of memory";
    } catch (const std::exception& exception) {
        return "the runtime threw " + type_name(exception) + ": " + exception.what();
    } catch (...) {
        return "an exception of unknown type";
    }
}

bool follows_from_cancel(const Call& call) noexcept {
    if (!call.was_aborted()) {
        return false;
    }
    try {
        throw;
    } catch (const AssertionFailed& failure) {
        // A device that fails does so whether or not somebody cancels.
        return failure.assertion.find(CUDA_FAILED) == std::string::npos;
    } catch (const std::logic_error&) {
        // The runtime's tensors throw it where a shape is not what it should be.
        return true;
    } catch (...) {
        return false;
    }
}

bool tells_of_memory(Call& call) {
    return text_tells_of_memory(exception_text()) || text_tells_of_memory(call.last_words());
}

void initialize() {
    static std::once_flag once;
    std::call_once(once, [] {
        ggml_set_abort_callback(on_assertion);
        ggml_log_set(on_ggml_log, nullptr);
        // ggml has installed one that starts a debugger.
        std::set_terminate(on_terminate);
    });
}

d4j_status guarded(const char* what_failed, const d4j_observer_t* observer, const std::function<void(Call&)>& body) noexcept {
    last_error_text[0] = '\0';
    try {
        initialize();
        Call call(observer);
        std::string reason;
        d4j_status status = attempt(call, body, reason);
        d4j_give_up_devices(false);
        if (status == D4J_CANCELLED) {
            explain("cancelled", "", "");
        } else if (status == D4J_INVALID) {
            explain(what_failed, reason, "");
        } else if (status != D4J_OK) {
            const std::string last_words = call.last_words();
            explain(what_failed, reason, last_words);
            const bool is_general = status == D4J_FAILED || status == D4J_LOAD_FAILED;
            if (is_general && (text_tells_of_memory(reason) || text_tells_of_memory(last_words))) {
                status = D4J_OUT_OF_MEMORY;
            }
        }
        return status;
    } catch (...) {
        // Only the bookkeeping above is left to fail, and only for want of memory.
        std::snprintf(last_error_text, sizeof(last_error_text), "%s: out of memory", what_failed);
        return D4J_OUT_OF_MEMORY;
    }
}

const char* last_error() noexcept {
    return last_error_text;
}

}  // namespace d4j
