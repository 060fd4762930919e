package dev.diffusion4j.mutants;

import java.util.Arrays;
import java.util.Random;

/** What is wrong with a mutant. */
enum Kind {
    /** A tensor's name. */
    NAME(14),
    /** A tensor's dimensions. */
    SHAPE(14),
    /** How a tensor's numbers are stored. */
    TYPE(12),
    /** Where a tensor's bytes are. */
    PLACE(12),
    /** Which tensors there are. */
    TENSORS(12),
    /** The numbers themselves. */
    DATA(18),
    /** The JSON, table or pickle: a word of it, with lengths and checksums that fit. */
    DESCRIPTION(10),
    /** A length, count, signature or flag, in its place. */
    FIELD(5),
    /** The file's length. */
    LENGTH(4),
    /** Some bytes of what describes the file. */
    BYTES(3);

    private final int weight;

    Kind(int weight) {
        this.weight = weight;
    }

    static Kind any(Random random) {
        int at = random.nextInt(
                Arrays.stream(values()).mapToInt(kind -> kind.weight).sum());
        for (Kind kind : values()) {
            at -= kind.weight;
            if (at < 0) {
                return kind;
            }
        }
        throw new AssertionError();
    }

    /** Whether tensors change, and not the file that they are written to. */
    boolean isOfTensors() {
        return ordinal() <= DATA.ordinal();
    }
}
