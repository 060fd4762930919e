package dev.diffusion4j.internal.engine;

import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.request.PreviewMode;
import java.awt.image.BufferedImage;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Watches native calls, one after another: what they report goes to an observer, and a flag stops them. What the observer
 * throws sets the flag and waits for {@link #rethrow()}: nothing thrown may leave an upcall, the JVM would end.
 *
 * <p>Used on the model's thread, and closed when no call uses it any more.
 */
public final class Watch implements AutoCloseable {

    /** For calls that nobody watches or cancels. */
    public static final Watch NONE = new Watch();

    private final @Nullable GenerationObserver observer;
    private final CancellationFlag cancellation;
    private @Nullable Attachment attachment;
    private @Nullable Throwable failure;

    /** The observer sees what happens until the flag stops it. */
    public Watch(GenerationObserver observer, CancellationFlag cancellation) {
        this.observer = observer;
        this.cancellation = cancellation;
    }

    private Watch() {
        observer = null;
        cancellation = new CancellationFlag();
    }

    /** What an engine keeps of a watch for its calls. */
    public interface Attachment extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * What the engine keeps, made when it is first asked for, and closed with the watch.
     *
     * @param type what the engine, which is always the same, keeps
     */
    public <T extends Attachment> T attachment(Class<T> type, Supplier<T> maker) {
        if (attachment == null) {
            attachment = maker.get();
        }
        return type.cast(attachment);
    }

    /** Whether anybody watches. */
    public boolean isWatched() {
        return observer != null;
    }

    /** The flag that stops the calls; that of {@link #NONE} is never set. */
    public CancellationFlag cancellation() {
        return cancellation;
    }

    /** Passes on a warning. Suppliers are asked where nothing that they throw leaves this method. */
    public void warn(Supplier<String> text) {
        guarded(watching -> watching.warn(text.get()));
    }

    /** Passes on progress. */
    public void report(Supplier<GenerationObserver.ProgressKind> kind, int step, int of) {
        guarded(watching -> watching.progress(kind.get(), step, of));
    }

    /** Passes on a preview. */
    public void report(int step, Supplier<BufferedImage> preview) {
        guarded(watching -> watching.preview(step, preview.get()));
    }

    /** How previews are made, if they are wanted. */
    public Optional<PreviewMode> previewMode() {
        return observer == null ? Optional.empty() : observer.previewMode();
    }

    /** Every so many steps there is a preview. */
    public int previewInterval() {
        return observer == null ? 1 : observer.previewInterval();
    }

    /** Whether the calls shall stop. */
    public boolean isCancelled() {
        return cancellation.isSet();
    }

    private void guarded(Consumer<GenerationObserver> report) {
        if (failure != null || observer == null) {
            return;
        }
        try {
            report.accept(observer);
        } catch (Throwable e) {
            failure = e;
            cancellation.set();
        }
    }

    /** Throws what the observer threw, if it did. */
    public void rethrow() {
        switch (failure) {
            case null -> {}
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalStateException(failure);
        }
    }

    /**
     * Throws what the observer threw, if it did: it comes before what failed then, often because of it. That is not lost, but
     * for a cancellation, which says nothing new.
     *
     * @param later what failed then, or what the observer threw itself
     */
    public void rethrowBefore(Throwable later) {
        boolean consequence = later instanceof GenerationCancelledException && later.getSuppressed().length == 0;
        if (failure != null && failure != later && !consequence) {
            failure.addSuppressed(later);
        }
        rethrow();
    }

    @Override
    public void close() {
        if (attachment != null) {
            attachment.close();
            attachment = null;
        }
    }
}
