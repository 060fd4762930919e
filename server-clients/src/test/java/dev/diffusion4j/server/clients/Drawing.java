package dev.diffusion4j.server.clients;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import javax.imageio.ImageIO;

/** A picture that clients send or are given, judged by the colours in it. */
record Drawing(BufferedImage image) {

    private static final int SIDE = 128;

    static Drawing of(byte[] file) {
        try {
            BufferedImage image = ImageIO.read(new ByteArrayInputStream(file));
            assertThat(image)
                    .as("a file of %d bytes is no picture", file.length)
                    .isNotNull();
            return new Drawing(image);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Drawing ofBase64(String file) {
        return of(Base64.getDecoder().decode(file));
    }

    /** A blue square on a white background, which the edits begin with. */
    static Drawing blueSquare() {
        BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, SIDE, SIDE);
        graphics.setColor(new Color(30, 60, 220));
        graphics.fillRect(32, 32, 64, 64);
        graphics.dispose();
        return new Drawing(image);
    }

    /** A mask in OpenAI's way: the right half is transparent, which is where to redraw. */
    static Drawing transparentRightHalf() {
        BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_ARGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(Color.BLACK);
        graphics.fillRect(0, 0, SIDE / 2, SIDE);
        graphics.dispose();
        return new Drawing(image);
    }

    byte[] png() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    String base64() {
        return Base64.getEncoder().encodeToString(png());
    }

    private Color at(double x, double y) {
        return new Color(image.getRGB((int) (x * image.getWidth()), (int) (y * image.getHeight())));
    }

    void assertRedCircleOnWhite() {
        Color centre = at(0.5, 0.5);
        assertThat(centre.getRed()).as("red of %s", centre).isGreaterThan(150);
        assertThat(centre.getGreen()).as("green of %s", centre).isLessThan(110);
        assertThat(centre.getBlue()).as("blue of %s", centre).isLessThan(110);
        for (double x : new double[] {0.03, 0.97}) {
            for (double y : new double[] {0.03, 0.97}) {
                Color corner = at(x, y);
                assertThat(Math.min(corner.getRed(), Math.min(corner.getGreen(), corner.getBlue())))
                        .as("the corner is %s", corner)
                        .isGreaterThan(200);
            }
        }
    }

    /** The mean difference of two pictures of one size within fractions of their sides, 0 to 255. */
    private double difference(Drawing other, double left, double top, double right, double bottom) {
        int width = image.getWidth();
        int height = image.getHeight();
        long sum = 0;
        long values = 0;
        for (int y = (int) (top * height); y < (int) (bottom * height); y++) {
            for (int x = (int) (left * width); x < (int) (right * width); x++) {
                Color mine = new Color(image.getRGB(x, y));
                Color its = new Color(other.image.getRGB(x, y));
                sum += Math.abs(mine.getRed() - its.getRed())
                        + Math.abs(mine.getGreen() - its.getGreen())
                        + Math.abs(mine.getBlue() - its.getBlue());
                values += 3;
            }
        }
        return (double) sum / values;
    }

    void assertOnlyTheRightHalfDiffersFrom(Drawing before) {
        assertThat(difference(before, 0, 0, 0.45, 1)).as("the left half").isLessThan(12);
        assertThat(difference(before, 0.55, 0.25, 0.75, 0.75))
                .as("the right half")
                .isGreaterThan(40);
    }

    boolean isSameAs(Drawing other) {
        return image.getWidth() == other.image.getWidth()
                && image.getHeight() == other.image.getHeight()
                && difference(other, 0, 0, 1, 1) == 0;
    }
}
