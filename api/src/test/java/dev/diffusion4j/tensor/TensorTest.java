package dev.diffusion4j.tensor;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.OutOfNativeMemoryException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.FloatBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("fast")
class TensorTest {

    private static Tensor counting(Shape shape) {
        Tensor tensor = Tensor.zeros(shape);
        for (int i = 0; i < shape.size(); i++) {
            tensor.setFlat(i, i);
        }
        return tensor;
    }

    @Test
    void readsAndWritesElements() {
        try (Tensor tensor = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, Shape.of(2, 3))) {
            assertThat(tensor.get(1, 0)).isEqualTo(4);
            tensor.set(-1, 1, 2);
            assertThat(tensor.getFlat(5)).isEqualTo(-1);
            assertThat(tensor.toArray()).containsExactly(1, 2, 3, 4, 5, -1);
            assertThat(tensor).hasToString("Tensor[2x3: 1.0 2.0 3.0 4.0 5.0 -1.0]");
            assertOutOfBounds(() -> tensor.get(2, 0));
            assertIllegal(() -> tensor.get(0));
            assertOutOfBounds(() -> tensor.getFlat(6));
            assertOutOfBounds(() -> tensor.setFlat(-1, 0));
            assertOutOfBounds(() -> tensor.set(0, 0, 3));
        }
    }

    @Test
    void startsAsZeros() {
        try (Tensor tensor = Tensor.zeros(Shape.of(3, 5))) {
            assertThat(tensor.toArray()).hasSize(15).containsOnly(0);
        }
    }

    @Test
    void refusesTheWrongNumberOfValues() {
        assertRefused(() -> Tensor.of(new float[5], Shape.of(2, 3)));
        try (Tensor tensor = Tensor.zeros(Shape.of(2, 3))) {
            assertRefused(() -> tensor.copyFrom(new float[7]));
            assertRefused(() -> tensor.copyTo(new float[5]));
            assertRefused(() -> tensor.view(Shape.of(7)));
        }
    }

    @Test
    void reportsMissingMemory() {
        assertThatExceptionOfType(OutOfNativeMemoryException.class)
                .isThrownBy(() -> Tensor.zeros(Shape.of(Long.MAX_VALUE / 8)))
                .withMessageContaining("no memory");
    }

    @Test
    void slicesAndViewsShareMemory() {
        try (Tensor tensor = counting(Shape.of(4, 3))) {
            Tensor middle = tensor.slice(1, 3);
            assertThat(middle.shape()).isEqualTo(Shape.of(2, 3));
            assertThat(middle.toArray()).containsExactly(3, 4, 5, 6, 7, 8);
            middle.set(99, 0, 0);
            assertThat(tensor.get(1, 0)).isEqualTo(99);

            Tensor flat = middle.view(Shape.of(6));
            assertThat(flat.get(0)).isEqualTo(99);
            tensor.set(42, 2, 2);
            assertThat(flat.get(5)).isEqualTo(42);
        }
    }

    @Test
    void refusesBadSlices() {
        try (Tensor tensor = Tensor.zeros(Shape.of(4, 3));
                Tensor scalar = Tensor.zeros(Shape.of())) {
            assertOutOfBounds(() -> tensor.slice(-1, 2));
            assertOutOfBounds(() -> tensor.slice(2, 5));
            assertIllegal(() -> tensor.slice(2, 2));
            assertIllegal(() -> tensor.slice(3, 2));
            assertIllegal(() -> scalar.slice(0, 1));
        }
    }

    @Test
    void buffersAndSegmentsShareMemory() {
        try (Tensor tensor = counting(Shape.of(2, 2))) {
            FloatBuffer buffer = tensor.floatBuffer();
            assertThat(buffer.remaining()).isEqualTo(4);
            buffer.put(3, 30);
            tensor.segment().setAtIndex(JAVA_FLOAT, 0, 10);
            assertThat(tensor.toArray()).containsExactly(10, 1, 2, 30);
        }
    }

    @Test
    void wrapsMemoryOfTheCallers() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocateFrom(JAVA_FLOAT, 1, 2, 3, 4);
            Tensor tensor = Tensor.wrap(memory, Shape.of(2, 2));
            tensor.set(9, 1, 1);
            assertThat(memory.getAtIndex(JAVA_FLOAT, 3)).isEqualTo(9);
            tensor.close();
            assertThat(memory.scope().isAlive()).isTrue();
            assertRefused(() -> Tensor.wrap(memory, Shape.of(3)));
            assertRefused(() -> Tensor.wrap(memory.asReadOnly(), Shape.of(4)));
        }
        assertRefused(() -> Tensor.wrap(MemorySegment.ofArray(new byte[16]), Shape.of(4)));
    }

    static Stream<Arguments> uses() {
        return Stream.<Arguments>of(
                use("get", t -> t.get(0, 0)),
                use("set", t -> t.set(1, 0, 0)),
                use("getFlat", t -> t.getFlat(0)),
                use("setFlat", t -> t.setFlat(0, 1)),
                use("slice", t -> t.slice(0, 1)),
                use("view", t -> t.view(Shape.of(6))),
                use("segment", Tensor::segment),
                use("floatBuffer", Tensor::floatBuffer),
                use("toArray", Tensor::toArray),
                use("copy", Tensor::copy),
                use("copyFrom", t -> t.copyFrom(new float[6])),
                use("copyTo", t -> t.copyTo(new float[6])),
                use("fill", t -> t.fill(1)),
                use("scale", t -> t.scale(2)),
                use("addScaled", t -> t.addScaled(2, t)),
                use("multiply", t -> t.multiply(t)),
                use("clamp", t -> t.clamp(0, 1)),
                use("min", Tensor::min),
                use("max", Tensor::max),
                use("mean", Tensor::mean),
                use("standardDeviation", Tensor::standardDeviation),
                use("into", t -> new LinearCombination(1).into(t)));
    }

    private static Arguments use(String name, Consumer<Tensor> use) {
        return Arguments.argumentSet(name, use);
    }

    @ParameterizedTest
    @MethodSource("uses")
    void refusesEveryUseAfterClose(Consumer<Tensor> use) {
        Tensor tensor = Tensor.zeros(Shape.of(2, 3));
        Tensor view = tensor.slice(0, 2);
        tensor.close();

        assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> use.accept(tensor));
        assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> use.accept(view));
    }

    @Test
    void closesTwiceWithoutHarm() {
        Tensor tensor = Tensor.zeros(Shape.of(2));
        tensor.close();
        tensor.close();
        assertThat(tensor.isClosed()).isTrue();
        assertThat(tensor).hasToString("Tensor[2, closed]");
    }

    @Test
    void endsOnlyTheViewThatIsClosed() {
        try (Tensor tensor = counting(Shape.of(2, 3))) {
            Tensor view = tensor.slice(0, 1);
            view.close();
            assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> view.get(0, 0));
            assertThat(tensor.get(0, 1)).isEqualTo(1);
        }
    }

    @Test
    void endsViewsOfATensorInAForeignArena() {
        try (Arena arena = Arena.ofShared()) {
            Tensor tensor = Tensor.zeros(Shape.of(2, 3), arena);
            Tensor view = tensor.slice(0, 1);
            tensor.close();
            assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> view.get(0, 0));
        }
        Arena arena = Arena.ofShared();
        Tensor tensor = Tensor.zeros(Shape.of(2), arena);
        arena.close();
        assertThat(tensor.isClosed()).isTrue();
        assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> tensor.get(0));
    }

    @Test
    void endsBuffersAndSegmentsWithTheTensor() {
        Tensor tensor = Tensor.zeros(Shape.of(2));
        FloatBuffer buffer = tensor.floatBuffer();
        MemorySegment segment = tensor.segment();
        tensor.close();
        assertThat(segment.scope().isAlive()).isFalse();
        assertThatIllegalStateException().isThrownBy(() -> buffer.get(0));
        assertThatIllegalStateException().isThrownBy(() -> segment.getAtIndex(JAVA_FLOAT, 0));
    }

    @Test
    void isUsableFromOtherThreads() {
        try (Tensor tensor = counting(Shape.of(2))) {
            CompletableFuture.runAsync(() -> tensor.set(7, 0)).join();
            assertThat(tensor.get(0)).isEqualTo(7);
        }
    }

    @Test
    void copiesValues() {
        try (Tensor tensor = counting(Shape.of(2, 2));
                Tensor copy = tensor.copy();
                Tensor other = Tensor.zeros(Shape.of(2, 2));
                Tensor misshapen = Tensor.zeros(Shape.of(4))) {
            tensor.set(50, 0, 0);
            assertThat(copy.toArray()).containsExactly(0, 1, 2, 3);
            other.copyFrom(tensor);
            assertThat(other.toArray()).containsExactly(50, 1, 2, 3);
            other.copyFrom(new float[] {4, 3, 2, 1});
            float[] values = new float[4];
            other.copyTo(values);
            assertThat(values).containsExactly(4, 3, 2, 1);
            assertRefused(() -> misshapen.copyFrom(tensor));
        }
    }

    @Test
    void calculatesInPlace() {
        try (Tensor tensor = Tensor.of(new float[] {1, -2, 3}, Shape.of(3));
                Tensor other = Tensor.of(new float[] {10, 20, 0.5f}, Shape.of(3));
                Tensor misshapen = Tensor.zeros(Shape.of(1, 3))) {
            tensor.scale(2);
            assertThat(tensor.toArray()).containsExactly(2, -4, 6);
            tensor.addScaled(-0.5, other);
            assertThat(tensor.toArray()).containsExactly(-3, -14, 5.75f);
            tensor.multiply(other);
            assertThat(tensor.toArray()).containsExactly(-30, -280, 2.875f);
            tensor.clamp(-100, 1);
            assertThat(tensor.toArray()).containsExactly(-30, -100, 1);
            tensor.fill(4);
            assertThat(tensor.toArray()).containsOnly(4);
            assertRefused(() -> tensor.addScaled(1, misshapen));
            assertRefused(() -> tensor.multiply(misshapen));
            assertRefused(() -> tensor.clamp(1, 0));
            assertRefused(() -> tensor.clamp(Float.NaN, 0));
        }
    }

    @Test
    void measuresItsValues() {
        try (Tensor tensor = Tensor.of(new float[] {2, 4, 4, 4, 5, 5, 7, 9}, Shape.of(8))) {
            assertThat(tensor.min()).isEqualTo(2);
            assertThat(tensor.max()).isEqualTo(9);
            assertThat(tensor.mean()).isEqualTo(5, within(1e-12));
            assertThat(tensor.standardDeviation()).isEqualTo(2, within(1e-12));
        }
    }

    private static void assertOutOfBounds(Runnable call) {
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(call::run);
    }

    private static void assertIllegal(Runnable call) {
        assertThatIllegalArgumentException().isThrownBy(call::run);
    }

    private static void assertRefused(Runnable call) {
        assertThatExceptionOfType(InvalidRequestException.class).isThrownBy(call::run);
    }
}
