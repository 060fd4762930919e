package dev.diffusion4j.internal.image;

import java.awt.image.BufferedImage;
import java.awt.image.WritableRaster;
import java.util.Arrays;

/**
 * Scales pictures by Lanczos' window over three lobes: first each row, then each column, rounding to 8 bits after either.
 * When scaling down the window grows with the factor, so that every pixel counts. The weights are whole numbers of 22
 * fractional bits, as Pillow has them.
 */
public final class LanczosFilter {

    private static final int LOBES = 3;
    private static final int FRACTION = 22;
    private static final int HALF = 1 << FRACTION - 1;

    /**
     * What the pixels along one side are made of.
     *
     * @param first of each pixel: the first one that counts
     * @param weights of each pixel: those of the ones that count, which add up to one
     */
    private record Weights(int[] first, int[][] weights) {

        /** Of a part of the side that begins at a place between pixels. */
        static Weights of(double begin, double length, int inputSize, int outputSize) {
            double scale = length / outputSize;
            double stretch = Math.max(scale, 1);
            double reach = LOBES * stretch;
            int[] first = new int[outputSize];
            int[][] weights = new int[outputSize][];
            for (int i = 0; i < outputSize; i++) {
                double centre = begin + (i + 0.5) * scale;
                int from = Math.max(0, (int) (centre - reach + 0.5));
                int to = Math.min(inputSize, (int) (centre + reach + 0.5));
                double[] exact = new double[to - from];
                double sum = 0;
                for (int j = 0; j < exact.length; j++) {
                    exact[j] = window((from + j - centre + 0.5) / stretch);
                    sum += exact[j];
                }
                first[i] = from;
                weights[i] = new int[exact.length];
                for (int j = 0; j < exact.length; j++) {
                    double weight = exact[j] / sum * (1 << FRACTION);
                    weights[i][j] = (int) (weight < 0 ? weight - 0.5 : weight + 0.5);
                }
            }
            return new Weights(first, weights);
        }

        private static double window(double x) {
            return Math.abs(x) >= LOBES ? 0 : sinc(x) * sinc(x / LOBES);
        }

        private static double sinc(double x) {
            return x == 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
        }
    }

    private LanczosFilter() {}

    /**
     * Scales a part of a picture, which may begin and end between pixels.
     *
     * @param image of type INT_RGB or BYTE_GRAY
     * @return a new picture of the same type
     */
    public static BufferedImage scale(
            BufferedImage image, double x, double y, double partWidth, double partHeight, int width, int height) {
        Weights across = Weights.of(x, partWidth, image.getWidth(), width);
        Weights down = Weights.of(y, partHeight, image.getHeight(), height);
        int bands = image.getRaster().getNumBands();
        // Rows that no pixel of the result looks at are not made.
        int firstRow = down.first()[0];
        int endRow = down.first()[height - 1] + down.weights()[height - 1].length;
        byte[][] rows = new byte[endRow - firstRow][];
        int[] samples = new int[bands * image.getWidth()];
        for (int row = firstRow; row < endRow; row++) {
            image.getRaster().getPixels(0, row, image.getWidth(), 1, samples);
            rows[row - firstRow] = scaledRow(samples, bands, across);
        }
        BufferedImage result = new BufferedImage(width, height, image.getType());
        writeScaledColumns(rows, firstRow, down, result.getRaster());
        return result;
    }

    private static byte[] scaledRow(int[] samples, int bands, Weights across) {
        int width = across.first().length;
        byte[] row = new byte[bands * width];
        for (int x = 0; x < width; x++) {
            int[] weights = across.weights()[x];
            for (int band = 0; band < bands; band++) {
                int sum = HALF;
                int from = bands * across.first()[x] + band;
                for (int j = 0; j < weights.length; j++) {
                    sum += samples[from + bands * j] * weights[j];
                }
                row[bands * x + band] = (byte) toByte(sum);
            }
        }
        return row;
    }

    private static void writeScaledColumns(byte[][] rows, int firstRow, Weights down, WritableRaster result) {
        int samples = rows[0].length;
        int[] sums = new int[samples];
        for (int y = 0; y < result.getHeight(); y++) {
            int[] weights = down.weights()[y];
            Arrays.fill(sums, HALF);
            for (int j = 0; j < weights.length; j++) {
                byte[] row = rows[down.first()[y] - firstRow + j];
                for (int i = 0; i < samples; i++) {
                    sums[i] += Byte.toUnsignedInt(row[i]) * weights[j];
                }
            }
            for (int i = 0; i < samples; i++) {
                sums[i] = toByte(sums[i]);
            }
            result.setPixels(0, y, result.getWidth(), 1, sums);
        }
    }

    private static int toByte(int sum) {
        return Math.clamp(sum >> FRACTION, 0, 255);
    }
}
