package dev.diffusion4j.fuzz;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.error.InvalidRequestException;
import java.nio.charset.StandardCharsets;

/** Rules that give tensors a type by name. */
public final class TypeRulesFuzzer {

    private TypeRulesFuzzer() {}

    public static void fuzzerTestOneInput(byte[] input) {
        try {
            DiffusionModel.options().weightTypeRules(new String(input, StandardCharsets.UTF_8));
        } catch (InvalidRequestException e) {
            // Refused, as it should be.
        }
    }
}
