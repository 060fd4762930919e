package dev.diffusion4j;

import dev.diffusion4j.image.ResizeMode;
import dev.diffusion4j.internal.GenerationInputs;
import java.awt.image.BufferedImage;
import java.util.List;

/** Draws pictures from a prompt alone. Made by {@link StableDiffusion#textToImage(String)}. */
public final class TextToImageRequest extends GenerationRequest<TextToImageRequest> {

    TextToImageRequest(StableDiffusion model, String prompt) {
        super(model, prompt);
    }

    @Override
    TextToImageRequest self() {
        return this;
    }

    @Override
    GenerationParameters.Task task() {
        return GenerationParameters.Task.TEXT_TO_IMAGE;
    }

    @Override
    double strengthOrOne() {
        return 1;
    }

    @Override
    ImageSize defaultSize(ImageSize nativeSize) {
        return nativeSize;
    }

    @Override
    GenerationInputs inputs(
            int width, int height, ResizeMode mode, List<BufferedImage> references, boolean resize, boolean distinct) {
        return GenerationInputs.of(width, height, mode, null, null, references, resize, distinct);
    }
}
