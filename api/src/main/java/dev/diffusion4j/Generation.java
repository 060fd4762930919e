package dev.diffusion4j;

import dev.diffusion4j.internal.CancellationFlag;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/** A generation that was started: wait for it, cancel it, or chain on its future. Safe for use by any thread. */
public final class Generation {

    private final CancellationFlag cancellation;
    private final CompletableFuture<List<GeneratedImage>> result = new CancellingFuture();

    Generation(CancellationFlag cancellation) {
        this.cancellation = cancellation;
    }

    /** Cancelling the future stops the native work as well. */
    private final class CancellingFuture extends CompletableFuture<List<GeneratedImage>> {

        @Override
        public boolean cancel(boolean mayInterruptIfRunning) {
            Generation.this.cancel();
            return super.cancel(mayInterruptIfRunning);
        }
    }

    /**
     * Asks the generation to stop; it does within a denoising step. {@link #await()} then throws
     * {@link GenerationCancelledException}. Does nothing if it has ended.
     */
    public void cancel() {
        cancellation.set();
    }

    /** Whether the generation has ended, in whichever way. */
    public boolean isDone() {
        return result.isDone();
    }

    /**
     * Waits for the images. Interrupting the waiting thread cancels the generation.
     *
     * @return the images, in the order of their seeds
     * @throws DiffusionException what {@link GenerationRequest#generate()} throws
     */
    public List<GeneratedImage> await() {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return result.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                    cancel();
                } catch (ExecutionException e) {
                    throw asUnchecked(e.getCause());
                } catch (CancellationException e) {
                    throw new GenerationCancelledException("the generation was cancelled", e);
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * The images as a future. It completes on the model's thread, with what {@link #await()} throws if the generation
     * fails; cancelling it cancels the generation.
     */
    public CompletableFuture<List<GeneratedImage>> future() {
        return result;
    }

    private static RuntimeException asUnchecked(Throwable failure) {
        return switch (failure) {
            // Keeps the stack of the waiting caller, with the model thread's as its cause.
            case GenerationCancelledException e -> new GenerationCancelledException(e.getMessage(), e);
            case RuntimeException e -> {
                e.addSuppressed(new CallerTrace());
                yield e;
            }
            case Error e -> throw e;
            default -> new CompletionException(failure);
        };
    }

    /** Shows where a failed generation was waited for. */
    private static final class CallerTrace extends Exception {

        private static final long serialVersionUID = 1L;

        CallerTrace() {
            super("the generation was waited for here");
        }
    }
}
