/* Whether a model has a use for a LoRA: asked before anything is computed, as the runtime itself does not care. */
#ifndef D4J_LORA_CHECK_H
#define D4J_LORA_CHECK_H

#include "call.h"
#include "ggml-backend.h"
#include "model.h"
#include "model_manager.h"

namespace d4j {

/* The model that LoRAs shall change. */
struct LoraTarget {
    const ModelManager& weights;
    SDVersion version;
    /* Whether each layer applies them as it computes, or they are merged into the weights. */
    bool at_runtime;
    ggml_backend_t backend;
};

/*
 * Compares a LoRA's tensors with the model's weights, by the runtime's own names of both and by their sizes. Tells the call
 * if some of them cannot be applied. Throws Failure (D4J_LOAD_FAILED) if none can, or if the file cannot be read.
 */
void require_applicable(const char* path, const LoraTarget& target, Call& call);

}  // namespace d4j

#endif
