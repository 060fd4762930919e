package dev.diffusion4j.server.internal.http;

import com.fasterxml.jackson.databind.JsonNode;

/** How a surface writes errors. */
public interface ErrorFormat {

    /** The body of the answer. */
    JsonNode body(HttpException error);

    /** The status of the answer. */
    default int status(HttpException error) {
        return error.status();
    }
}
