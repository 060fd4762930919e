package dev.diffusion4j;

import dev.diffusion4j.error.DiffusionException;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.error.GenerationTimeoutException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * A generation that was started: wait for it, cancel it, or chain on its future. Safe for use by any thread.
 *
 * @param <T> what it makes: a {@link GeneratedImage}, a list of them in the order of their seeds, or a {@link GeneratedVideo}
 */
public final class Generation<T> {

    /** Stages of futures may take long and may wait for the model, so they do not run on its thread. */
    private static final Executor COMPLETIONS =
            task -> Thread.ofVirtual().name("diffusion4j completion").start(task);

    private static final Duration FOREVER = Duration.ofNanos(Long.MAX_VALUE);

    /** Stops it, and says where waiting for it would never end. */
    interface Control {

        void cancel();

        boolean isOwnThread();
    }

    private final Control control;
    /** Never handed out: what one caller does to a future is no other caller's result. */
    private final CompletableFuture<T> result;

    Generation(Control control) {
        this(control, new CompletableFuture<>());
    }

    private Generation(Control control, CompletableFuture<T> result) {
        this.control = control;
        this.result = result;
    }

    /** A generation that has ended with this, for the models of an application's tests. */
    public static <T> Generation<T> completed(T value) {
        return new Generation<>(
                new Control() {
                    @Override
                    public void cancel() {}

                    @Override
                    public boolean isOwnThread() {
                        return false;
                    }
                },
                CompletableFuture.completedFuture(Objects.requireNonNull(value, "value")));
    }

    /** The same generation, of which one is interested in something else. */
    <R> Generation<R> map(Function<? super T, ? extends R> function) {
        return new Generation<>(control, result.thenApply(function));
    }

    void succeed(T value) {
        result.complete(value);
    }

    void fail(Throwable failure) {
        result.completeExceptionally(failure);
    }

    /**
     * Asks the generation to stop: one that runs does within a denoising step, one that is queued never begins and has ended
     * when this returns. {@link #await()} then throws {@link GenerationCancelledException}. Does nothing if it has ended.
     */
    public void cancel() {
        control.cancel();
    }

    /** Whether the generation has ended, in whichever way. */
    public boolean isDone() {
        return result.isDone();
    }

    /**
     * Waits for the result. Interrupting the waiting thread cancels the generation.
     *
     * @return what it made
     * @throws DiffusionException what {@link DiffusionModel#generate} throws
     * @throws IllegalStateException if it is called from a listener of this model, on whose thread the generation would have
     *     to run
     */
    public T await() {
        return await(FOREVER);
    }

    /**
     * Waits for the result as {@link #await()} does, but not longer than that. If it is not there by then, the generation
     * is cancelled: native code stops within a denoising step, which is not waited for.
     *
     * @param timeout how long to wait; zero or less asks whether the generation has ended
     * @return what it made
     * @throws GenerationTimeoutException if the generation has not ended in time
     */
    public T await(Duration timeout) {
        long nanos = TimeUnit.NANOSECONDS.convert(timeout);
        if (!isDone() && control.isOwnThread()) {
            throw waitsForItself();
        }
        long beganAt = System.nanoTime();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return result.get(nanos - (System.nanoTime() - beganAt), TimeUnit.NANOSECONDS);
                } catch (InterruptedException e) {
                    interrupted = true;
                    cancel();
                } catch (TimeoutException e) {
                    cancel();
                    throw new GenerationTimeoutException(timeout);
                } catch (ExecutionException e) {
                    throw asUnchecked(causeOf(Objects.requireNonNullElse(e.getCause(), e)));
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    static IllegalStateException waitsForItself() {
        return new IllegalStateException(
                "called from a listener of this model: a generation runs on the thread that the"
                        + " listener is called on, and waiting for it there would never end; start() it and wait elsewhere");
    }

    /**
     * The result as a future, a new one with each call. It completes with what {@link #await()} throws if the generation
     * fails; if that was cancelled, so is the future.
     *
     * <p>However the future ends before the generation does, by {@code cancel}, {@code complete}, {@code orTimeout} or
     * {@code completeOnTimeout}, the generation is cancelled, as by {@link #cancel()}. Others who wait for it see that it was
     * cancelled, not what the future was completed with. That holds for this future. The stages that {@code thenApply} and the
     * like make of it end by themselves alone, as is usual: {@code future().orTimeout(..).thenApply(..)} stops native work
     * that takes too long, {@code future().thenApply(..).orTimeout(..)} does not.
     *
     * <p>It completes on a virtual thread of its own and never on the model's: stages may take their time, draw with the model
     * and wait for that, and close it.
     */
    public CompletableFuture<T> future() {
        CompletableFuture<T> future = new CompletableFuture<>();
        if (isDone()) {
            complete(future);
            return future;
        }
        result.whenCompleteAsync((value, failure) -> complete(future), COMPLETIONS);
        future.whenComplete((value, failure) -> {
            if (!isDone()) {
                cancel();
            }
        });
        return future;
    }

    /** Hands the result over, once there is one. */
    private void complete(CompletableFuture<T> future) {
        if (!result.isCompletedExceptionally()) {
            future.complete(result.join());
            return;
        }
        Throwable failure = causeOf(result.exceptionNow());
        if (failure instanceof GenerationCancelledException) {
            CancellationException cancelled = new CancellationException(failure.getMessage());
            cancelled.initCause(failure);
            failure = cancelled;
        }
        future.completeExceptionally(failure);
    }

    /** What failed, without what a stage of a future puts around it. */
    private static Throwable causeOf(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }

    private static RuntimeException asUnchecked(Throwable failure) {
        return switch (failure) {
            // Cancelling is the caller's own doing, or somebody else's: both stacks help.
            case GenerationCancelledException e -> new GenerationCancelledException(e.getMessage(), e);
            case RuntimeException e -> e;
            case Error e -> throw e;
            default -> new CompletionException(failure);
        };
    }
}
