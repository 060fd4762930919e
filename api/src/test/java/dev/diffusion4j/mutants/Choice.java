package dev.diffusion4j.mutants;

import java.util.List;
import java.util.Random;

/** Random choices, the same for the same seed. */
record Choice(Random random) {

    @SafeVarargs
    final <T> T of(T... all) {
        return all[random.nextInt(all.length)];
    }

    <T> T of(List<T> all) {
        return all.get(random.nextInt(all.size()));
    }

    int below(int bound) {
        return random.nextInt(bound);
    }

    boolean percent(int percent) {
        return random.nextInt(100) < percent;
    }

    /** A number at which programs tend to go wrong, or one close to what was there. */
    long telling(long was) {
        return switch (below(4)) {
            case 0 -> was + of(-32, -2, -1, 1, 2, 32);
            case 1 -> of(was * 2, was / 2, -was, ~was, was << 32);
            case 2 -> of(0L, 1L, -1L, 0x7fL, 0x80L, 0xffL, 0x7fffL, 0xffffL, 0x1_0000L);
            default -> of(0x7fff_ffffL, 0x8000_0000L, 0xffff_ffffL, 1L << 32, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 62);
        };
    }

    byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }
}
