package dev.diffusion4j.benchmarks;

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
import org.openjdk.jmh.annotations.Warmup;

/**
 * A whole picture of the demo model from a prompt, over sizes and steps: how cost grows, and, with JMH's gc profiler, what a
 * further step allocates. There is a reference picture of one size and number of steps; the others are not compared.
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1)
@Measurement(iterations = 5)
@Fork(1)
@State(Scope.Benchmark)
public class TextToImageBenchmark {

    private static final String MODEL = "demo";
    /** Pictures of this ratio or better show the same; below, something is wrong. */
    private static final double LEAST_DECIBELS = 20;

    @Param("128")
    public int pixels;

    @Param("20")
    public int steps;

    private Backend backend;
    private Drawing drawing;

    @Setup(Level.Trial)
    public void setUp(BackendState state) {
        backend = state.open(MODEL);
        drawing = Drawing.of(MODEL, pixels, steps);
        float[] picture = draw(state);
        if (drawing.equals(Drawing.ofReference(MODEL))) {
            double decibels = Agreement.psnr(picture, Workspace.array(MODEL, "drawn"));
            if (decibels < LEAST_DECIBELS) {
                throw new IllegalStateException("the picture is another one: " + decibels + " dB");
            }
        }
    }

    @Benchmark
    public float[] draw(BackendState state) {
        return backend.draw(drawing, () -> {});
    }
}
