package dev.diffusion4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.InvalidRequestException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class LinearCombinationTest {

    /** More than two blocks, and not a whole number of them. */
    private static final Shape LONG = Shape.of(2500);

    @Test
    void sumsManyElementsInPlace() {
        try (Tensor x = Tensor.randomNormal(LONG, 1);
                Tensor y = Tensor.randomNormal(LONG, 2);
                Tensor z = Tensor.randomNormal(LONG, 3)) {
            float[] before = x.toArray();
            new LinearCombination(3).add(0.5, x).add(-2, y).add(3, z).into(x);
            for (int i = 0; i < LONG.size(); i++) {
                double expected = 0.5 * before[i] - 2.0 * y.getFlat(i) + 3.0 * z.getFlat(i);
                assertThat(x.getFlat(i)).isEqualTo((float) expected);
            }
        }
    }

    @Test
    void isUsedAgainAfterClear() {
        try (Tensor x = Tensor.of(new float[] {1, 2}, Shape.of(2));
                Tensor sum = Tensor.zeros(Shape.of(2))) {
            LinearCombination combination = new LinearCombination(1);
            combination.add(5, x).into(sum);
            combination.clear().add(2, x).into(sum);
            assertThat(sum.toArray()).containsExactly(2, 4);
            combination.clear().into(sum);
            assertThat(sum.toArray()).containsOnly(0);
        }
    }

    @Test
    void leavesOutTermsOfNoWeight() {
        try (Tensor x = Tensor.of(new float[] {1, 2}, Shape.of(2));
                Tensor bad = Tensor.of(new float[] {Float.NaN, Float.POSITIVE_INFINITY}, Shape.of(2))) {
            new LinearCombination(1).add(0, bad).add(3, x).into(x);
            assertThat(x.toArray()).containsExactly(3, 6);
        }
    }

    @Test
    void refusesWhatDoesNotFit() {
        try (Tensor x = Tensor.zeros(Shape.of(2));
                Tensor misshapen = Tensor.zeros(Shape.of(1, 2))) {
            assertThatExceptionOfType(InvalidRequestException.class).isThrownBy(() -> new LinearCombination(0));
            assertThatExceptionOfType(InvalidRequestException.class)
                    .isThrownBy(() -> new LinearCombination(1).add(1, x).add(1, x));
            assertThatExceptionOfType(InvalidRequestException.class)
                    .isThrownBy(() -> new LinearCombination(1).add(1, misshapen).into(x));
            Tensor closed = x.copy();
            closed.close();
            assertThatExceptionOfType(ClosedException.class)
                    .isThrownBy(() -> new LinearCombination(1).add(1, closed).into(x));
        }
    }
}
