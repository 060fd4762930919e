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

/** One prediction of the U-Net, batch 1. */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1)
@Measurement(iterations = 5)
@Fork(1)
@State(Scope.Benchmark)
public class UNetBenchmark {

    /** Model and side of the latents. */
    @Param({"demo-16", "full-32", "full-64"})
    public String subject;

    private Backend backend;
    private int side;
    private float[] latents;
    private float[] context;

    @Setup(Level.Trial)
    public void setUp(BackendState state) {
        Subject chosen = Subject.of(subject);
        side = chosen.side();
        latents = Workspace.array(chosen.model(), "latents-" + side);
        context = Workspace.array(chosen.model(), "context");
        backend = state.open(chosen.model());
        Agreement.check(
                "UNet:" + subject, state.backend, predict(state), Workspace.array(chosen.model(), "noise-" + side));
    }

    @Benchmark
    public float[] predict(BackendState state) {
        return backend.predictNoise(latents, 1, side, Workspace.TIMESTEP, context);
    }
}
