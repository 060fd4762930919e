package dev.diffusion4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.InvalidRequestException;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Edges are those that the runtime finds, see {@code tools/parity/canny.py}. */
@Tag("fast")
class CannyEdgesTest {

    private static final int WIDTH = 96;
    private static final int HEIGHT = 64;

    private static byte[] resource(String name) throws IOException {
        try (InputStream in = CannyEdgesTest.class.getResourceAsStream("/dev/diffusion4j/image/" + name)) {
            return in.readAllBytes();
        }
    }

    private static BufferedImage picture() throws IOException {
        byte[] rgb = resource("canny.rgb");
        BufferedImage picture = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < WIDTH * HEIGHT; i++) {
            picture.setRGB(
                    i % WIDTH,
                    i / WIDTH,
                    (rgb[3 * i] & 0xff) << 16 | (rgb[3 * i + 1] & 0xff) << 8 | rgb[3 * i + 2] & 0xff);
        }
        return picture;
    }

    @Test
    void areThoseOfTheRuntime() throws IOException {
        byte[] expected = resource("canny.grey");
        BufferedImage edges = CannyEdges.of(picture());

        assertThat(edges.getType()).isEqualTo(BufferedImage.TYPE_BYTE_GRAY);
        byte[] found = new byte[expected.length];
        edges.getRaster().getDataElements(0, 0, WIDTH, HEIGHT, found);
        assertThat(found).isEqualTo(expected);
    }

    @Test
    void higherThresholdsKeepFewer() throws IOException {
        assertThat(white(CannyEdges.of(picture(), 0.9, 0.9))).isPositive().isLessThan(white(CannyEdges.of(picture())));
    }

    private static long white(BufferedImage edges) {
        long count = 0;
        for (int y = 0; y < edges.getHeight(); y++) {
            for (int x = 0; x < edges.getWidth(); x++) {
                count += edges.getRaster().getSample(x, y, 0) == 255 ? 1 : 0;
            }
        }
        return count;
    }

    @Test
    void aBlackOrTinyPictureHasNone() {
        assertThat(white(CannyEdges.of(new BufferedImage(20, 20, BufferedImage.TYPE_INT_RGB))))
                .isZero();
        assertThat(white(CannyEdges.of(new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB))))
                .isZero();
    }

    @Test
    void thresholdsAreParts() {
        BufferedImage picture = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);

        assertThatThrownBy(() -> CannyEdges.of(picture, 1.1, 0.5)).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> CannyEdges.of(picture, 0.5, Double.NaN)).isInstanceOf(InvalidRequestException.class);
    }
}
