package dev.diffusion4j.server.internal.http;

import java.util.Optional;
import java.util.OptionalInt;

/** A request that is answered with an error, which every surface writes in its own form. Immutable. */
public final class HttpException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final int status;
    private final String type;
    private final String param;
    private final String code;
    private final int retryAfterSeconds;

    private HttpException(int status, String type, String message, String param, String code, int retryAfterSeconds) {
        super(message);
        this.status = status;
        this.type = type;
        this.param = param;
        this.code = code;
        this.retryAfterSeconds = retryAfterSeconds;
    }

    /**
     * An error of the client's.
     *
     * @param status of HTTP, such as 404
     * @param code for programs, such as {@code model_not_found}
     */
    public static HttpException of(int status, String code, String message) {
        return new HttpException(status, "invalid_request_error", message, null, code, -1);
    }

    /** A request that was understood and cannot be done (400), or not without changing this parameter. */
    public static HttpException badRequest(String param, String message) {
        return new HttpException(400, "invalid_request_error", message, param, null, -1);
    }

    /** A key that is missing or wrong. */
    public static HttpException unauthorized(String message) {
        return new HttpException(401, "authentication_error", message, null, "invalid_api_key", -1);
    }

    /** A model that is not served. */
    public static HttpException noSuchModel(String message) {
        return new HttpException(404, "invalid_request_error", message, "model", "model_not_found", -1);
    }

    /** Too many requests wait already; one more may be tried later. */
    public static HttpException busy(String message, int retryAfterSeconds) {
        return new HttpException(429, "rate_limit_error", message, null, "queue_full", retryAfterSeconds);
    }

    /** The server goes down. */
    public static HttpException shuttingDown() {
        return new HttpException(503, "server_error", "the server is shutting down", null, "shutting_down", 5);
    }

    /** A failure of the server's (500) that would happen again. */
    public static HttpException failure(String code, String message) {
        return new HttpException(500, "server_error", message, null, code, -1);
    }

    /** The status of HTTP. */
    public int status() {
        return status;
    }

    /** The kind of error in OpenAI's words. */
    public String type() {
        return type;
    }

    /** The parameter that is wrong. */
    public Optional<String> param() {
        return Optional.ofNullable(param);
    }

    /** What is wrong, for programs. */
    public Optional<String> code() {
        return Optional.ofNullable(code);
    }

    /** In how many seconds it is worth another try; empty if the same request would fail again. */
    public OptionalInt retryAfterSeconds() {
        return retryAfterSeconds < 0 ? OptionalInt.empty() : OptionalInt.of(retryAfterSeconds);
    }
}
