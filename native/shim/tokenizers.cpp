#include "tokenizers.h"

#include <atomic>
#include <stdexcept>

namespace d4j {

namespace {

std::atomic<d4j_tokenize_fn> callback{nullptr};

/* Asks a second time where there are more ids than bytes, which is rare: characters that are normalised to many. */
std::vector<int> ids_of(d4j_tokenize_fn tokenize, d4j_tokenizer tokenizer, const std::string& text) {
    std::vector<int> ids(text.size() + 1);
    const auto write = [&] {
        const int32_t count =
            tokenize(tokenizer, text.data(), static_cast<int64_t>(text.size()), ids.data(), static_cast<int64_t>(ids.size()));
        if (count < 0) {
            throw std::runtime_error("the tokenizer failed");
        }
        return static_cast<size_t>(count);
    };
    size_t count = write();
    if (count > ids.size()) {
        ids.resize(count);
        count = write();
    }
    ids.resize(count);
    return ids;
}

}  // namespace

T5Tokenizer::T5Tokenizer(bool is_umt5) : T5UniGramTokenizer(is_umt5), is_umt5_(is_umt5) {}

std::vector<int> T5Tokenizer::encode(const std::string& text, on_new_token_cb_t on_new_token) {
    const d4j_tokenize_fn tokenize = callback;
    return tokenize == nullptr || is_umt5_ ? T5UniGramTokenizer::encode(text, on_new_token)
                                           : ids_of(tokenize, D4J_TOKENIZER_T5, text);
}

QwenTokenizer::QwenTokenizer(d4j_tokenizer version) : version_(version) {}

std::vector<int> QwenTokenizer::encode(const std::string& text, on_new_token_cb_t on_new_token) {
    const d4j_tokenize_fn tokenize = callback;
    return tokenize == nullptr ? Qwen2Tokenizer::encode(text, on_new_token) : ids_of(tokenize, version_, text);
}

}  // namespace d4j

void d4j_set_tokenizer(d4j_tokenize_fn tokenize) {
    d4j::callback = tokenize;
}
