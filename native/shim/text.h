/* Small helpers for text that leaves the library. */
#ifndef D4J_TEXT_H
#define D4J_TEXT_H

#include <cstddef>
#include <string>

namespace d4j {

/* Without surrounding white space, with inner line breaks and other control characters as spaces, in valid UTF-8. */
std::string clean_line(const std::string& text);

/* At most max_bytes of it, cut between characters, with an ellipsis if something is missing. */
std::string shortened(const std::string& text, size_t max_bytes);

/* Copies into a fixed field, shortened to fit and always terminated. */
void copy_text(const std::string& text, char* field, size_t field_bytes);

}  // namespace d4j

#endif
