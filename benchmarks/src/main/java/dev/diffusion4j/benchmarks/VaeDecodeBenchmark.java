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

/** The VAE's decoder: pictures of 8 times the latents' side. */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1)
@Measurement(iterations = 3)
@Fork(1)
@State(Scope.Benchmark)
public class VaeDecodeBenchmark {

    /** Model and side of the latents. */
    @Param({"demo-16", "full-32", "full-64"})
    public String subject;

    private Backend backend;
    private int side;
    private float[] latents;

    @Setup(Level.Trial)
    public void setUp(BackendState state) {
        Subject chosen = Subject.of(subject);
        side = chosen.side();
        latents = Workspace.array(chosen.model(), "latents-" + side);
        backend = state.open(chosen.model());
        Agreement.check(
                "VaeDecode:" + subject,
                state.backend,
                decode(state),
                Workspace.array(chosen.model(), "picture-" + side));
    }

    @Benchmark
    public float[] decode(BackendState state) {
        return backend.decode(latents, side);
    }
}
