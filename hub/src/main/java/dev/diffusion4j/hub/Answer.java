package dev.diffusion4j.hub;

import java.net.URI;
import java.net.http.HttpHeaders;
import java.util.Optional;

/**
 * An answer to a request, its content still to be read; to be closed.
 *
 * @param uri what was asked
 * @param fromHub whether the hub itself answered, and not a content network that it pointed to
 */
record Answer(URI uri, boolean fromHub, int status, HttpHeaders headers, ResponseBody body) implements AutoCloseable {

    boolean isRedirect() {
        return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
    }

    Optional<String> header(String name) {
        return headers.firstValue(name);
    }

    /** A header that is a count; empty if it is missing or none. */
    Optional<Long> count(String name) {
        return header(name).filter(value -> value.matches("\\d{1,18}")).map(Long::valueOf);
    }

    @Override
    public void close() {
        body.close();
    }
}
