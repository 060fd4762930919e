/*
 * Cuts prompts for language models into words, as Qwen's tokenizer.json does it. The runtime's own function keeps no case of
 * contractions, takes all spaces in front of a word for one word, and gives those behind a line end twice. Besides it asks the C
 * library's isspace for code points, for which that has no table: it reads far behind the end, which could end the process.
 *
 * The rest of the file, and its tables of letters, are compiled as they are.
 */
#include <algorithm>
#include <cctype>
#include <cstddef>
#include <iostream>
#include <string>
#include <vector>

#define token_split token_split_replaced
#undef isspace
#define isspace is_space
#include "src/tokenizers/tokenize_util.cpp"
#undef isspace
#undef token_split

namespace {

/* (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+ */
class WordCutter {
public:
    explicit WordCutter(const std::vector<char32_t>& text) : text_(text) {}

    size_t end_of_word(size_t start) const {
        const size_t contraction = end_of_contraction(start);
        if (contraction > start) {
            return contraction;
        }
        if (is_letter_at(start) || (!is_line_end(start) && !is_number_at(start) && is_letter_at(start + 1))) {
            return end_of(start + 1, &WordCutter::is_letter_at);
        }
        if (is_number_at(start)) {
            return start + 1;
        }
        const size_t other = text_[start] == U' ' ? start + 1 : start;
        return is_other(other) ? end_of(end_of(other, &WordCutter::is_other), &WordCutter::is_line_end) : end_of_spaces(start);
    }

private:
    size_t end_of_contraction(size_t start) const {
        static const std::vector<char32_t> known[] = {{U'S'}, {U'T'}, {U'R', U'E'}, {U'V', U'E'}, {U'M'}, {U'L', U'L'}, {U'D'}};
        if (text_[start] != U'\'') {
            return start;
        }
        for (const auto& letters : known) {
            const size_t end = start + 1 + letters.size();
            const auto same  = [](char32_t c, char32_t upper) { return c == upper || c == upper + (U'a' - U'A'); };
            if (end <= text_.size() && std::equal(text_.begin() + start + 1, text_.begin() + end, letters.begin(), same)) {
                return end;
            }
        }
        return start;
    }

    size_t end_of(size_t start, bool (WordCutter::*belongs)(size_t) const) const {
        while ((this->*belongs)(start)) {
            start++;
        }
        return start;
    }

    /* To the last line end among them, else to the last of them, which belongs to what follows if something does. */
    size_t end_of_spaces(size_t start) const {
        const size_t end = end_of(start, &WordCutter::is_space_at);
        for (size_t i = end; i > start; i--) {
            if (is_line_end(i - 1)) {
                return i;
            }
        }
        return end < text_.size() && end - start > 1 ? end - 1 : end;
    }

    bool is_letter_at(size_t i) const { return i < text_.size() && is_letter(text_[i]); }
    bool is_number_at(size_t i) const { return i < text_.size() && is_number(text_[i]); }
    bool is_line_end(size_t i) const { return i < text_.size() && (text_[i] == U'\r' || text_[i] == U'\n'); }
    bool is_other(size_t i) const { return i < text_.size() && !is_letter_at(i) && !is_number_at(i) && !is_space_at(i); }

    bool is_space_at(size_t i) const {
        // The last three are no spaces to the file's table.
        return i < text_.size()
            && (is_space(text_[i]) || text_[i] == U'\x85' || text_[i] == U'\x2028' || text_[i] == U'\x2029');
    }

    const std::vector<char32_t>& text_;
};

}  // namespace

std::vector<std::string> token_split(const std::string& text) {
    const std::vector<char32_t> characters = utf8_to_codepoints(text);
    const WordCutter cutter(characters);
    std::vector<std::string> words;
    for (size_t start = 0; start < characters.size();) {
        const size_t end = cutter.end_of_word(start);
        std::string word;
        for (; start < end; start++) {
            word += codepoint_to_utf8(characters[start]);
        }
        words.push_back(word);
    }
    return words;
}
