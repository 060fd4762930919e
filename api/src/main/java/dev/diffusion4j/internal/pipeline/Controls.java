package dev.diffusion4j.internal.pipeline;

import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.internal.component.EngineControlNet;
import dev.diffusion4j.internal.engine.GenerationInputs.ControlInput;
import dev.diffusion4j.internal.engine.Watch;
import dev.diffusion4j.tensor.Tensor;
import dev.diffusion4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The control pictures of a request, as ControlNets have read them. */
final class Controls implements AutoCloseable {

    private record Read(ControlInput control, EngineControlNet net, Tensor hint) {}

    private final TensorScope hints = TensorScope.open();
    private final List<Read> all = new ArrayList<>();
    private final Watch watch;

    /**
     * @param nets those of the model
     */
    Controls(List<ControlInput> controls, List<EngineControlNet> nets, Watch watch) {
        this.watch = watch;
        try {
            for (ControlInput control : controls) {
                EngineControlNet net = nets.stream()
                        .filter(candidate -> candidate.name().equals(control.controlNet()))
                        .findFirst()
                        .orElseThrow();
                try (Tensor hint = net.embed(control.picture(), watch)) {
                    watch.rethrow();
                    all.add(new Read(control, net, hints.copyOf(hint)));
                }
            }
        } catch (Throwable e) {
            close();
            throw e;
        }
    }

    /**
     * What the U-Net is told in a step.
     *
     * @param latents as it is given them
     * @param done how many steps, of so many, are done
     * @param scope closes the residuals
     */
    @Nullable
    Conditioning in(
            int done,
            int steps,
            Tensor latents,
            double timestep,
            @Nullable Conditioning conditioning,
            TensorScope scope) {
        if (conditioning == null) {
            return null;
        }
        Tensor sum = null;
        for (Read read : all) {
            if (!read.control.countsIn(done, steps)) {
                continue;
            }
            try (Tensor residuals = read.net.predict(latents, timestep, conditioning, read.hint, watch)) {
                watch.rethrow();
                sum = sum == null ? scope.zeros(residuals.shape()) : sum;
                sum.addScaled(read.control.strength(), residuals);
            }
        }
        return sum == null ? conditioning : conditioning.with(Conditioning.RESIDUALS, sum);
    }

    @Override
    public void close() {
        hints.close();
    }
}
