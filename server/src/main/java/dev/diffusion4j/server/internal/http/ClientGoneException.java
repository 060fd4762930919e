package dev.diffusion4j.server.internal.http;

import java.io.IOException;

/** The client has left before its answer was there. */
public final class ClientGoneException extends IOException {

    private static final long serialVersionUID = 1L;

    /** Without more to say: there is nobody to say it to. */
    public ClientGoneException() {
        super("the client has left");
    }
}
