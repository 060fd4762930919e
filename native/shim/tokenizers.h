/* The tokenizers of T5 and Qwen as the runtime's text encoders are given them: the caller's, see d4j_set_tokenizer. */
#ifndef D4J_TOKENIZERS_H
#define D4J_TOKENIZERS_H

#include <string>
#include <vector>

#include "d4j.h"
#include "tokenizers/qwen2_tokenizer.h"
#include "tokenizers/t5_unigram_tokenizer.h"

namespace d4j {

/* T5's. That of UMT5, which the video models have, stays the runtime's own. */
class T5Tokenizer : public T5UniGramTokenizer {
public:
    explicit T5Tokenizer(bool is_umt5 = false);
    std::vector<int> encode(const std::string& text, on_new_token_cb_t on_new_token = nullptr) override;

private:
    bool is_umt5_;
};

/* Qwen's, with the special tokens of Qwen3 or with the fewer ones of Qwen2. */
class QwenTokenizer : public Qwen2Tokenizer {
public:
    explicit QwenTokenizer(d4j_tokenizer version = D4J_TOKENIZER_QWEN3);
    std::vector<int> encode(const std::string& text, on_new_token_cb_t on_new_token = nullptr) override;

private:
    d4j_tokenizer version_;
};

}  // namespace d4j

#endif
