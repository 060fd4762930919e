package dev.diffusion4j.server.internal.http;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** An answer of server-sent events, which the client has as soon as they are sent. */
public final class EventStream implements AutoCloseable {

    private final OutputStream out;

    EventStream(OutputStream out) {
        this.out = out;
    }

    /** Sends an event with JSON as its data. */
    public void send(String name, JsonNode data) throws IOException {
        write("event: " + name + "\ndata: " + Json.text(data) + "\n\n");
    }

    /** Sends a line that clients leave out, so that nobody between takes the connection for dead. */
    public void ping() throws IOException {
        write(": ping\n\n");
    }

    private void write(String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    /** Ends the stream. */
    @Override
    public void close() throws IOException {
        out.close();
    }
}
