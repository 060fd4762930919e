/*
 * The runtime's conditioners, with the tokenizers of tokenizers.h in place of its own, and with text encoders that may know words
 * of their own. Every unit that knows the conditioners includes this first, so that all have the same classes.
 */
#ifndef D4J_CONDITIONING_H
#define D4J_CONDITIONING_H

#include "tokenizers.h"

#include <cstdint>
#include <vector>

#include "model/te/clip.hpp"

namespace d4j {

/*
 * A CLIP text encoder. The runtime gives SDXL's second one the vectors of learned words that are the first one's; here it may
 * have its own, as many and in the same order.
 */
struct ClipTextModelRunner : ::CLIPTextModelRunner {
    using ::CLIPTextModelRunner::CLIPTextModelRunner;

    std::vector<uint8_t> own_vectors;

    template <typename... Others>
    sd::Tensor<float> compute(int threads, const sd::Tensor<int32_t>& ids, int word_vectors, void* vectors, Others... others) {
        void* used = own_vectors.empty() ? vectors : own_vectors.data();
        return ::CLIPTextModelRunner::compute(threads, ids, word_vectors, used, others...);
    }
};

}  // namespace d4j

#define CLIPTextModelRunner d4j::ClipTextModelRunner
#define T5UniGramTokenizer d4j::T5Tokenizer
#define Qwen2Tokenizer d4j::QwenTokenizer
#include "conditioning/conditioner.hpp"
#undef CLIPTextModelRunner
#undef T5UniGramTokenizer
#undef Qwen2Tokenizer

#include <type_traits>

static_assert(std::is_same_v<decltype(SD3CLIPEmbedder::t5_tokenizer), d4j::T5Tokenizer>
              && std::is_same_v<decltype(FluxCLIPEmbedder::t5_tokenizer), d4j::T5Tokenizer>);

#endif
