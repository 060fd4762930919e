package dev.diffusion4j.request;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.format.Names;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The type that weights are kept in while a model is open. Smaller types need less memory and lose some precision. */
public enum WeightType {
    F32,
    F16,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q2_K,
    Q3_K,
    Q4_K,
    Q5_K,
    Q6_K,
    IQ4_NL,
    BF16;

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
