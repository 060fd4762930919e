package dev.diffusion4j.tensor;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.image.PixelBuffers;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;

/**
 * Pictures as tensors and back: {@code (batch, 3, height, width)}, the channels red, green and blue, values from -1
 * (black) to 1 (full), as a VAE wants and gives them.
 */
public final class ImageTensors {

    private ImageTensors() {}

    /**
     * Pictures of one size as a batch. Transparency is ignored.
     *
     * @throws InvalidRequestException if there is none or the sizes differ
     */
    public static Tensor of(List<BufferedImage> images) {
        if (images.isEmpty()) {
            throw new InvalidRequestException("images", "none", "one or more");
        }
        int width = images.getFirst().getWidth();
        int height = images.getFirst().getHeight();
        for (BufferedImage image : images) {
            if (image.getWidth() != width || image.getHeight() != height) {
                throw new InvalidRequestException(
                        "images", image.getWidth() + "x" + image.getHeight(), "of one size, " + width + "x" + height);
            }
        }
        Tensor tensor = Tensor.zeros(Shape.of(images.size(), 3, height, width));
        for (int i = 0; i < images.size(); i++) {
            PixelBuffers.writePlanes(images.get(i), tensor.segment(), i);
        }
        return tensor;
    }

    /** One picture as a batch of one. */
    public static Tensor of(BufferedImage image) {
        return of(List.of(image));
    }

    /**
     * The pictures of a batch, of type {@link BufferedImage#TYPE_INT_RGB}. Values are limited to -1 to 1 and rounded; NaN
     * is black.
     *
     * @param pictures {@code (batch, 3, height, width)}
     * @throws InvalidRequestException if the shape is another
     */
    public static List<BufferedImage> toImages(Tensor pictures) {
        Shape shape = pictures.shape();
        if (shape.rank() != 4
                || shape.dimension(1) != 3
                || shape.dimension(2) > Integer.MAX_VALUE
                || shape.dimension(3) > Integer.MAX_VALUE) {
            throw new InvalidRequestException("pictures", shape, "(batch, 3, height, width)");
        }
        int width = (int) shape.dimension(3);
        int height = (int) shape.dimension(2);
        List<BufferedImage> images = new ArrayList<>();
        for (long i = 0; i < shape.dimension(0); i++) {
            images.add(
                    PixelBuffers.ofPlanes(pictures.segment(), i, width, height).toBufferedImage());
        }
        return images;
    }

    /**
     * The picture of a batch of one.
     *
     * @throws InvalidRequestException if the shape is another than {@code (1, 3, height, width)}
     */
    public static BufferedImage toImage(Tensor picture) {
        if (picture.shape().rank() != 4 || picture.shape().dimension(0) != 1) {
            throw new InvalidRequestException("picture", picture.shape(), "(1, 3, height, width)");
        }
        return toImages(picture).getFirst();
    }
}
