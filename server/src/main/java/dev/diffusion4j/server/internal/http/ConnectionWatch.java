package dev.diffusion4j.server.internal.http;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.io.Connection;

/**
 * Closes the connections of clients that take too long to send a request. An idle timeout alone would let them send one byte at a
 * time.
 */
final class ConnectionWatch implements Connection.Listener, AutoCloseable {

    private static final long PERIOD_MILLIS = 250;

    private final long headNanos;
    private final long bodyNanos;
    private final Map<Connection, Long> deadlines = new ConcurrentHashMap<>();
    private final ScheduledExecutorService sweeper = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("diffusion4j connections").factory());

    /**
     * @param head from the opening of a connection, or the last answer on it, until a request's head has arrived
     * @param body from there until the body has
     */
    ConnectionWatch(Duration head, Duration body) {
        headNanos = head.toNanos();
        bodyNanos = body.toNanos();
        sweeper.scheduleWithFixedDelay(this::sweep, PERIOD_MILLIS, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void sweep() {
        long now = System.nanoTime();
        deadlines.forEach((connection, deadline) -> {
            if (deadline - now < 0 && deadlines.remove(connection, deadline)) {
                connection.getEndPoint().close(new TimeoutException("the request did not arrive in time"));
            }
        });
    }

    @Override
    public void onOpened(Connection connection) {
        awaitHead(connection);
    }

    @Override
    public void onClosed(Connection connection) {
        deadlines.remove(connection);
    }

    /** The next request is due. */
    void awaitHead(Connection connection) {
        if (connection.getEndPoint().isOpen()) {
            deadlines.put(connection, System.nanoTime() + headNanos);
        }
    }

    /** The body is due. */
    void awaitBody(Connection connection) {
        deadlines.put(connection, System.nanoTime() + bodyNanos);
    }

    /** It is the server's turn. */
    void awaitNothing(Connection connection) {
        deadlines.remove(connection);
    }

    @Override
    public void close() {
        sweeper.shutdownNow();
    }
}
