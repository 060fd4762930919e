#include "text.h"

#include <cstdint>
#include <cstring>

namespace d4j {

namespace {

constexpr const char* REPLACEMENT = "\xEF\xBF\xBD";
constexpr const char* ELLIPSIS    = "\xE2\x80\xA6";

bool is_continuation(char byte) {
    return (static_cast<uint8_t>(byte) & 0xC0) == 0x80;
}

/* The length of the well-formed UTF-8 sequence at the position, 0 if there is none. */
size_t sequence_length(const std::string& text, size_t position) {
    const auto first = static_cast<uint8_t>(text[position]);
    if (first < 0x80) {
        return 1;
    }
    const size_t length = first >= 0xC2 && first <= 0xDF ? 2 : first >= 0xE0 && first <= 0xEF ? 3 : first >= 0xF0 && first <= 0xF4 ? 4 : 0;
    if (length == 0 || position + length > text.size()) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if (!is_continuation(text[position + i])) {
            return 0;
        }
    }
    const auto second   = static_cast<uint8_t>(text[position + 1]);
    const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
    const bool surrogate = first == 0xED && second > 0x9F;
    const bool too_large = first == 0xF4 && second > 0x8F;
    return overlong || surrogate || too_large ? 0 : length;
}

}  // namespace

std::string clean_line(const std::string& text) {
    std::string clean;
    clean.reserve(text.size());
    for (size_t i = 0; i < text.size();) {
        const size_t length = sequence_length(text, i);
        if (length == 0) {
            clean += REPLACEMENT;
            i++;
            continue;
        }
        const auto first = static_cast<uint8_t>(text[i]);
        if (first < 0x20 || first == 0x7F) {
            clean += ' ';
        } else {
            clean.append(text, i, length);
        }
        i += length;
    }
    const size_t begin = clean.find_first_not_of(' ');
    if (begin == std::string::npos) {
        return "";
    }
    return clean.substr(begin, clean.find_last_not_of(' ') - begin + 1);
}

std::string shortened(const std::string& text, size_t max_bytes) {
    if (text.size() <= max_bytes) {
        return text;
    }
    const size_t ellipsis = std::strlen(ELLIPSIS);
    if (max_bytes < ellipsis) {
        return "";
    }
    size_t end = max_bytes - ellipsis;
    while (end > 0 && is_continuation(text[end])) {
        end--;
    }
    return text.substr(0, end) + ELLIPSIS;
}

void copy_text(const std::string& text, char* field, size_t field_bytes) {
    const std::string fitting = shortened(text, field_bytes - 1);
    std::memcpy(field, fitting.data(), fitting.size());
    field[fitting.size()] = '\0';
}

}  // namespace d4j
