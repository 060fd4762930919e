/*
 * The runtime's LoRAs with arithmetic of our own. Upstream's
 * - takes the rank from a shape whose trailing dimensions of 1 were dropped: at rank 1 it divides alpha by the number of
 *   inputs;
 * - numbers the pieces of a matrix that the model has in one (q, k, v, and the MLP's first layer in FLUX's single blocks),
 *   stops at the first that a file lacks, and, as layers compute, repeats what there is until it fills the output;
 * - swaps the factors of a decomposed LoKr as layers compute;
 * - asserts, and so loses the model, where a LoRA was made for another shape. Here such tensors are not applied.
 */
#ifndef D4J_LORA_H
#define D4J_LORA_H

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/adapter/lora.hpp"

namespace d4j {

/* A file's changes to weights. Upstream's class loads them, by names such as "lora.<weight>.1.lora_up". */
class LoraModel : public ::LoraModel {
public:
    using ::LoraModel::LoraModel;
    using Layer = WeightAdapter::ForwardParams;

    void preprocess_lora_tensors(const std::set<std::string>& names_of_the_model);

    /* Changes the weights themselves. */
    void apply(const std::map<std::string, ggml_tensor*>& weights,
               const std::set<std::string>& names_of_the_model,
               SDVersion version,
               int threads,
               bool warn_unused);

    /* The weight with all that changes it, or, if a layer is going to compute, with all but what change_output does. */
    ggml_tensor* change_weight(
        ggml_context* ctx, ggml_backend_t backend, ggml_tensor* weight, const std::string& name, const Layer* layer);

    /* What a layer with this weight made of x, with the rest added to it. */
    ggml_tensor* change_output(
        ggml_context* ctx, ggml_tensor* x, ggml_tensor* out, const ggml_tensor* weight, const std::string& name, const Layer& layer);

private:
    using Parts = std::map<std::string, ggml_tensor*>;

    /* What a file has for one piece of a weight, or for all of it. */
    struct Piece {
        int number;
        std::string key;
        const Parts* parts;

        ggml_tensor* operator[](const std::string& part) const;
    };

    std::vector<Piece> pieces_of(const std::string& weight) const;
    float strength(const Piece& piece, int64_t rank) const;
    void note_applied(const Piece& piece);
    ggml_tensor* difference(ggml_context* ctx, ggml_backend_t backend, const Piece& piece, const ggml_tensor* weight) const;
    ggml_tensor* output_of_lora(
        ggml_context* ctx, ggml_tensor* x, const Piece& piece, const ggml_tensor* weight, const Layer& layer) const;
    ggml_tensor* output_of_lokr(ggml_context* ctx, ggml_tensor* x, const Piece& piece) const;

    std::map<std::string, Parts> parts_by_key_;
};

/* Applies LoRAs as layers compute. */
class LoraAdapter : public WeightAdapter {
public:
    explicit LoraAdapter(std::vector<std::shared_ptr<LoraModel>> loras) : loras_(std::move(loras)) {}

    ggml_tensor* patch_weight(ggml_context* ctx, ggml_backend_t backend, ggml_tensor* weight, const std::string& name) override;
    ggml_tensor* forward_with_lora(ggml_context* ctx,
                                   ggml_backend_t backend,
                                   ggml_tensor* x,
                                   ggml_tensor* weight,
                                   ggml_tensor* bias,
                                   const std::string& prefix,
                                   ForwardParams layer) override;
    size_t get_extra_graph_size() override;

private:
    std::vector<std::shared_ptr<LoraModel>> loras_;
};

}  // namespace d4j

#endif
