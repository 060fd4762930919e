package dev.diffusion4j.server.internal.http;

/** The headers that all answers have. */
final class AnswerHeaders {

    private AnswerHeaders() {}

    /** Nothing is guessed, kept, framed or told to other sites. */
    static void setOn(Exchange exchange) {
        exchange.setHeader("X-Content-Type-Options", "nosniff");
        exchange.setHeader("Referrer-Policy", "no-referrer");
        exchange.setHeader("X-Frame-Options", "DENY");
        exchange.setHeader("Cross-Origin-Resource-Policy", "same-origin");
        exchange.setHeader("Cache-Control", "no-store");
    }

    /** Lets a page of another site read the answer. */
    static void allowOrigin(Exchange exchange, String origin) {
        exchange.setHeader("Access-Control-Allow-Origin", origin);
        exchange.setHeader("Vary", "Origin");
        exchange.setHeader("Access-Control-Allow-Methods", "GET, POST, DELETE");
        exchange.setHeader("Access-Control-Allow-Headers", "Authorization, Content-Type");
        exchange.setHeader("Cross-Origin-Resource-Policy", "cross-origin");
    }

    /** Says whether it is worth another try: clients repeat what failed by themselves, whatever it costs. */
    static void setError(Exchange exchange, HttpException error) {
        if (error.retryAfterSeconds().isPresent()) {
            exchange.setHeader(
                    "Retry-After", Integer.toString(error.retryAfterSeconds().getAsInt()));
        } else {
            exchange.setHeader("x-should-retry", "false");
        }
        if (error.status() == 401) {
            exchange.setHeader("WWW-Authenticate", "Bearer realm=\"diffusion4j\"");
        }
    }
}
