package dev.diffusion4j.server;

import java.time.Duration;

/**
 * A request that the server has answered, for a log. It holds nothing that the client made up: no prompt, no path of its own.
 *
 * @param method of HTTP, such as {@code POST}
 * @param route the pattern of its path, such as {@code /v1/models/{id}}
 * @param status of HTTP; 499 if the client left before the answer
 * @param time from the request's head to the answer's end
 * @param requestId what the answer had as {@code x-request-id}
 */
public record FinishedRequest(String method, String route, int status, Duration time, String requestId) {}
