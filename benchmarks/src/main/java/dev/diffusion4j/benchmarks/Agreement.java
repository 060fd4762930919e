package dev.diffusion4j.benchmarks;

import java.util.Locale;

/** Refuses to time a backend that computes something else than the reference. */
final class Agreement {

    private Agreement() {}

    /**
     * Compares an output with the reference, prints how far it is off, and throws if that is too far: norm of the
     * difference over norm of the reference, at most 1e-4 for other libraries in float32, 5e-3 for this one with f32 and
     * f16 weights, 0.05 with q8_0 and 0.5 with q4_0, which change the model itself.
     *
     * @param what the output's name, for the line that the report reads
     */
    static void check(String what, String backend, float[] output, float[] reference) {
        if (output.length != reference.length) {
            throw new IllegalStateException(
                    what + " of " + backend + " has " + output.length + " values, not " + reference.length);
        }
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < output.length; i++) {
            double error = output[i] - reference[i];
            difference += error * error;
            norm += (double) reference[i] * reference[i];
        }
        double relative = Math.sqrt(difference / norm);
        System.out.printf(Locale.ROOT, "%nagreement %s %s %.2e%n", what, backend, relative);
        if (!(relative <= tolerance(backend))) {
            throw new IllegalStateException(what + " of " + backend + " is off by " + relative);
        }
    }

    private static double tolerance(String backend) {
        String weights = backend.replace("diffusion4j-", "").replaceAll("\\+.*", "");
        return switch (weights) {
            case "f32", "f16" -> 5e-3;
            case "q8_0" -> 0.05;
            case "q4_0" -> 0.5;
            default -> 1e-4;
        };
    }

    /**
     * Peak signal-to-noise ratio of a picture in decibels, both limited to -1 to 1 and rounded to 8 bits; infinite for
     * equal pictures.
     */
    static double psnr(float[] picture, float[] reference) {
        double sum = 0;
        for (int i = 0; i < picture.length; i++) {
            double difference = level(picture[i]) - level(reference[i]);
            sum += difference * difference;
        }
        return 10 * Math.log10(255 * 255 / (sum / picture.length));
    }

    private static long level(float value) {
        return Math.round(Math.clamp((value + 1) * 127.5, 0, 255));
    }
}
