package dev.diffusion4j.request;

import dev.diffusion4j.internal.check.Checks;

/**
 * How much memory of its device a model may take for weights.
 *
 * @param relative whether the amount is left free, of what was free when the model was opened
 * @param gib the amount, in GiB
 */
public record MemoryBudget(boolean relative, double gib) {

    public MemoryBudget {
        Checks.range("memoryBudget", gib, 0, 4096);
        if (relative) {
            // The runtime knows this one alone.
            Checks.range("memoryBudget.left", gib, 1, 1);
        }
    }

    /** That many GiB, above 0 and up to 4096. */
    public static MemoryBudget gib(double amount) {
        return new MemoryBudget(false, amount);
    }

    /** What is free, less one GiB. */
    public static MemoryBudget freeLessOneGib() {
        return new MemoryBudget(true, 1);
    }
}
