package dev.diffusion4j;

import dev.diffusion4j.image.ResizeMode;
import dev.diffusion4j.internal.GenerationInputs;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Objects;

/**
 * Redraws the masked part of a picture. Made by
 * {@link StableDiffusion#inpaint(BufferedImage, BufferedImage, String)}. Picture and mask may be of any type; what is
 * transparent becomes white in the picture and black in the mask. They are read when the generation's turn comes, and must
 * not change before.
 */
public final class InpaintRequest extends GenerationRequest<InpaintRequest> {

    private final BufferedImage image;
    private final BufferedImage mask;
    private double strength = 0.75;
    private ResizeMode resizeMode = ResizeMode.STRETCH;

    InpaintRequest(StableDiffusion model, BufferedImage image, BufferedImage mask, String prompt) {
        super(model, prompt);
        this.image = Objects.requireNonNull(image, "image");
        this.mask = Objects.requireNonNull(mask, "mask");
        if (mask.getWidth() != image.getWidth() || mask.getHeight() != image.getHeight()) {
            throw new InvalidRequestException(
                    "mask",
                    mask.getWidth() + "x" + mask.getHeight(),
                    "as large as the picture, " + image.getWidth() + "x" + image.getHeight());
        }
    }

    /** How much the masked part may change: 0 keeps it, 1 starts from noise alone. 0.75 without it. */
    public InpaintRequest strength(double value) {
        strength = Checks.range("strength", value, 0, 1);
        return this;
    }

    /** How picture and mask are brought to another size. {@link ResizeMode#STRETCH} without it. */
    public InpaintRequest resizeMode(ResizeMode value) {
        resizeMode = Objects.requireNonNull(value, "resizeMode");
        return this;
    }

    @Override
    InpaintRequest self() {
        return this;
    }

    @Override
    GenerationParameters.Task task() {
        return GenerationParameters.Task.INPAINT;
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
        return GenerationInputs.of(width, height, mode, image, mask, references, resize, distinct);
    }
}
