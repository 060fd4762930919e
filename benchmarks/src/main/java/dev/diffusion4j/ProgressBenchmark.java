package dev.diffusion4j;

import dev.diffusion4j.benchmarks.CallsLibrary;
import dev.diffusion4j.bindings.d4j_progress_fn;
import dev.diffusion4j.internal.engine.GenerationObserver.ProgressKind;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a denoising step costs in Java: the runtime's report after it reaches a listener as an event. In the library's
 * package because the class that makes events of reports is not public.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
@State(Scope.Benchmark)
public class ProgressBenchmark {

    private static final int CALLS = 1000;
    private static final MethodHandle PROGRESS = CallsLibrary.handle(
            "benchmark_progress",
            FunctionDescriptor.ofVoid(ValueLayout.ADDRESS, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    private static final MethodHandle IN_C =
            CallsLibrary.handle("benchmark_progress_in_c", FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT));

    private final Arena arena = Arena.ofShared();
    private MemorySegment empty;
    private MemorySegment event;
    private Progress seen;

    @Setup(Level.Trial)
    public void setUp() throws Throwable {
        ProgressTracker tracker = new ProgressTracker(1, 1, progress -> seen = progress);
        tracker.report(ProgressKind.SAMPLING, 0, CALLS);
        empty = d4j_progress_fn.allocate((kind, step, of, seconds) -> {}, arena);
        event = d4j_progress_fn.allocate(
                (kind, step, of, seconds) -> tracker.report(ProgressKind.values()[kind], step, of), arena);
        if (event().step() != 1) {
            throw new IllegalStateException("no event arrived");
        }
    }

    @TearDown(Level.Trial)
    public void close() {
        arena.close();
    }

    /** Into native code, which calls an empty Java method. */
    @Benchmark
    public void upcall() throws Throwable {
        PROGRESS.invokeExact(empty, 1, CALLS);
    }

    /** The same, with the event that a listener is given. */
    @Benchmark
    public Progress event() throws Throwable {
        PROGRESS.invokeExact(event, 1, CALLS);
        return seen;
    }

    /** From C to C. */
    @Benchmark
    @OperationsPerInvocation(CALLS)
    public void bound() throws Throwable {
        IN_C.invokeExact(CALLS);
    }
}
