package dev.diffusion4j.server.internal.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.SelectableChannelEndPoint;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;

/** A request and its answer. Used by the thread that handles it. */
public final class Exchange {

    private final Request request;
    private final Response response;
    private final String requestId;
    private final BodyBudget budget;
    private final ConnectionWatch watch;
    private Map<String, String> parameters = Map.of();
    private boolean hasReadAhead;

    Exchange(Request request, Response response, String requestId, BodyBudget budget, ConnectionWatch watch) {
        this.request = request;
        this.response = response;
        this.requestId = requestId;
        this.budget = budget;
        this.watch = watch;
    }

    void setParameters(Map<String, String> parameters) {
        this.parameters = parameters;
    }

    /** Which one it is, among all: random. */
    public String requestId() {
        return requestId;
    }

    /** The value of a name in braces in the route's pattern. */
    public String parameter(String name) {
        return parameters.get(name);
    }

    /** The value of a header. */
    public Optional<String> header(String name) {
        return Optional.ofNullable(request.getHeaders().get(name));
    }

    /** The value of a parameter of the query. */
    public Optional<String> query(String name) {
        return Optional.ofNullable(Request.extractQueryParameters(request).getValue(name));
    }

    /** The server's address as this client knows it, such as {@code http://127.0.0.1:7860}. */
    public String baseUrl() {
        return "http://" + header("Host").orElseThrow();
    }

    /**
     * The whole body.
     *
     * @throws HttpException if it is too large
     */
    public byte[] body() throws IOException {
        watch.awaitBody(connection());
        try (InputStream in = Content.Source.asInputStream(request)) {
            byte[] body = budget.read(in, request.getLength());
            watch.awaitNothing(connection());
            return body;
        }
    }

    /**
     * The body as an object of JSON, whatever its type is said to be; an empty one if there is none.
     *
     * @throws HttpException if it is none
     */
    public ObjectNode json() throws IOException {
        byte[] body = body();
        return body.length == 0 ? Json.object() : Json.readObject(body);
    }

    /**
     * The body as a form.
     *
     * @throws HttpException if it is none
     */
    public Form form() throws IOException {
        String type = header("Content-Type").orElse("");
        byte[] body = body();
        if (!type.toLowerCase(Locale.ROOT).startsWith("multipart/form-data")) {
            throw HttpException.of(400, "invalid_form", "the body must be multipart/form-data");
        }
        return Form.read(body, type);
    }

    /** Sets a header of the answer. */
    public void setHeader(String name, String value) {
        response.getHeaders().put(name, value);
    }

    /** Answers with bytes. */
    public void send(int status, String type, byte[] body) throws IOException {
        response.setStatus(status);
        setHeader(HttpHeader.CONTENT_TYPE.asString(), type);
        response.getHeaders().put(HttpHeader.CONTENT_LENGTH, body.length);
        closeAfterReadAhead();
        try (OutputStream out = Content.Sink.asOutputStream(response)) {
            out.write(body);
        }
    }

    /** Answers with text. */
    public void sendText(int status, String type, String text) throws IOException {
        send(status, type + "; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
    }

    /** Answers with JSON. */
    public void sendJson(int status, JsonNode body) throws IOException {
        send(status, "application/json", Json.write(body));
    }

    /** Begins an answer of server-sent events. */
    public EventStream sendEvents() throws IOException {
        response.setStatus(200);
        setHeader(HttpHeader.CONTENT_TYPE.asString(), "text/event-stream; charset=utf-8");
        // Proxies hold events back otherwise.
        setHeader("X-Accel-Buffering", "no");
        closeAfterReadAhead();
        OutputStream out = Content.Sink.asOutputStream(response);
        // The head goes at once: the client waits for it.
        out.flush();
        return new EventStream(out);
    }

    /**
     * Asks the socket whether the client has closed its side. HTTP gives no other sign of that while a server is silent: there is
     * nothing to read from a client that waits, unless it has left.
     *
     * @throws ClientGoneException if it has
     */
    public void requireClient() throws ClientGoneException {
        EndPoint endPoint = connection().getEndPoint();
        if (!endPoint.isOpen() || !hasReadAhead && isAtEnd(endPoint)) {
            throw new ClientGoneException();
        }
    }

    private boolean isAtEnd(EndPoint endPoint) {
        if (!(endPoint instanceof SelectableChannelEndPoint selectable)
                || !(selectable.getChannel() instanceof SocketChannel channel)) {
            return false;
        }
        try {
            int read = channel.read(ByteBuffer.allocate(1));
            // A client that sends its next request before this answer: the connection cannot be used for that any more.
            hasReadAhead = read > 0;
            return read < 0;
        } catch (IOException e) {
            return true;
        }
    }

    private void closeAfterReadAhead() {
        if (hasReadAhead) {
            response.getHeaders().put(HttpHeader.CONNECTION, "close");
        }
    }

    boolean isCommitted() {
        return response.isCommitted();
    }

    int status() {
        return response.getStatus();
    }

    Connection connection() {
        return request.getConnectionMetaData().getConnection();
    }
}
