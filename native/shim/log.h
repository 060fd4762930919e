/* Where the runtime's log lines arrive, from any thread. */
#ifndef D4J_LOG_H
#define D4J_LOG_H

#include <cstdarg>

#include "stable-diffusion.h"

#if defined(__GNUC__)
#define D4J_PRINTF_LIKE(format_index, first_index) __attribute__((format(printf, format_index, first_index)))
#else
#define D4J_PRINTF_LIKE(format_index, first_index)
#endif

namespace d4j {

void log_formatted(sd_log_level_t level, const char* format, ...) D4J_PRINTF_LIKE(2, 3);
void log_formatted_list(sd_log_level_t level, const char* format, va_list arguments);

}  // namespace d4j

#endif
