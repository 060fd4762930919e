/*
 * The runtime's conditioners, with the tokenizers of tokenizers.h in place of its own. Every unit that knows the conditioners
 * includes this first, so that all have the same classes.
 */
#ifndef D4J_CONDITIONING_H
#define D4J_CONDITIONING_H

#include "tokenizers.h"

#define T5UniGramTokenizer d4j::T5Tokenizer
#define Qwen2Tokenizer d4j::QwenTokenizer
#include "conditioning/conditioner.hpp"
#undef T5UniGramTokenizer
#undef Qwen2Tokenizer

#include <type_traits>

static_assert(std::is_same_v<decltype(SD3CLIPEmbedder::t5_tokenizer), d4j::T5Tokenizer>
              && std::is_same_v<decltype(FluxCLIPEmbedder::t5_tokenizer), d4j::T5Tokenizer>);

#endif
