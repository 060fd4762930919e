package dev.diffusion4j.server.internal.http;

import java.io.IOException;

/** Answers requests of one route. Called on a virtual thread, and may take its time. */
@FunctionalInterface
public interface Handler {

    /**
     * Answers.
     *
     * @throws HttpException for an answer in the form that the surface has for errors; other exceptions become one, too
     * @throws IOException if the client does not take the answer
     */
    void handle(Exchange exchange) throws IOException;
}
