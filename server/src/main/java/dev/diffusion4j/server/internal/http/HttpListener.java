package dev.diffusion4j.server.internal.http;

import java.time.Duration;

/** Hears of answered requests. */
@FunctionalInterface
public interface HttpListener {

    /**
     * A request was answered, or its client left.
     *
     * @param route the pattern of its path; nothing that the client made up
     * @param status of HTTP; 499 if the client left before the answer
     */
    void finished(String method, String route, int status, Duration time, String requestId);
}
