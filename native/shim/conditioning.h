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

/* T5 in the sizes that its weights have: upstream takes those of T5-XXL and UMT5-XXL for granted. */
struct T5Runner : UpstreamT5Runner {
    T5Runner(ggml_backend_t backend,
             const String2TensorStorage& weights,
             const std::string& prefix,
             bool is_umt5                                 = false,
             std::shared_ptr<RunnerWeightManager> manager = nullptr)
        : UpstreamT5Runner(backend, weights, prefix, is_umt5, manager) {
        const T5Config found = sizes(config, weights, prefix + ".encoder.block.");
        if (found.num_layers != config.num_layers || found.model_dim != config.model_dim || found.ff_dim != config.ff_dim ||
            found.num_heads != config.num_heads) {
            config = found;
            model  = T5(config);
            model.init(params_ctx, weights, prefix);
        }
    }

private:
    static T5Config sizes(T5Config config, const String2TensorStorage& weights, const std::string& blocks) {
        const auto weight = [&](int64_t block, const char* name) {
            return weights.find(blocks + std::to_string(block) + ".layer." + name + ".weight");
        };
        int64_t count = 0;
        while (weight(count, "0.SelfAttention.q") != weights.end()) {
            count++;
        }
        const auto heads   = weight(0, "0.SelfAttention.relative_attention_bias");
        const auto between = weight(0, "1.DenseReluDense.wi_0");
        config.num_layers = count > 0 ? count : config.num_layers;
        if (heads != weights.end()) {
            config.num_heads = heads->second.ne[0];
        }
        if (between != weights.end()) {
            config.model_dim = between->second.ne[0];
            config.ff_dim    = between->second.ne[1];
        }
        return config;
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
