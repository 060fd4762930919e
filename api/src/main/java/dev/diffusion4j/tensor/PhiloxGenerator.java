package dev.diffusion4j.tensor;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/**
 * Philox 4x32 with 10 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011). The counter of
 * element i in draw d is (d, 0, i, 0) and the key is the seed; the first two output words make one normal value.
 *
 * <p>Rounding follows the native runtime: uniforms in float32, logarithm, root and sine in double.
 */
final class PhiloxGenerator implements NormalGenerator {

    private static final int ROUNDS = 10;
    private static final long MULTIPLIER_0 = 0xD2511F53L;
    private static final long MULTIPLIER_1 = 0xCD9E8D57L;
    private static final int KEY_STEP_0 = 0x9E3779B9;
    private static final int KEY_STEP_1 = 0xBB67AE85;
    private static final long WORD = 0xFFFFFFFFL;
    private static final float TO_UNIT = 2.3283064e-10f; // 2^-32
    private static final float TO_ANGLE = TO_UNIT * 6.2831855f;

    private final int seedLow;
    private final int seedHigh;
    private int draw;

    PhiloxGenerator(long seed) {
        seedLow = (int) seed;
        seedHigh = (int) (seed >>> 32);
    }

    @Override
    public void fill(Tensor destination) {
        MemorySegment to = destination.live();
        for (long i = 0, n = destination.size(); i < n; i++) {
            to.setAtIndex(JAVA_FLOAT, i, normal((int) i));
        }
        draw++;
    }

    private float normal(int element) {
        int c0 = draw;
        int c1 = 0;
        int c2 = element;
        int c3 = 0;
        int k0 = seedLow;
        int k1 = seedHigh;
        for (int round = 0; round < ROUNDS; round++) {
            long p0 = MULTIPLIER_0 * (c0 & WORD);
            long p1 = MULTIPLIER_1 * (c2 & WORD);
            c0 = (int) (p1 >>> 32) ^ c1 ^ k0;
            c1 = (int) p1;
            c2 = (int) (p0 >>> 32) ^ c3 ^ k1;
            c3 = (int) p0;
            k0 += KEY_STEP_0;
            k1 += KEY_STEP_1;
        }
        float u = (float) (c0 & WORD) * TO_UNIT + TO_UNIT / 2;
        float v = (float) (c1 & WORD) * TO_ANGLE + TO_ANGLE / 2;
        float radius = (float) Math.sqrt(-2 * Math.log(u));
        return (float) (radius * Math.sin(v));
    }
}
