package dev.diffusion4j.benchmarks;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.NativeRuntime;
import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.request.NoiseSchedule;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** From Java into native code, by itself and with the change of thread that a call of a model takes. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
@State(Scope.Benchmark)
public class DowncallBenchmark {

    private static final MethodHandle NOTHING = CallsLibrary.handle("benchmark_nothing", FunctionDescriptor.ofVoid());
    private static final MethodHandle LEAF =
            CallsLibrary.handle("benchmark_nothing", FunctionDescriptor.ofVoid(), Linker.Option.critical(false));
    private static final ImageSize SIZE = new ImageSize(128, 128);

    private DiffusionModel model;

    @Setup(Level.Trial)
    public void setUp() {
        NativeRuntime.libraryPath();
        if (D4j.d4j_abi_version() != D4j.D4J_ABI_VERSION()) {
            throw new IllegalStateException("the library is another one than the bindings'");
        }
        model = DiffusionModel.open(Workspace.weights("demo", "f16"));
    }

    @TearDown(Level.Trial)
    public void close() {
        model.close();
    }

    /** jextract's binding of a function that returns a constant. */
    @Benchmark
    public int binding() {
        return D4j.d4j_abi_version();
    }

    /** A call without arguments or result. */
    @Benchmark
    public void empty() throws Throwable {
        NOTHING.invokeExact();
    }

    /** The least that the linker can do: no change of the thread's state. */
    @Benchmark
    public void bound() throws Throwable {
        LEAF.invokeExact();
    }

    /** A model's call with next to no work: to the model's thread, arguments, native code, result, back. */
    @Benchmark
    public float[] onModelThread() {
        return model.noiseLevels(NoiseSchedule.DISCRETE, 1, SIZE);
    }
}
