package dev.diffusion4j.benchmarks;

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
import org.openjdk.jmh.annotations.Warmup;

/** CLIP's text encoder, 77 tokens to hidden states: the demo model's is as large as Stable Diffusion 1.5's. */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3)
@Measurement(iterations = 10)
@Fork(2)
@State(Scope.Benchmark)
public class TextEncoderBenchmark {

    private static final String MODEL = "full";

    private Backend backend;
    private int[] ids;

    @Setup(Level.Trial)
    public void setUp(BackendState state) {
        backend = state.open(MODEL);
        ids = Workspace.ids(MODEL);
        Agreement.check("TextEncoder", state.backend, backend.encodeText(ids), Workspace.array(MODEL, "context"));
    }

    @Benchmark
    public float[] encode(BackendState state) {
        return backend.encodeText(ids);
    }
}
