package dev.diffusion4j;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The type that weights are kept in while a model is open. Smaller types need less memory and lose some precision. */
public enum WeightType {
    F32(0),
    F16(1),
    Q4_0(2),
    Q4_1(3),
    Q5_0(6),
    Q5_1(7),
    Q8_0(8),
    Q2_K(10),
    Q3_K(11),
    Q4_K(12),
    Q5_K(13),
    Q6_K(14),
    IQ4_NL(20),
    BF16(30);

    private final int code;

    WeightType(int code) {
        this.code = code;
    }

    /** ggml's number of the type. */
    public int code() {
        return code;
    }

    /**
     * Finds a type by name, ignoring case.
     *
     * @throws InvalidRequestException if there is none; the message lists all
     */
    public static WeightType of(String name) {
        for (WeightType type : values()) {
            if (Names.key(type.name()).equals(Names.key(name))) {
                return type;
            }
        }
        throw new InvalidRequestException(
                "weightType",
                name,
                "one of " + Arrays.stream(values()).map(WeightType::toString).collect(Collectors.joining(", ")));
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
