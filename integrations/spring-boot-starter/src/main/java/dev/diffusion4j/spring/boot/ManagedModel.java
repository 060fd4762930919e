package dev.diffusion4j.spring.boot;

import dev.diffusion4j.DelegatingModel;
import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.Generation;
import dev.diffusion4j.GenerationListener;
import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.hub.DownloadCancellation;
import dev.diffusion4j.request.ImageRequest;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A model that is opened when it is first used, or before, and that can be opened again after it was closed, as an application context
 * can be started again.
 */
final class ManagedModel extends DelegatingModel {

    /** Where it stands. */
    enum State {
        /** Not opened yet. */
        WAITING,
        OPEN,
        /** The last attempt to open it failed; the next use is another one. */
        FAILED,
        CLOSED
    }

    private final String name;
    private final Function<DownloadCancellation, DiffusionModel> opener;
    private final UnaryOperator<ImageRequest> completion;
    /** Held while the model is opened, which may take long, but not while it is closed, which may be done by listeners, too. */
    private final Object transition = new Object();

    private volatile State state = State.WAITING;
    private volatile @Nullable DiffusionModel model;
    private volatile @Nullable RuntimeException failure;
    private volatile DownloadCancellation cancellation = new DownloadCancellation();

    /**
     * A model that is not open yet.
     *
     * @param name what it is called
     * @param opener opens it
     * @param completion adds to requests what they leave out
     */
    ManagedModel(
            String name,
            Function<DownloadCancellation, DiffusionModel> opener,
            UnaryOperator<ImageRequest> completion) {
        this.name = name;
        this.opener = opener;
        this.completion = completion;
    }

    State state() {
        return state;
    }

    /** Why the model could not be opened, if it could not. */
    Optional<RuntimeException> failure() {
        return Optional.ofNullable(failure);
    }

    /** What it was given by, whether it is open or not. */
    @Override
    public String name() {
        return name;
    }

    @Override
    public int queuedGenerations() {
        DiffusionModel opened = model;
        return opened == null ? 0 : opened.queuedGenerations();
    }

    @Override
    public Generation<List<GeneratedImage>> startAll(ImageRequest request, GenerationListener listener) {
        return delegate().startAll(completion.apply(request), listener);
    }

    @Override
    public List<GeneratedImage> generateAll(ImageRequest request, GenerationListener listener) {
        return delegate().generateAll(completion.apply(request), listener);
    }

    /** Opens it, unless it is open. */
    @Override
    protected DiffusionModel delegate() {
        DiffusionModel opened = model;
        return opened == null ? open() : opened;
    }

    private DiffusionModel open() {
        synchronized (transition) {
            if (model != null) {
                return model;
            }
            if (state == State.CLOSED) {
                throw new ClosedException("the model " + name + " is closed: the application is stopping");
            }
            try {
                DiffusionModel opened = opener.apply(cancellation);
                model = opened;
                state = State.OPEN;
                failure = null;
                return opened;
            } catch (RuntimeException e) {
                state = State.FAILED;
                failure = e;
                throw e;
            }
        }
    }

    /** Lets it be opened again after it was closed. */
    void reopen() {
        synchronized (transition) {
            if (state == State.CLOSED) {
                state = State.WAITING;
                model = null;
                cancellation = new DownloadCancellation();
            }
        }
    }

    /** Gives up a download, cancels what runs and what waits, and frees the model. */
    @Override
    public void close() {
        cancellation.cancel();
        DiffusionModel opened;
        synchronized (transition) {
            state = State.CLOSED;
            opened = model;
        }
        if (opened != null) {
            opened.close();
        }
    }
}
