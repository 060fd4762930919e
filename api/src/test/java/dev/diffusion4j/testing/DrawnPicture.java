package dev.diffusion4j.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.GeneratedImage;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.BitSet;

/** Judges a picture by what is in it: the background's colour, and the colour, extent and form of what lies on it. */
public final class DrawnPicture {

    /** Names for colours that are far apart. */
    public enum Hue {
        RED(230, 30, 30),
        ORANGE(250, 140, 20),
        YELLOW(250, 230, 40),
        GREEN(30, 160, 60),
        CYAN(40, 210, 220),
        BLUE(30, 60, 220),
        PURPLE(130, 40, 170),
        PINK(250, 140, 190),
        BLACK(10, 10, 10),
        WHITE(250, 250, 250);

        private final int red;
        private final int green;
        private final int blue;

        Hue(int red, int green, int blue) {
            this.red = red;
            this.green = green;
            this.blue = blue;
        }

        static Hue of(int rgb) {
            Color color = new Color(rgb);
            Hue nearest = null;
            double least = Double.MAX_VALUE;
            for (Hue hue : values()) {
                double distance = Math.pow(color.getRed() - hue.red, 2)
                        + Math.pow(color.getGreen() - hue.green, 2)
                        + Math.pow(color.getBlue() - hue.blue, 2);
                if (distance < least) {
                    least = distance;
                    nearest = hue;
                }
            }
            return nearest;
        }
    }

    private final BufferedImage image;
    private final int backgroundRgb;
    private final BitSet foreground;

    public DrawnPicture(BufferedImage image) {
        this.image = image;
        backgroundRgb = medianOfBorder();
        foreground = new BitSet();
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                if (distance(image.getRGB(x, y), backgroundRgb) > 90) {
                    foreground.set(y * image.getWidth() + x);
                }
            }
        }
    }

    public static DrawnPicture of(GeneratedImage image) {
        return new DrawnPicture(image.toBufferedImage());
    }

    public Hue background() {
        return Hue.of(backgroundRgb);
    }

    /** The most frequent colour of the foreground. */
    public Hue shapeColour() {
        int[] counts = new int[Hue.values().length];
        foreground.stream()
                .forEach(i -> counts[
                        Hue.of(image.getRGB(i % image.getWidth(), i / image.getWidth()))
                                .ordinal()]++);
        int best = 0;
        for (int i = 1; i < counts.length; i++) {
            best = counts[i] > counts[best] ? i : best;
        }
        return Hue.values()[best];
    }

    /** Part of the picture that is foreground, 0 to 1. */
    public double coverage() {
        return (double) foreground.cardinality() / (image.getWidth() * image.getHeight());
    }

    /** Part of the foreground's bounding box that it fills: 1 for a square, 0.79 for a circle, 0.5 for a triangle. */
    public double fill() {
        int width = image.getWidth();
        int left = foreground.stream().map(i -> i % width).min().orElse(0);
        int right = foreground.stream().map(i -> i % width).max().orElse(0);
        int top = foreground.stream().map(i -> i / width).min().orElse(0);
        int bottom = foreground.stream().map(i -> i / width).max().orElse(0);
        return (double) foreground.cardinality() / ((right - left + 1) * (bottom - top + 1));
    }

    /** How much two pictures' foregrounds agree: intersection over union. */
    public double overlap(DrawnPicture other) {
        BitSet both = (BitSet) foreground.clone();
        both.and(other.foreground);
        BitSet either = (BitSet) foreground.clone();
        either.or(other.foreground);
        return (double) both.cardinality() / Math.max(1, either.cardinality());
    }

    /** The peak signal-to-noise ratio of two pictures of one size, in decibels. */
    public static double psnr(BufferedImage a, BufferedImage b) {
        assertThat(b.getWidth()).isEqualTo(a.getWidth());
        assertThat(b.getHeight()).isEqualTo(a.getHeight());
        double sum = 0;
        for (int y = 0; y < a.getHeight(); y++) {
            for (int x = 0; x < a.getWidth(); x++) {
                Color first = new Color(a.getRGB(x, y));
                Color second = new Color(b.getRGB(x, y));
                sum += Math.pow(first.getRed() - second.getRed(), 2)
                        + Math.pow(first.getGreen() - second.getGreen(), 2)
                        + Math.pow(first.getBlue() - second.getBlue(), 2);
            }
        }
        return 10 * Math.log10(255.0 * 255.0 * 3 * a.getWidth() * a.getHeight() / sum);
    }

    private int medianOfBorder() {
        int width = image.getWidth();
        int height = image.getHeight();
        int[] border = new int[2 * (width + height)];
        int n = 0;
        for (int x = 0; x < width; x++) {
            border[n++] = image.getRGB(x, 1);
            border[n++] = image.getRGB(x, height - 2);
        }
        for (int y = 0; y < height; y++) {
            border[n++] = image.getRGB(1, y);
            border[n++] = image.getRGB(width - 2, y);
        }
        return new Color(median(border, 16), median(border, 8), median(border, 0)).getRGB();
    }

    private static int median(int[] rgb, int shift) {
        int[] channel = new int[rgb.length];
        for (int i = 0; i < rgb.length; i++) {
            channel[i] = rgb[i] >> shift & 0xff;
        }
        Arrays.sort(channel);
        return channel[channel.length / 2];
    }

    private static double distance(int a, int b) {
        Color first = new Color(a);
        Color second = new Color(b);
        return Math.sqrt(Math.pow(first.getRed() - second.getRed(), 2)
                + Math.pow(first.getGreen() - second.getGreen(), 2)
                + Math.pow(first.getBlue() - second.getBlue(), 2));
    }
}
