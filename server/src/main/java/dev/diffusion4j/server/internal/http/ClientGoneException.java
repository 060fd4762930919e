package dev.diffusion4j.server.internal.http;

import java.io.IOException;
import org.eclipse.jetty.io.QuietException;

/** The client has left before its answer was there. That is usual, and Jetty writes nothing of it to the log. */
public final class ClientGoneException extends IOException implements QuietException {

    private static final long serialVersionUID = 1L;

    /** Without more to say: there is nobody to say it to. */
    public ClientGoneException() {
        super("the client has left");
    }
}
