package dev.diffusion4j.internal.isolated;

import dev.diffusion4j.device.IsolatedOptions;
import dev.diffusion4j.internal.engine.Watch;
import dev.diffusion4j.internal.ffm.library.NativeLibrary;
import java.lang.System.Logger.Level;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A child process that is started again when it has died, and opens the same then. Used on the model's thread. */
final class RestartedChild {

    private final IsolatedOptions options;
    private final Consumer<ChildProcess> opening;
    /** Null where none runs. */
    private @Nullable ChildProcess child;

    /**
     * @param opening has a new child open what it works with
     */
    RestartedChild(IsolatedOptions options, Consumer<ChildProcess> opening) {
        this.options = options;
        this.opening = opening;
    }

    /** How the answer to a command becomes a result. */
    interface Reader<R> {
        R read(Reply reply, Exchange exchange);
    }

    boolean isAlive() {
        return child != null && child.isAlive();
    }

    /**
     * Has the child work.
     *
     * @param action for messages: "drawing"
     * @param watch sees the reports of the work and stops it; what its observer throws comes before everything else
     * @param work makes the command, and gives its data their places
     * @param reader takes the result
     */
    <R> R call(String action, Watch watch, Function<Exchange, Command> work, Reader<R> reader) {
        try {
            ChildProcess process = require();
            Exchange exchange = new Exchange(process.memory());
            Command command = work.apply(exchange);
            exchange.write();
            Reply reply = process.ask(command, action, watch);
            watch.rethrow();
            return reader.read(reply, exchange);
        } catch (RuntimeException e) {
            watch.rethrowBefore(e);
            throw e;
        }
    }

    /** The child, which is started if need be. */
    ChildProcess require() {
        if (child != null && child.isAlive()) {
            return child;
        }
        if (child != null) {
            NativeLibrary.logger().log(Level.WARNING, "the model's process died and is started again");
            ChildProcess dead = child;
            child = null;
            dead.close();
        }
        ChildProcess started = ChildProcess.start(options);
        try {
            opening.accept(started);
        } catch (RuntimeException | Error e) {
            try (started) {
                throw e;
            }
        }
        child = started;
        return started;
    }

    /** The least important lines of the log that anybody would see. */
    static Level leastLogLevel() {
        return Stream.of(Level.TRACE, Level.DEBUG, Level.INFO, Level.WARNING, Level.ERROR)
                .filter(NativeLibrary.logger()::isLoggable)
                .findFirst()
                .orElse(Level.OFF);
    }

    void close() {
        if (child != null) {
            child.close();
        }
    }
}
