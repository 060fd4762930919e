/* Calls between Java and C with nothing in them, and the same from C alone. */
#include "d4j.h"

D4J_API void benchmark_nothing(void) {}

/* One upcall, as the runtime makes it after a denoising step. */
D4J_API void benchmark_progress(d4j_progress_fn progress, int32_t step, int32_t of) {
    progress(D4J_PROGRESS_SAMPLING, step, of, 0.0f);
}

static void ignore(int32_t kind, int32_t step, int32_t of, float seconds) {
    (void) kind;
    (void) step;
    (void) of;
    (void) seconds;
}

/* What a call through a pointer costs without Java: the lower bound of both. */
D4J_API void benchmark_progress_in_c(int32_t calls) {
    d4j_progress_fn volatile progress = ignore;
    for (int32_t i = 0; i < calls; i++) {
        progress(D4J_PROGRESS_SAMPLING, i, calls, 0.0f);
    }
}
