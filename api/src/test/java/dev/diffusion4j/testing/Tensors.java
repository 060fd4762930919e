package dev.diffusion4j.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.tensor.Tensor;

/** Compares tensors by their numbers. */
public final class Tensors {

    private Tensors() {}

    /** The largest difference between two numbers at the same place; NaN if there is one. */
    public static double distance(Tensor a, Tensor b) {
        assertThat(b.shape()).isEqualTo(a.shape());
        double largest = 0;
        for (long i = 0; i < a.size(); i++) {
            largest = Math.max(largest, Math.abs((double) a.getFlat(i) - b.getFlat(i)));
        }
        return largest;
    }
}
