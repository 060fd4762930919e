package dev.diffusion4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.InvalidRequestException;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class TensorScopeTest {

    private static final Shape SHAPE = Shape.of(2, 3);
    private static final float[] VALUES = {1, 2, 3, 4, 5, 6};

    @Test
    void makesWhatTensorMakes() {
        try (TensorScope scope = TensorScope.open();
                Tensor noise = Tensor.randomNormal(SHAPE, 7);
                Tensor torch = Tensor.randomNormal(SHAPE, 7, RandomSource.CPU)) {
            assertThat(scope.zeros(SHAPE).toArray()).containsExactly(0, 0, 0, 0, 0, 0);
            assertThat(scope.of(VALUES, SHAPE).toArray()).containsExactly(VALUES);
            assertThat(scope.randomNormal(SHAPE, 7).toArray()).containsExactly(noise.toArray());
            assertThat(scope.randomNormal(SHAPE, 7, RandomSource.CPU).toArray()).containsExactly(torch.toArray());
            assertThat(scope.of(VALUES, SHAPE).shape()).isEqualTo(SHAPE);
        }
    }

    @Test
    void aCopySharesNothing() {
        try (TensorScope scope = TensorScope.open();
                Tensor source = Tensor.of(VALUES, SHAPE)) {
            Tensor copy = scope.copyOf(source);
            source.fill(0);
            assertThat(copy.toArray()).containsExactly(VALUES);
        }
    }

    @Test
    void closesAllItMade() {
        List<Tensor> tensors;
        Tensor row;
        try (TensorScope scope = TensorScope.open()) {
            Tensor values = scope.of(VALUES, SHAPE);
            tensors = List.of(values, scope.zeros(SHAPE), scope.copyOf(values));
            row = values.slice(1, 2);
            assertThat(scope.isClosed()).isFalse();
        }
        assertThat(tensors).allSatisfy(tensor -> {
            assertThat(tensor.isClosed()).isTrue();
            assertThatThrownBy(() -> tensor.getFlat(0)).isInstanceOf(ClosedException.class);
        });
        assertThatThrownBy(() -> row.getFlat(0)).isInstanceOf(ClosedException.class);
    }

    @Test
    void aTensorClosedByItselfLeavesTheOthers() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor first = scope.of(VALUES, SHAPE);
            Tensor second = scope.of(VALUES, SHAPE);
            first.close();
            assertThat(first.isClosed()).isTrue();
            assertThat(second.toArray()).containsExactly(VALUES);
        }
    }

    @Test
    void aClosedScopeMakesNothingAndClosesAgain() {
        TensorScope scope = TensorScope.open();
        scope.close();
        assertThat(scope.isClosed()).isTrue();
        assertThatThrownBy(() -> scope.zeros(SHAPE))
                .isInstanceOf(ClosedException.class)
                .hasMessageContaining("scope");
        scope.close();
    }

    @Test
    void valuesOfAnotherCountAreRefused() {
        try (TensorScope scope = TensorScope.open()) {
            assertThatThrownBy(() -> scope.of(new float[5], SHAPE)).isInstanceOf(InvalidRequestException.class);
        }
    }
}
