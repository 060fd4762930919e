package dev.diffusion4j.modelfile;

import dev.diffusion4j.internal.format.TensorNames;
import java.util.Collection;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Which parts a model of a family is drawn with, and which of them a file holds. */
final class ModelParts {

    private static final Map<ModelComponent, List<String>> PREFIXES = new EnumMap<>(Map.of(
            ModelComponent.VAE, List.of(TensorNames.FIRST_STAGE + "decoder."),
            ModelComponent.CLIP_L,
                    List.of("cond_stage_model.transformer.", "cond_stage_model.model.", "text_encoders.clip_l."),
            ModelComponent.CLIP_G, List.of("cond_stage_model.1.", "text_encoders.clip_g."),
            ModelComponent.T5, List.of("text_encoders.t5xxl."),
            ModelComponent.LLM, List.of("text_encoders.llm.")));

    private ModelParts() {}

    /** Those beside the denoiser that the family is drawn with. */
    static Set<ModelComponent> needed(ModelFamily family, boolean readsClip) {
        if (family.tasks().isEmpty()) {
            return EnumSet.noneOf(ModelComponent.class);
        }
        Set<ModelComponent> needed = textEncoders(family, readsClip);
        if (!family.worksOnPixels() && !family.carriesTinyAutoencoder()) {
            needed.add(ModelComponent.VAE);
        }
        return needed;
    }

    private static Set<ModelComponent> textEncoders(ModelFamily family, boolean readsClip) {
        if (family.isUnet()) {
            return family.isStableDiffusionXl()
                    ? EnumSet.of(ModelComponent.CLIP_L, ModelComponent.CLIP_G)
                    : EnumSet.of(ModelComponent.CLIP_L);
        }
        return switch (family) {
            case SD3 -> EnumSet.of(ModelComponent.CLIP_L, ModelComponent.CLIP_G, ModelComponent.T5);
            case FLUX, FLUX_FILL, FLUX_CONTROL, FLEX_2 ->
                readsClip ? EnumSet.of(ModelComponent.CLIP_L, ModelComponent.T5) : EnumSet.of(ModelComponent.T5);
            case CHROMA_RADIANCE, WAN2, WAN2_2_I2V, WAN2_2_TI2V -> EnumSet.of(ModelComponent.T5);
            case HIDREAM_O1 -> EnumSet.noneOf(ModelComponent.class);
            default -> EnumSet.of(ModelComponent.LLM);
        };
    }

    /** Those of them that are among the tensors. */
    static Set<ModelComponent> held(Collection<TensorInfo> tensors) {
        Set<ModelComponent> held = EnumSet.noneOf(ModelComponent.class);
        for (TensorInfo tensor : tensors) {
            String name = TensorNames.withRuntimePrefix(tensor.name());
            PREFIXES.forEach((component, prefixes) -> {
                if (prefixes.stream().anyMatch(name::startsWith)) {
                    held.add(component);
                }
            });
        }
        return held;
    }
}
