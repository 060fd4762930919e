/* What is allocated while one of these exists may stay: for tests of what is given up rather than freed. */
#ifndef D4J_MAY_LEAK_H
#define D4J_MAY_LEAK_H

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>

using MayLeak = __lsan::ScopedDisabler;
#else
struct MayLeak {
    ~MayLeak() {}
};
#endif

#endif
