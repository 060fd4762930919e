package dev.diffusion4j.server.internal.request;

import java.awt.image.BufferedImage;

/** Changes of masks that other programs ask for. They are grey, white is redrawn. */
public final class Masks {

    private Masks() {}

    /** Black and white exchanged. */
    public static BufferedImage inverted(BufferedImage mask) {
        BufferedImage result = new BufferedImage(mask.getWidth(), mask.getHeight(), BufferedImage.TYPE_BYTE_GRAY);
        int[] row = new int[mask.getWidth()];
        for (int y = 0; y < mask.getHeight(); y++) {
            mask.getRaster().getSamples(0, y, row.length, 1, 0, row);
            for (int x = 0; x < row.length; x++) {
                row[x] = 255 - row[x];
            }
            result.getRaster().setSamples(0, y, row.length, 1, 0, row);
        }
        return result;
    }

    /**
     * Soft edges, by a Gaussian; beyond the edge of the picture its last pixels go on.
     *
     * @param sigma in pixels; 0 leaves the mask as it is
     */
    public static BufferedImage blurred(BufferedImage mask, double sigma) {
        if (sigma == 0) {
            return mask;
        }
        double[] weights = gaussian(sigma);
        int width = mask.getWidth();
        int height = mask.getHeight();
        int[] pixels = mask.getRaster().getSamples(0, 0, width, height, 0, (int[]) null);
        double[] across = new double[pixels.length];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                double sum = 0;
                for (int i = 0; i < weights.length; i++) {
                    sum += weights[i] * pixels[y * width + Math.clamp(x + i - weights.length / 2, 0, width - 1)];
                }
                across[y * width + x] = sum;
            }
        }
        int[] down = new int[pixels.length];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                double sum = 0;
                for (int i = 0; i < weights.length; i++) {
                    sum += weights[i] * across[Math.clamp(y + i - weights.length / 2, 0, height - 1) * width + x];
                }
                down[y * width + x] = Math.clamp(Math.round(sum), 0, 255);
            }
        }
        BufferedImage result = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
        result.getRaster().setSamples(0, 0, width, height, 0, down);
        return result;
    }

    private static double[] gaussian(double sigma) {
        int radius = (int) Math.ceil(2.5 * sigma);
        double[] weights = new double[2 * radius + 1];
        double sum = 0;
        for (int i = 0; i < weights.length; i++) {
            double distance = (i - radius) / sigma;
            weights[i] = Math.exp(-distance * distance / 2);
            sum += weights[i];
        }
        for (int i = 0; i < weights.length; i++) {
            weights[i] /= sum;
        }
        return weights;
    }
}
