package dev.diffusion4j.internal.ffm;

import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.bindings.sd_image_t;
import dev.diffusion4j.error.NativeFailureException;
import dev.diffusion4j.internal.image.PixelBuffers;
import dev.diffusion4j.internal.image.RgbImage;
import java.awt.image.BufferedImage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** Writes pictures into structs, and takes those that native code hands over. */
final class PictureStructs {

    private PictureStructs() {}

    /** Fills the struct with a picture of type INT_RGB or BYTE_GRAY. */
    static void write(BufferedImage image, MemorySegment struct, Arena arena) {
        int channels = PixelBuffers.channels(image);
        MemorySegment pixels = arena.allocate((long) channels * image.getWidth() * image.getHeight());
        PixelBuffers.write(image, pixels);
        sd_image_t.width(struct, image.getWidth());
        sd_image_t.height(struct, image.getHeight());
        sd_image_t.channel(struct, channels);
        sd_image_t.data(struct, pixels);
    }

    /** An array of pictures of these types. */
    static MemorySegment array(List<BufferedImage> images, Arena arena) {
        MemorySegment array = sd_image_t.allocateArray(images.size(), arena);
        for (int i = 0; i < images.size(); i++) {
            write(images.get(i), sd_image_t.asSlice(array, i), arena);
        }
        return array;
    }

    /**
     * Copies the pictures to the heap and frees the native ones, also where it fails.
     *
     * @param array of that many pictures, as the shim hands them over
     */
    static List<RgbImage> take(MemorySegment array, int count) {
        MemorySegment images = array.reinterpret(count * sd_image_t.sizeof());
        try {
            List<RgbImage> result = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                result.add(copy(sd_image_t.asSlice(images, i)));
            }
            return result;
        } finally {
            for (int i = 0; i < count; i++) {
                D4j.d4j_pixels_free(sd_image_t.data(sd_image_t.asSlice(images, i)));
            }
            D4j.d4j_image_array_free(array);
        }
    }

    private static RgbImage copy(MemorySegment image) {
        int width = sd_image_t.width(image);
        int height = sd_image_t.height(image);
        int channels = sd_image_t.channel(image);
        MemorySegment pixels = sd_image_t.data(image);
        if (pixels.equals(MemorySegment.NULL) || channels != 3) {
            throw new NativeFailureException("the runtime gave a picture of " + width + "x" + height + " pixels and "
                    + channels + " channels" + (pixels.equals(MemorySegment.NULL) ? " without data" : ""));
        }
        return new RgbImage(
                width, height, pixels.reinterpret(3L * width * height).toArray(ValueLayout.JAVA_BYTE));
    }
}
