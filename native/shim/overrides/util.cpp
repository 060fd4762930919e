/*
 * Compiles the runtime's util.cpp with its logging, progress and preview functions set aside and ours in their place:
 * they keep one process-wide state each (log text is even formatted into one shared buffer) and print to the standard
 * output when nobody listens, while several models may run at once here, each with its own listener.
 */
// Everything that util.cpp includes and that names these functions, before they are set aside.
#include "core/ggml_extend.hpp"
#include "core/util.h"

#include "log.h"
#include "progress.h"

#include <cstdarg>

#undef LOG_DEBUG
#undef LOG_INFO
#undef LOG_WARN
#undef LOG_ERROR
#define LOG_DEBUG(...) d4j::log_formatted(SD_LOG_DEBUG, __VA_ARGS__)
#define LOG_INFO(...) d4j::log_formatted(SD_LOG_INFO, __VA_ARGS__)
#define LOG_WARN(...) d4j::log_formatted(SD_LOG_WARN, __VA_ARGS__)
#define LOG_ERROR(...) d4j::log_formatted(SD_LOG_ERROR, __VA_ARGS__)

#define log_printf unused_log_printf
#define pretty_progress unused_pretty_progress
#define pretty_bytes_progress unused_pretty_bytes_progress
#define sd_get_preview_callback unused_get_preview_callback
#define sd_get_preview_callback_data unused_get_preview_callback_data
#define sd_get_preview_mode unused_get_preview_mode
#define sd_get_preview_interval unused_get_preview_interval
#define sd_should_preview_denoised unused_should_preview_denoised
#define sd_should_preview_noisy unused_should_preview_noisy
#include "src/core/util.cpp"
#undef log_printf
#undef pretty_progress
#undef pretty_bytes_progress
#undef sd_get_preview_callback
#undef sd_get_preview_callback_data
#undef sd_get_preview_mode
#undef sd_get_preview_interval
#undef sd_should_preview_denoised
#undef sd_should_preview_noisy

void log_printf(sd_log_level_t level, const char* /*file*/, int /*line*/, const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    d4j::log_formatted_list(level, format, arguments);
    va_end(arguments);
}

// Whatever comes through here is a VAE tile: stable-diffusion.cpp's own reports go elsewhere, see runtime.cpp.
void pretty_progress(int step, int steps, float time) {
    d4j::on_tile_progress(step, steps, time);
}

// The loader's reports: weight tensors read so far.
void pretty_bytes_progress(int step, int steps, uint64_t /*bytes_processed*/, float elapsed_seconds) {
    d4j::on_loading_progress(step, steps, step > 0 ? elapsed_seconds / static_cast<float>(step) : 0.0f);
}

sd_preview_cb_t sd_get_preview_callback() {
    return d4j::preview_mode() == PREVIEW_NONE ? nullptr : d4j::on_preview;
}

void* sd_get_preview_callback_data() {
    return nullptr;
}

preview_t sd_get_preview_mode() {
    return d4j::preview_mode();
}

int sd_get_preview_interval() {
    return 1;
}

bool sd_should_preview_denoised() {
    return d4j::preview_is_due();
}

bool sd_should_preview_noisy() {
    return false;
}
