/* Wan's transformer, in place of the runtime's. runtime.cpp has it, as it compiles what makes one. */
#ifndef D4J_WAN_H
#define D4J_WAN_H

#include <cstdint>
#include <memory>
#include <string>

#define WanRunner UpstreamWanRunner
#include "model/diffusion/wan.hpp"
#undef WanRunner

namespace WAN {

/* Wan's transformer in the sizes that its weights have: upstream takes those of the published models for granted. */
struct WanRunner : UpstreamWanRunner {
    WanRunner(ggml_backend_t backend,
              const String2TensorStorage& weights,
              const std::string& prefix,
              SDVersion version,
              std::shared_ptr<RunnerWeightManager> manager)
        : UpstreamWanRunner(backend, with_known_depth(weights, prefix), prefix, version, manager) {
        const WanConfig found = sizes(config, weights, prefix);
        if (found.num_layers != config.num_layers || found.dim != config.dim || found.ffn_dim != config.ffn_dim ||
            found.text_dim != config.text_dim) {
            config = found;
            wan    = Wan(config);
            wan.init(params_ctx, weights, prefix);
        }
    }

private:
    static constexpr int KNOWN_DEPTH = 30;
    static constexpr int64_t HEAD    = 128;

    /* Upstream ends the process at a depth that it does not know. */
    static String2TensorStorage with_known_depth(const String2TensorStorage& weights, const std::string& prefix) {
        String2TensorStorage all;
        for (const auto& [name, weight] : weights) {
            all[name] = weight;
        }
        if (WanConfig::detect_from_weights(weights, prefix).num_layers < KNOWN_DEPTH) {
            all[prefix + ".blocks." + std::to_string(KNOWN_DEPTH - 1) + ".depth"] = TensorStorage();
        }
        return all;
    }

    static WanConfig sizes(WanConfig config, const String2TensorStorage& weights, const std::string& prefix) {
        const auto size = [&](const char* name, int dimension, int64_t otherwise) {
            const auto found = weights.find(prefix + name);
            return found == weights.end() ? otherwise : found->second.ne[dimension];
        };
        config.num_layers = WanConfig::detect_from_weights(weights, prefix).num_layers;
        config.dim        = size(".blocks.0.self_attn.q.weight", 0, config.dim);
        config.ffn_dim    = size(".blocks.0.ffn.0.weight", 1, config.ffn_dim);
        config.text_dim   = size(".text_embedding.0.weight", 0, config.text_dim);
        config.num_heads  = config.dim / HEAD;
        return config;
    }
};

}  // namespace WAN

#endif
