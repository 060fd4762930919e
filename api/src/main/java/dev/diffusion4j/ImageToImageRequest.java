package dev.diffusion4j;

import dev.diffusion4j.image.ResizeMode;
import dev.diffusion4j.internal.GenerationInputs;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Objects;

/**
 * Redraws a picture towards a prompt. Made by {@link StableDiffusion#imageToImage(BufferedImage, String)}. The picture may
 * be of any type; what is transparent becomes white. It is read when the generation's turn comes, and must not change before.
 */
public final class ImageToImageRequest extends GenerationRequest<ImageToImageRequest> {

    private final BufferedImage image;
    private double strength = 0.75;
    private ResizeMode resizeMode = ResizeMode.STRETCH;

    ImageToImageRequest(StableDiffusion model, BufferedImage image, String prompt) {
        super(model, prompt);
        this.image = Objects.requireNonNull(image, "image");
    }

    /** How much may change: 0 keeps the picture, 1 starts from noise alone. 0.75 without it. */
    public ImageToImageRequest strength(double value) {
        strength = Checks.range("strength", value, 0, 1);
        return this;
    }

    /** How the picture is brought to another size. {@link ResizeMode#STRETCH} without it. */
    public ImageToImageRequest resizeMode(ResizeMode value) {
        resizeMode = Objects.requireNonNull(value, "resizeMode");
        return this;
    }

    @Override
    ImageToImageRequest self() {
        return this;
    }

    @Override
    GenerationParameters.Task task() {
        return GenerationParameters.Task.IMAGE_TO_IMAGE;
    }

    @Override
    double strengthOrOne() {
        return strength;
    }

    @Override
    ImageSize defaultSize(ImageSize nativeSize) {
        return new ImageSize(image.getWidth(), image.getHeight());
    }

    @Override
    ResizeMode chosenResizeMode() {
        return resizeMode;
    }

    @Override
    GenerationInputs inputs(
            int width, int height, ResizeMode mode, List<BufferedImage> references, boolean resize, boolean distinct) {
        return GenerationInputs.of(width, height, mode, image, null, references, resize, distinct);
    }
}
