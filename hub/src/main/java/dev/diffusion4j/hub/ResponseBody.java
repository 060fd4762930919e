package dev.diffusion4j.hub;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The content of an answer as it comes. The client's own streams would wait for ever for a server that falls silent. */
final class ResponseBody implements Flow.Subscriber<List<ByteBuffer>>, AutoCloseable {

    private sealed interface Event {
        record Bytes(List<ByteBuffer> buffers) implements Event {}

        record End() implements Event {}

        record Failure(Throwable cause) implements Event {}
    }

    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final URI uri;
    private final Duration stallTimeout;
    /** Null until the client gives it. */
    private Flow.@Nullable Subscription subscription;

    private boolean ended;
    private boolean closed;

    /**
     * @param uri what was asked, for messages
     * @param stallTimeout for how long no byte may come
     */
    ResponseBody(URI uri, Flow.Publisher<List<ByteBuffer>> publisher, Duration stallTimeout) {
        this.uri = uri;
        this.stallTimeout = stallTimeout;
        publisher.subscribe(this);
    }

    /** Comes from a thread of the client's, at times after the answer was given to the caller. */
    @Override
    public synchronized void onSubscribe(Flow.Subscription given) {
        subscription = given;
        if (closed) {
            given.cancel();
        } else {
            given.request(1);
        }
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        events.add(new Event.Bytes(buffers));
    }

    @Override
    public synchronized void onError(Throwable cause) {
        ended = true;
        events.add(new Event.Failure(cause));
    }

    @Override
    public synchronized void onComplete() {
        ended = true;
        events.add(new Event.End());
    }

    /**
     * Waits for what comes next; empty at the end.
     *
     * @throws HubUnavailableException if the connection was cut or nothing came for too long
     */
    Optional<List<ByteBuffer>> next() throws InterruptedException {
        Event event = events.poll(stallTimeout.toMillis(), TimeUnit.MILLISECONDS);
        return switch (event) {
            case null ->
                throw HubTransport.unavailable(
                        uri, new HttpTimeoutException("nothing came for " + stallTimeout.toSeconds() + " s"));
            case Event.Bytes bytes -> {
                requestMore();
                yield Optional.of(bytes.buffers());
            }
            case Event.End _ -> Optional.empty();
            case Event.Failure failure -> throw HubTransport.unavailable(uri, failure.cause());
        };
    }

    /**
     * Reads all of it.
     *
     * @throws HubProtocolException if it is longer than the limit
     */
    byte[] readAll(int limit) throws InterruptedException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (Optional<List<ByteBuffer>> buffers = next(); buffers.isPresent(); buffers = next()) {
            for (ByteBuffer buffer : buffers.get()) {
                byte[] bytes = new byte[buffer.remaining()];
                buffer.get(bytes);
                all.writeBytes(bytes);
            }
            if (all.size() > limit) {
                throw new HubProtocolException("the hub answered with more than " + Text.bytes(limit));
            }
        }
        return all.toByteArray();
    }

    private synchronized void requestMore() {
        Objects.requireNonNull(subscription, "bytes came").request(1);
    }

    /** Gives up what has not come yet, and with it the connection. */
    @Override
    public synchronized void close() {
        closed = true;
        if (subscription != null && !ended) {
            subscription.cancel();
        }
    }
}
