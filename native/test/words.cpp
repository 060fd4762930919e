/*
 * The words that the runtime's language models see of a prompt: each character of Unicode is in one of them, whatever locale the
 * process has, and they are those of Qwen's tokenizer (transformers 5.23.0).
 */
#include <clocale>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "tokenizers/tokenize_util.h"

static std::string utf8(uint32_t c) {
    if (c < 0x80) {
        return {static_cast<char>(c)};
    }
    const auto tail = [c](int shift) { return static_cast<char>(0x80 | (c >> shift & 0x3F)); };
    if (c < 0x800) {
        return {static_cast<char>(0xC0 | c >> 6), tail(0)};
    }
    if (c < 0x10000) {
        return {static_cast<char>(0xE0 | c >> 12), tail(6), tail(0)};
    }
    return {static_cast<char>(0xF0 | c >> 18), tail(12), tail(6), tail(0)};
}

static int lost_characters() {
    int lost = 0;
    // Beyond the planes that have nearly all characters, some have to do.
    for (uint32_t c = 1; c < 0x110000; c += c < 0x20000 ? 1 : 61) {
        if (c >= 0xD800 && c < 0xE000) {
            continue;
        }
        const std::string text = "a" + utf8(c) + "! " + utf8(c) + "x";
        std::string together;
        for (const std::string& word : token_split(text)) {
            together += word;
        }
        if (together != text && lost++ < 10) {
            std::fprintf(stderr, "U+%04X is lost\n", static_cast<unsigned>(c));
        }
    }
    return lost;
}

static int wrong_words() {
    const std::vector<std::vector<std::string>> texts = {
        {"IT", "'S", " HE", "'ll", " said", "'"},
        {"he", "'d"},
        {"a", " ", " cat", " \t", "\tdog", "  "},
        {"one", "\n", " two", ".\n\n", "  ", " three", " \n\n", "\tfour", "\n  \r\n"},
        {"a", "\u2028", "7", "8", " !?", " (", "b", "),\r\n", "c"},
    };
    int wrong = 0;
    for (const auto& words : texts) {
        std::string text;
        for (const std::string& word : words) {
            text += word;
        }
        if (token_split(text) != words) {
            wrong++;
            std::fprintf(stderr, "cut otherwise: %s\n", text.c_str());
            for (const std::string& word : token_split(text)) {
                std::fprintf(stderr, "  [%s]\n", word.c_str());
            }
        }
    }
    return wrong;
}

int main() {
    const int wrong = wrong_words();
    const int in_c = lost_characters();
    std::setlocale(LC_ALL, "C.UTF-8");
    const int in_utf8 = lost_characters();
    std::printf("%d texts cut otherwise; %d characters lost in the locale C, %d in UTF-8\n", wrong, in_c, in_utf8);
    return wrong == 0 && in_c == 0 && in_utf8 == 0 ? 0 : 1;
}
