package dev.diffusion4j.benchmarks;

import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** An open backend. The reference outputs are compared with before anything is timed, which warms up as well. */
@State(Scope.Benchmark)
public class BackendState {

    @Param({"diffusion4j-f32", "diffusion4j-f16", "diffusion4j-q8_0", "diffusion4j-q4_0", "djl-pytorch", "onnxruntime"})
    public String backend;

    private Backend open;

    Backend open(String model) {
        open = Backend.open(backend, model);
        return open;
    }

    @TearDown(Level.Trial)
    public void close() {
        open.close();
    }
}
