package dev.diffusion4j;

import dev.diffusion4j.internal.ModelThread;
import dev.diffusion4j.internal.Parts;
import dev.diffusion4j.internal.PartsInfo;
import dev.diffusion4j.tensor.Tensor;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;

/** Brings calls of a model's parts to the model's thread. */
final class PartCalls {

    private final ModelThread thread;
    private final Parts nativeParts;
    private final BooleanSupplier closed;

    PartCalls(ModelThread thread, Parts nativeParts, BooleanSupplier closed) {
        this.thread = thread;
        this.nativeParts = nativeParts;
        this.closed = closed;
    }

    PartsInfo info() {
        return nativeParts.info();
    }

    /**
     * Runs work with the parts and waits for it.
     *
     * @throws ClosedException if the model is closed
     * @throws GenerationCancelledException if the caller is interrupted before it has begun
     * @throws IllegalStateException from a listener that native code called
     */
    <T> T call(Function<Parts, T> work) {
        if (thread.isCurrent()) {
            // The model lives until the work in progress, such as a generation's listener, has ended.
            return thread.exclusively(() -> work.apply(nativeParts));
        }
        return thread.call(() -> {
            // Asked here and not before: the model may be closed while this call waits for its turn.
            if (closed.getAsBoolean()) {
                throw new ClosedException("the model is closed");
            }
            return thread.exclusively(() -> work.apply(nativeParts));
        });
    }

    void run(Consumer<Parts> work) {
        call(parts -> {
            work.accept(parts);
            return null;
        });
    }

    /** Runs work that fills a new tensor, and gives the tensor back if it succeeds. */
    Tensor fill(Tensor result, BiConsumer<Parts, Tensor> work) {
        try {
            run(parts -> work.accept(parts, result));
            return result;
        } catch (Throwable e) {
            result.close();
            throw e;
        }
    }
}
