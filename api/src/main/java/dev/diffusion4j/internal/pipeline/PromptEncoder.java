package dev.diffusion4j.internal.pipeline;

import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.internal.component.ModelComponents;
import dev.diffusion4j.internal.engine.Watch;
import java.util.OptionalInt;

/** Turns a prompt into what the denoiser is told, as the native runtime does it. */
public sealed interface PromptEncoder permits ClipPromptEncoder, TransformerPromptEncoder {

    /** The encoder of a model's prompts. */
    static PromptEncoder of(ModelComponents components) {
        return components.textEncoders().isEmpty()
                ? new TransformerPromptEncoder(components)
                : new ClipPromptEncoder(components);
    }

    /**
     * What the denoiser is told of a prompt.
     *
     * @param clipSkip empty for the model's own
     * @param size of the picture, which SDXL is told
     */
    Conditioning encode(String prompt, OptionalInt clipSkip, ImageSize size, Watch watch);

    /** As {@link #encode}, for what guidance leads away from. */
    Conditioning encodeNegative(String prompt, OptionalInt clipSkip, ImageSize size, Watch watch);
}
