package dev.diffusion4j.scheduler;

/** Timesteps of a plan, falling, before rounding to whole ones. */
final class Spacing {

    private Spacing() {}

    /** The usual timesteps of a number of steps; fractional only for {@link TimestepSpacing#LINSPACE}. */
    static double[] timesteps(SchedulerConfig config, int steps) {
        int total = config.numTrainTimesteps();
        return switch (config.timestepSpacing()) {
            case LINSPACE -> linspace(total - 1, steps);
            case LEADING -> leading(total / steps, config.stepsOffset(), steps);
            case TRAILING -> trailing(total, (double) total / steps, steps);
        };
    }

    /** Equally spaced from {@code highest} down to 0; a single one is 0. */
    static double[] linspace(int highest, int count) {
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            int place = count - 1 - i;
            values[i] = place == 0 ? 0 : i == 0 ? highest : place * ((double) highest / (count - 1));
        }
        return values;
    }

    /** Multiples of {@code ratio}, the last one 0, all moved up by {@code offset}. */
    static double[] leading(int ratio, int offset, int count) {
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            values[i] = (double) (count - 1 - i) * ratio + offset;
        }
        return values;
    }

    /** From {@code end - 1} downwards in steps of {@code ratio}, rounded. */
    static double[] trailing(int end, double ratio, int count) {
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            values[i] = Math.rint(end - i * ratio) - 1;
        }
        return values;
    }

    /** Rounds to whole timesteps, halves to even. */
    static int[] rounded(double[] timesteps) {
        int[] whole = new int[timesteps.length];
        for (int i = 0; i < whole.length; i++) {
            whole[i] = (int) Math.rint(timesteps[i]);
        }
        return whole;
    }
}
