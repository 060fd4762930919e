#include "loose_parts.h"

#include <algorithm>

#include "core/util.h"

namespace d4j {

namespace {

bool any_begins(const std::vector<TensorStorage>& part, const char* beginning) {
    return std::any_of(part.begin(), part.end(),
                       [beginning](const TensorStorage& tensor) { return starts_with(tensor.name, beginning); });
}

bool has_unet(const String2TensorStorage& loaded) {
    return std::any_of(loaded.begin(), loaded.end(), [](const auto& entry) {
        return starts_with(entry.first, "unet.") || starts_with(entry.first, "model.diffusion_model.input_blocks.");
    });
}

/* transformers 5 leaves it out of a CLIP without a projection. */
std::string name_of_text_model(const std::vector<TensorStorage>& part) {
    return any_begins(part, "embeddings.token_embedding.") ? "text_model." : "";
}

}  // namespace

std::string prefix_of_part(const std::vector<TensorStorage>& part, const String2TensorStorage& loaded,
                           const std::string& chosen) {
    if (chosen == "model.diffusion_model.") {
        return any_begins(part, "down_blocks.") ? "unet." : chosen;
    }
    if (chosen == "text_encoders.llm.") {
        return any_begins(part, "layers.") ? chosen + "model." : chosen;
    }
    if (chosen == "text_encoders.clip_l.transformer.") {
        return (has_unet(loaded) ? "cond_stage_model.transformer." : chosen) + name_of_text_model(part);
    }
    if (chosen == "text_encoders.clip_g.transformer." && has_unet(loaded)) {
        return "cond_stage_model.1.transformer.";
    }
    return chosen;
}

}  // namespace d4j
