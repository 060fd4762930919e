package dev.diffusion4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.diffusion4j.error.InvalidRequestException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class ShapeTest {

    @Test
    void knowsItsSizeAndOffsets() {
        Shape shape = Shape.of(2, 3, 4);

        assertThat(shape.rank()).isEqualTo(3);
        assertThat(shape.size()).isEqualTo(24);
        assertThat(shape.byteSize()).isEqualTo(96);
        assertThat(shape.dimension(1)).isEqualTo(3);
        assertThat(shape.offset(1, 2, 3)).isEqualTo(23);
        assertThat(shape).hasToString("2x3x4").isEqualTo(Shape.of(2, 3, 4)).isNotEqualTo(Shape.of(4, 3, 2));
        assertThat(shape).hasSameHashCodeAs(Shape.of(2, 3, 4));
    }

    @Test
    void isAScalarWithoutDimensions() {
        assertThat(Shape.of().size()).isEqualTo(1);
        assertThat(Shape.of().offset()).isZero();
        assertThat(Shape.of()).hasToString("scalar");
    }

    @Test
    void doesNotChangeWithTheArrayItWasMadeFrom() {
        long[] dimensions = {2, 3};
        Shape shape = Shape.of(dimensions);
        dimensions[0] = 7;
        shape.toArray()[1] = 7;

        assertThat(shape).isEqualTo(Shape.of(2, 3));
    }

    @Test
    void refusesBadDimensions() {
        assertRefused("shape[1]", () -> Shape.of(2, 0));
        assertRefused("shape[0]", () -> Shape.of(-1));
        assertRefused("shape", () -> Shape.of(1, 1, 1, 1, 1, 1, 1, 1, 1));
        assertRefused("shape", () -> Shape.of(1L << 32, 1L << 32));
        assertRefused("shape", () -> Shape.of(Long.MAX_VALUE));
        assertRefused("shape", () -> Shape.of(Long.MAX_VALUE / 4, 2));
        assertThat(Shape.of(Long.MAX_VALUE / 4).byteSize()).isEqualTo(Long.MAX_VALUE - 3);
    }

    @Test
    void refusesBadIndices() {
        Shape shape = Shape.of(2, 3);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> shape.offset(1))
                .withMessage("1 indices, but the shape 2x3 takes 2");
        assertOutOfBounds("indices[0] is 2, must be from 0 to 1 for the shape 2x3", () -> shape.offset(2, 0));
        assertOutOfBounds("indices[1] is -1, must be from 0 to 2 for the shape 2x3", () -> shape.offset(0, -1));
        assertOutOfBounds("axis 2 of the shape 2x3", () -> shape.dimension(2));
        assertOutOfBounds("axis 0 of the shape scalar", () -> Shape.of().dimension(0));
    }

    private static void assertOutOfBounds(String message, Runnable call) {
        assertThatExceptionOfType(IndexOutOfBoundsException.class)
                .isThrownBy(call::run)
                .withMessage(message);
    }

    private static void assertRefused(String field, Runnable call) {
        assertThatExceptionOfType(InvalidRequestException.class)
                .isThrownBy(call::run)
                .returns(field, InvalidRequestException::field);
    }
}
