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

/* Installs the process-wide parts: assertions become AssertionFailed, log lines come to us. Idempotent. */
void initialize();

/*
 * Runs the body as a call of this thread and returns its status. What went wrong is then in last_error(), beginning with
 * what could not be done ("the picture could not be generated") and ending with the runtime's last warnings and errors.
 */
d4j_status guarded(const char* what_failed, const d4j_observer_t* observer, const std::function<void(Call&)>& body) noexcept;

const char* last_error() noexcept;

}  // namespace d4j

#endif
