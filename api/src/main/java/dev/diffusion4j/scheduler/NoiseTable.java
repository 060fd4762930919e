package dev.diffusion4j.scheduler;

/**
 * The noise level of every training step. Everything is rounded to float32 where torch rounds: 1 - alphaCumprod loses
 * four digits near the clean end, so that tables in double would differ visibly from the reference's.
 */
final class NoiseTable {

    private static final double MAX_BETA = 0.999;

    private final float[] alphasCumprod;

    private NoiseTable(float[] alphasCumprod) {
        this.alphasCumprod = alphasCumprod;
    }

    /** The table of a training. Rescaled to zero signal, its last entry is 0. */
    static NoiseTable of(SchedulerConfig config) {
        float[] betas = switch (config.betaSchedule()) {
            case LINEAR -> linear(config.betaStart(), config.betaEnd(), config.numTrainTimesteps());
            case SCALED_LINEAR ->
                squared(linear(Math.sqrt(config.betaStart()), Math.sqrt(config.betaEnd()), config.numTrainTimesteps()));
            case SQUAREDCOS_CAP_V2 -> cosine(config.numTrainTimesteps());
        };
        float[] cumprod = cumulativeProduct(betas);
        return new NoiseTable(config.rescaleBetasZeroSnr() ? rescaled(cumprod) : cumprod);
    }

    /** The same table with float16's smallest value in place of a last entry of 0, for schedulers that divide by it. */
    NoiseTable withoutZero() {
        if (alphasCumprod[alphasCumprod.length - 1] > 0) {
            return this;
        }
        float[] copy = alphasCumprod.clone();
        copy[copy.length - 1] = 0x1p-24f;
        return new NoiseTable(copy);
    }

    int size() {
        return alphasCumprod.length;
    }

    /** The signal's variance after a training step: the product of 1 - beta so far. */
    float alphaCumprod(int timestep) {
        return alphasCumprod[timestep];
    }

    /** The ratio of noise to signal after each training step, rising. */
    float[] sigmas() {
        float[] sigmas = new float[alphasCumprod.length];
        for (int i = 0; i < sigmas.length; i++) {
            sigmas[i] = (float) Math.sqrt((1 - alphasCumprod[i]) / alphasCumprod[i]);
        }
        return sigmas;
    }

    private static float[] linear(double start, double end, int count) {
        float first = (float) start;
        float last = (float) end;
        float step = (last - first) / (count - 1);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            // From both ends towards the middle, as torch.linspace counts.
            values[i] = i < count / 2 ? first + step * i : last - step * (count - 1 - i);
        }
        return values;
    }

    private static float[] squared(float[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] *= values[i];
        }
        return values;
    }

    private static float[] cosine(int count) {
        float[] betas = new float[count];
        for (int i = 0; i < count; i++) {
            double ratio = cosineSquared((i + 1.0) / count) / cosineSquared((double) i / count);
            betas[i] = (float) Math.min(1 - ratio, MAX_BETA);
        }
        return betas;
    }

    private static double cosineSquared(double time) {
        double cosine = Math.cos((time + 0.008) / 1.008 * Math.PI / 2);
        return cosine * cosine;
    }

    private static float[] cumulativeProduct(float[] betas) {
        float[] products = new float[betas.length];
        double product = 1;
        for (int i = 0; i < betas.length; i++) {
            product *= 1 - betas[i];
            products[i] = (float) product;
        }
        return products;
    }

    /** Shifts and scales the roots so that the first stays and the last becomes 0 (Lin et al. 2023, algorithm 1). */
    private static float[] rescaled(float[] cumprod) {
        int count = cumprod.length;
        float first = (float) Math.sqrt(cumprod[0]);
        float last = (float) Math.sqrt(cumprod[count - 1]);
        float factor = first / (first - last);
        float[] betas = new float[count];
        float previous = 1;
        for (int i = 0; i < count; i++) {
            float root = ((float) Math.sqrt(cumprod[i]) - last) * factor;
            float square = root * root;
            betas[i] = 1 - square / previous;
            previous = square;
        }
        return cumulativeProduct(betas);
    }
}
