/* The error boundary: nothing that the runtime throws leaves a function of d4j.h. */
#ifndef D4J_GUARD_H
#define D4J_GUARD_H

#include <functional>
#include <string>

#include "call.h"
#include "d4j.h"

namespace d4j {

/* Thrown by the shim's own code: the status to return and the reason. */
struct Failure {
    d4j_status status;
    std::string reason;
};

/* Thrown in place of an assertion of the runtime that would have ended the process. */
struct AssertionFailed {
    std::string assertion;
};

/*
 * Made on a thread that the runtime started and whose exceptions the shim passes on to the call: there, too, an assertion is
 * an exception.
 */
class CaughtThread {
public:
    CaughtThread() noexcept;
    ~CaughtThread();
    CaughtThread(const CaughtThread&)            = delete;
    CaughtThread& operator=(const CaughtThread&) = delete;
};

#if !defined(_OPENMP)
/* Made around a computation on ggml's own threads, whose barriers would wait for ever for one that an exception takes away. */
class InCpuGraph {
public:
    InCpuGraph() noexcept;
    ~InCpuGraph();
    InCpuGraph(const InCpuGraph&)            = delete;
    InCpuGraph& operator=(const InCpuGraph&) = delete;
};
#endif

/* Installs the process-wide parts: assertions become AssertionFailed, log lines come to us. Idempotent. */
void initialize();

/*
 * Runs the body as a call of this thread and returns its status. What went wrong is then in last_error(), beginning with
 * what could not be done ("the picture could not be generated") and ending with the runtime's last warnings and errors.
 */
d4j_status guarded(const char* what_failed, const d4j_observer_t* observer, const std::function<void(Call&)>& body) noexcept;

const char* last_error() noexcept;

/* The three that follow are of the exception that is being handled. */
std::string exception_text();
/* The runtime asserts that results are there, which are not after it was told to stop: then it took no harm. */
bool follows_from_cancel(const Call& call) noexcept;
/* Whether it, or the runtime's last words, tell of memory that there is not. */
bool tells_of_memory(Call& call);

}  // namespace d4j

#endif
