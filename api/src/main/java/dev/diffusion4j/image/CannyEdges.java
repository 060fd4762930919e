package dev.diffusion4j.image;

import dev.diffusion4j.error.InvalidRequestException;
import java.awt.image.BufferedImage;

/**
 * The edges of a picture, white on black, as ControlNets for Canny edges read them (Canny 1986): smoothed by a Gaussian of 5x5 pixels,
 * differentiated by Sobel, thinned, and kept by two thresholds. The same pixels as the runtime's {@code preprocess_canny} makes, which
 * thins edges in the vertical direction alone and takes all beyond the picture for black; but the edges of a black picture are black
 * here, and white there.
 */
public final class CannyEdges {

    /** The gradient, as part of the picture's largest, from which an edge is kept, unless told otherwise. */
    public static final double HIGH_THRESHOLD = 0.08;

    /** The part of that threshold from which an edge beside a kept one is kept, unless told otherwise. */
    public static final double LOW_THRESHOLD = 0.08;

    private static final int BLUR = 5;
    private static final float SIGMA_SQUARED = 1.4f * 1.4f;
    private static final float[] SOBEL_X = {-1, 0, 1, -2, 0, 2, -1, 0, 1};
    private static final float[] SOBEL_Y = {1, 2, 1, 0, 0, 0, -1, -2, -1};
    private static final float WEAK = 0.8f;
    private static final float STRONG = 1;
    private static final int MARGIN = 3;
    /** In degrees: where edges rise more steeply, nothing but the largest gradient is kept. */
    private static final float LAST_THINNED_ANGLE = 157.5f;

    private final int width;
    private final int height;

    private CannyEdges(int width, int height) {
        this.width = width;
        this.height = height;
    }

    /** The edges of a picture of any type, with the usual thresholds. What is transparent counts as white. */
    public static BufferedImage of(BufferedImage image) {
        return of(image, HIGH_THRESHOLD, LOW_THRESHOLD);
    }

    /**
     * The edges of a picture of any type.
     *
     * @param high 0 to 1: the less, the more edges
     * @param low 0 to 1: likewise, of edges beside others
     * @return of type {@link BufferedImage#TYPE_BYTE_GRAY} and the same size
     * @throws InvalidRequestException if a threshold is out of range
     */
    public static BufferedImage of(BufferedImage image, double high, double low) {
        CannyEdges edges = new CannyEdges(image.getWidth(), image.getHeight());
        requirePart("high", high);
        requirePart("low", low);
        return edges.picture(edges.find(edges.grey(ImageProcessor.toRgb(image)), (float) high, (float) low));
    }

    private static void requirePart(String name, double value) {
        if (!(value >= 0 && value <= 1)) {
            throw new InvalidRequestException(name, value, "from 0 to 1");
        }
    }

    private float[] grey(BufferedImage rgb) {
        float[] grey = new float[width * height];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int pixel = rgb.getRGB(x, y);
                grey[y * width + x] =
                        0.2989f * channel(pixel >> 16) + 0.5870f * channel(pixel >> 8) + 0.1140f * channel(pixel);
            }
        }
        return grey;
    }

    private static float channel(int bits) {
        return (bits & 0xff) / 255.0f;
    }

    private float[] find(float[] grey, float high, float low) {
        float[] smooth = convolve(grey, gaussian(), BLUR);
        float[] dx = convolve(smooth, SOBEL_X, 3);
        float[] dy = convolve(smooth, SOBEL_Y, 3);
        float[] gradient = new float[grey.length];
        float largest = 0;
        for (int i = 0; i < gradient.length; i++) {
            gradient[i] = (float) Math.sqrt(dx[i] * dx[i] + dy[i] * dy[i]);
            largest = Math.max(largest, gradient[i]);
        }
        if (largest == 0) {
            return gradient;
        }
        float scale = 1 / largest;
        for (int i = 0; i < gradient.length; i++) {
            gradient[i] *= scale;
        }
        float[] edges = thin(gradient, dx, dy);
        classify(edges, high, low);
        keepNeighbours(edges);
        return edges;
    }

    private static float[] gaussian() {
        float[] kernel = new float[BLUR * BLUR];
        float norm = 1 / (2.0f * (float) Math.PI * SIGMA_SQUARED);
        for (int y = 0; y < BLUR; y++) {
            for (int x = 0; x < BLUR; x++) {
                int fromCentre = (x - BLUR / 2) * (x - BLUR / 2) + (y - BLUR / 2) * (y - BLUR / 2);
                kernel[y * BLUR + x] = (float) Math.exp(-(fromCentre / (2.0f * SIGMA_SQUARED))) * norm;
            }
        }
        return kernel;
    }

    /** Beyond the picture all is black. */
    private float[] convolve(float[] plane, float[] kernel, int side) {
        float[] result = new float[plane.length];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                float sum = 0;
                for (int ky = 0; ky < side; ky++) {
                    int row = y + ky - side / 2;
                    for (int kx = 0; row >= 0 && row < height && kx < side; kx++) {
                        int column = x + kx - side / 2;
                        if (column >= 0 && column < width) {
                            sum += plane[row * width + column] * kernel[ky * side + kx];
                        }
                    }
                }
                result[y * width + x] = sum;
            }
        }
        return result;
    }

    private float[] thin(float[] gradient, float[] dx, float[] dy) {
        float[] thinned = new float[gradient.length];
        for (int y = 1; y < height - 1; y++) {
            for (int x = 1; x < width - 1; x++) {
                int i = y * width + x;
                float angle = (float) Math.atan2(dy[i], dx[i]) * 180 / (float) Math.PI;
                angle = angle < 0 ? angle + 180 : angle;
                boolean isKept = angle <= LAST_THINNED_ANGLE
                        ? gradient[i] >= gradient[i + width] && gradient[i] >= gradient[i - width]
                        : gradient[i] >= 1;
                thinned[i] = isKept ? gradient[i] : 0;
            }
        }
        return thinned;
    }

    private void classify(float[] edges, float high, float low) {
        float largest = 0;
        for (float edge : edges) {
            largest = Math.max(largest, edge);
        }
        float strongFrom = largest * high;
        float weakFrom = strongFrom * low;
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int i = y * width + x;
                boolean isInside = x >= MARGIN && x <= width - MARGIN && y >= MARGIN && y <= height - MARGIN;
                if (!isInside) {
                    edges[i] = 0;
                } else if (edges[i] >= strongFrom) {
                    edges[i] = STRONG;
                } else if (edges[i] >= weakFrom) {
                    edges[i] = WEAK;
                }
            }
        }
    }

    /** Row by row, so that what is kept keeps others to its right and below. */
    private void keepNeighbours(float[] edges) {
        for (int y = 1; y < height - 1; y++) {
            for (int x = 1; x < width - 1; x++) {
                int i = y * width + x;
                if (edges[i] == WEAK) {
                    boolean isBesideStrong = edges[i + 1 - width] == STRONG
                            || edges[i + 1] == STRONG
                            || edges[i - width] == STRONG
                            || edges[i + width] == STRONG
                            || edges[i - 1 - width] == STRONG
                            || edges[i - 1] == STRONG;
                    edges[i] = isBesideStrong ? STRONG : 0;
                }
            }
        }
    }

    private BufferedImage picture(float[] edges) {
        BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                picture.getRaster().setSample(x, y, 0, (int) (edges[y * width + x] * 255 + 0.5f));
            }
        }
        return picture;
    }
}
