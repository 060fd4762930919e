package dev.diffusion4j.tensor;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/**
 * The Mersenne Twister MT19937 (Matsumoto and Nishimura 1998) and torch's two ways from it to normal values on the CPU.
 *
 * <p>From 16 elements on, the whole draw is filled with uniforms of 24 bits and turned into normals in blocks of 16,
 * element j of a block paired with j + 8; a rest below 16 is covered by drawing the last 16 elements again. Below 16
 * elements, each pair of normals takes two uniforms of 53 bits, and a second value that is left over serves the next
 * such draw.
 */
final class MersenneTwisterGenerator implements NormalGenerator {

    private static final int WORDS = 624;
    private static final int MIDDLE = 397;
    private static final int BLOCK = 16;
    private static final float UNIT_24 = 0x1p-24f;
    private static final double UNIT_53 = 0x1p-53;
    private static final float TWO_PI = (float) (2 * Math.PI);

    private final int[] state = new int[WORDS];
    private int next = WORDS;
    private double spare;
    private boolean hasSpare;

    MersenneTwisterGenerator(int seed) {
        state[0] = seed;
        for (int i = 1; i < WORDS; i++) {
            state[i] = 1812433253 * (state[i - 1] ^ (state[i - 1] >>> 30)) + i;
        }
    }

    @Override
    public void fill(Tensor destination) {
        MemorySegment to = destination.live();
        long size = destination.size();
        if (size < BLOCK) {
            for (long i = 0; i < size; i++) {
                to.setAtIndex(JAVA_FLOAT, i, (float) pairwise());
            }
            return;
        }
        fillUniform(to, 0, size);
        for (long start = 0; start + BLOCK <= size; start += BLOCK) {
            transformBlock(to, start);
        }
        if (size % BLOCK != 0) {
            fillUniform(to, size - BLOCK, size);
            transformBlock(to, size - BLOCK);
        }
    }

    private void fillUniform(MemorySegment to, long from, long end) {
        for (long i = from; i < end; i++) {
            to.setAtIndex(JAVA_FLOAT, i, (nextInt() & 0xFFFFFF) * UNIT_24);
        }
    }

    private static void transformBlock(MemorySegment to, long start) {
        for (long j = start; j < start + BLOCK / 2; j++) {
            float u = 1 - to.getAtIndex(JAVA_FLOAT, j);
            float angle = TWO_PI * to.getAtIndex(JAVA_FLOAT, j + BLOCK / 2);
            // Each function is rounded to float32 by itself, as the single-precision C functions do.
            float radius = (float) Math.sqrt(-2 * (float) Math.log(u));
            to.setAtIndex(JAVA_FLOAT, j, radius * (float) Math.cos(angle));
            to.setAtIndex(JAVA_FLOAT, j + BLOCK / 2, radius * (float) Math.sin(angle));
        }
    }

    private double pairwise() {
        if (hasSpare) {
            hasSpare = false;
            return spare;
        }
        double angle = 2 * Math.PI * nextUnit53();
        double radius = Math.sqrt(-2 * Math.log1p(-nextUnit53()));
        spare = radius * Math.sin(angle);
        hasSpare = true;
        return radius * Math.cos(angle);
    }

    private double nextUnit53() {
        long high = nextInt();
        long low = nextInt() & 0xFFFFFFFFL;
        return ((high << 32 | low) & ((1L << 53) - 1)) * UNIT_53;
    }

    private int nextInt() {
        if (next == WORDS) {
            twist();
        }
        int y = state[next++];
        y ^= y >>> 11;
        y ^= (y << 7) & 0x9D2C5680;
        y ^= (y << 15) & 0xEFC60000;
        return y ^ (y >>> 18);
    }

    private void twist() {
        for (int i = 0; i < WORDS; i++) {
            int mixed = (state[i] & 0x80000000) | (state[(i + 1) % WORDS] & 0x7FFFFFFF);
            state[i] = state[(i + MIDDLE) % WORDS] ^ (mixed >>> 1) ^ ((mixed & 1) == 0 ? 0 : 0x9908B0DF);
        }
        next = 0;
    }
}
