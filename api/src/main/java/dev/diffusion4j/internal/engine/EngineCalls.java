package dev.diffusion4j.internal.engine;

import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.tensor.Tensor;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Brings calls of a model's components to the model's thread. */
public final class EngineCalls {

    private final EngineThread thread;
    private final Engine engine;
    private final ModelInfo info;
    private final BooleanSupplier closed;

    /**
     * @param info what the engine says of the model
     * @param closed whether calls are refused
     */
    public EngineCalls(EngineThread thread, Engine engine, ModelInfo info, BooleanSupplier closed) {
        this.thread = thread;
        this.engine = engine;
        this.info = info;
        this.closed = closed;
    }

    /** What the engine says of the model. */
    public ModelInfo info() {
        return info;
    }

    /**
     * Runs work with the engine and waits for it.
     *
     * @throws ClosedException if the model is closed
     * @throws GenerationCancelledException if the caller is interrupted before it has begun
     * @throws IllegalStateException from a listener that native code called
     */
    public <T extends @Nullable Object> T call(Function<Engine, T> work) {
        if (thread.isCurrent()) {
            // The model lives until the work in progress, such as a generation's listener, has ended.
            return thread.exclusively(() -> work.apply(engine));
        }
        return thread.call(() -> {
            // Asked here and not before: the model may be closed while this call waits for its turn.
            if (closed.getAsBoolean()) {
                throw new ClosedException("the model is closed");
            }
            return thread.exclusively(() -> work.apply(engine));
        });
    }

    /** Runs a component. */
    public void run(ComponentCall call, Watch watch) {
        call(engine -> {
            engine.run(call, watch);
            return null;
        });
    }

    /** Runs a component that writes a new tensor, and gives the tensor back if it succeeds. */
    public Tensor fill(ComponentCall call, String output, Tensor result, Watch watch) {
        try {
            run(call.output(output, result), watch);
            return result;
        } catch (Throwable e) {
            result.close();
            throw e;
        }
    }
}
