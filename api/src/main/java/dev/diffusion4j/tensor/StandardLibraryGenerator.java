package dev.diffusion4j.tensor;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/**
 * GNU libstdc++'s {@code std::default_random_engine} (the "minimal standard" generator of Park and Miller 1988) with
 * {@code std::normal_distribution<float>} (Marsaglia's polar method, in float32). The C++ standard leaves both to the
 * library, so this is what the runtime draws where it is built with libstdc++.
 */
final class StandardLibraryGenerator implements NormalGenerator {

    private static final long MODULUS = (1L << 31) - 1;
    private static final long MULTIPLIER = 16807;
    /** The number of values that the engine takes, which float32 rounds to 2^31. */
    private static final float RANGE = MODULUS - 1;

    private long state;

    StandardLibraryGenerator(int seed) {
        state = Integer.toUnsignedLong(seed) % MODULUS;
        if (state == 0) {
            state = 1;
        }
    }

    @Override
    public void fill(Tensor destination) {
        MemorySegment to = destination.live();
        long size = destination.size();
        // The runtime makes a distribution per draw, so the second value of a last, odd pair is not kept.
        for (long i = 0; i < size; i += 2) {
            float x;
            float y;
            float squared;
            do {
                x = 2 * unit() - 1;
                y = 2 * unit() - 1;
                squared = x * x + y * y;
            } while (squared > 1 || squared == 0);
            float factor = (float) Math.sqrt(-2 * (float) Math.log(squared) / squared);
            to.setAtIndex(JAVA_FLOAT, i, y * factor);
            if (i + 1 < size) {
                to.setAtIndex(JAVA_FLOAT, i + 1, x * factor);
            }
        }
    }

    private float unit() {
        state = state * MULTIPLIER % MODULUS;
        float value = (state - 1) / RANGE;
        return value < 1 ? value : Math.nextDown(1f);
    }
}
