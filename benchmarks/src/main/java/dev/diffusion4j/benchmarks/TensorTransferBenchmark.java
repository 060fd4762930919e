package dev.diffusion4j.benchmarks;

import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Values between arrays and tensors, beside the plain copy of as many bytes off the heap: the lower bound. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
@State(Scope.Benchmark)
public class TensorTransferBenchmark {

    /** Latents of 512x512, and the picture itself. */
    @Param({"1x4x64x64", "1x3x512x512"})
    public String shape;

    private final Arena arena = Arena.ofShared();
    private MemorySegment from;
    private MemorySegment to;
    private Tensor tensor;
    private float[] array;

    @Setup(Level.Trial)
    public void setUp() {
        long[] dimensions =
                Arrays.stream(shape.split("x")).mapToLong(Long::parseLong).toArray();
        tensor = Tensor.randomNormal(Shape.of(dimensions), 1);
        array = tensor.toArray();
        from = arena.allocate(tensor.segment().byteSize());
        to = arena.allocate(tensor.segment().byteSize());
        float[] expected = array.clone();
        tensor.fill(0);
        copyIn();
        Arrays.fill(array, 0);
        if (!Arrays.equals(copyOut(), expected)) {
            throw new IllegalStateException("the copy differs");
        }
    }

    @TearDown(Level.Trial)
    public void close() {
        tensor.close();
        arena.close();
    }

    @Benchmark
    public Tensor copyIn() {
        tensor.copyFrom(array);
        return tensor;
    }

    @Benchmark
    public float[] copyOut() {
        tensor.copyTo(array);
        return array;
    }

    /** What most callers write: a new tensor for each use. */
    @Benchmark
    public long newTensor() {
        try (Tensor fresh = Tensor.of(array, tensor.shape())) {
            return fresh.size();
        }
    }

    @Benchmark
    public MemorySegment bound() {
        return to.copyFrom(from);
    }
}
