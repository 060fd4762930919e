/*
 * The runtime's conditioners, with the tokenizers of tokenizers.h in place of its own, and with text encoders that may know words
 * of their own. Every unit that knows the conditioners includes this first, so that all have the same classes.
 */
#ifndef D4J_CONDITIONING_H
#define D4J_CONDITIONING_H

#include "rope.h"
#include "tokenizers.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/te/clip.hpp"
#define T5Runner UpstreamT5Runner
#include "model/te/t5.hpp"
#undef T5Runner

/* T5 with the blocks that there are weights of: upstream takes 24 for granted. */
struct T5Runner : UpstreamT5Runner {
    T5Runner(ggml_backend_t backend,
             const String2TensorStorage& weights,
             const std::string& prefix,
             bool is_umt5                                 = false,
             std::shared_ptr<RunnerWeightManager> manager = nullptr)
        : UpstreamT5Runner(backend, weights, prefix, is_umt5, manager) {
        int64_t blocks = 0;
        while (weights.find(prefix + ".encoder.block." + std::to_string(blocks) + ".layer.0.SelfAttention.q.weight") != weights.end()) {
            blocks++;
        }
        if (blocks != 0 && blocks != config.num_layers) {
            config.num_layers = blocks;
            model             = T5(config);
            model.init(params_ctx, weights, prefix);
        }
    }
};

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
