package dev.diffusion4j;

import dev.diffusion4j.internal.ffm.library.NativeLibrary;
import java.lang.System.Logger.Level;
import java.lang.ref.Cleaner;

/** Logs that a model was never closed, once nobody can do that any more. Its weights and its thread then stay for good. */
final class ForgottenModel implements Runnable {

    private static final Cleaner CLEANER = Cleaner.create();

    private final String name;
    private final Throwable opened = new Throwable("it was opened here");
    private volatile boolean closed;

    private ForgottenModel(String name) {
        this.name = name;
    }

    /** Looks after a model until it is closed. */
    static ForgottenModel watch(Object model, String name) {
        ForgottenModel forgotten = new ForgottenModel(name);
        CLEANER.register(model, forgotten);
        return forgotten;
    }

    void closed() {
        closed = true;
    }

    @Override
    public void run() {
        if (!closed) {
            NativeLibrary.logger().log(Level.WARNING, "the model " + name + " was never closed", opened);
        }
    }
}
