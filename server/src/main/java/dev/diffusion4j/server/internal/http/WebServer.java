package dev.diffusion4j.server.internal.http;

import dev.diffusion4j.error.DiffusionException;
import dev.diffusion4j.error.InvalidRequestException;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.URIUtil;
import org.eclipse.jetty.util.thread.VirtualThreadPool;

/**
 * HTTP/1.1 over Jetty's core, a virtual thread for each request. Whatever happens in a handler, the client gets an answer or its
 * connection ends.
 */
public final class WebServer implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(WebServer.class.getName());

    private static final int MAX_HEAD = 16 * 1024;

    private static final int MAX_CONNECTIONS = 1024;

    private static final Duration IDLE = Duration.ofSeconds(60);

    private static final int CLIENT_GONE = 499;

    private final Router router;
    private final RequestGate gate;
    private final HttpListener listener;
    private final BodyBudget budget;
    private final ConnectionWatch watch;
    private final Server server;
    private final ServerConnector connector;
    private final Object lock = new Object();
    private int active;
    private volatile boolean closing;

    private WebServer(HttpSettings settings, Router router, HttpListener listener) {
        this.router = router;
        this.listener = listener;
        gate = new RequestGate(settings.address().isLoopbackAddress(), settings.apiKey(), settings.allowedOrigins());
        budget = new BodyBudget(settings.maxBody());
        watch = new ConnectionWatch(settings.headTimeout(), settings.bodyTimeout());

        server = new Server(new VirtualThreadPool());
        HttpConfiguration configuration = new HttpConfiguration();
        configuration.setSendServerVersion(false);
        configuration.setRequestHeaderSize(MAX_HEAD);
        connector = new ServerConnector(server, 1, 1, new HttpConnectionFactory(configuration));
        connector.setIdleTimeout(IDLE.toMillis());
        connector.addBean(watch);
        server.addConnector(connector);
        server.addBean(new NetworkConnectionLimit(MAX_CONNECTIONS, connector));
        server.setHandler(new Dispatcher());
        server.setErrorHandler(new ErrorPages());
    }

    /**
     * Takes the place that a server is to listen on. Clients may connect from then on, and wait until it has started.
     *
     * @return the socket, for {@link #start}
     * @throws DiffusionException if it cannot listen there
     */
    public static ServerSocketChannel bind(HttpSettings settings) {
        InetSocketAddress place = new InetSocketAddress(settings.address(), settings.port());
        try {
            ServerSocketChannel socket = ServerSocketChannel.open();
            try {
                socket.setOption(StandardSocketOptions.SO_REUSEADDR, true);
                return socket.bind(place);
            } catch (IOException e) {
                socket.close();
                throw e;
            }
        } catch (IOException e) {
            String where = settings.address().getHostAddress() + ":" + settings.port();
            throw new DiffusionException(
                    e instanceof BindException
                            ? where + " cannot be listened on: another program does, or it is none of this machine's"
                            : "the server cannot listen on " + where + ": " + e.getMessage(),
                    e);
        }
    }

    /**
     * Starts a server.
     *
     * @param socket of {@link #bind}, closed with the server
     * @throws DiffusionException if it cannot be started
     */
    public static WebServer start(
            ServerSocketChannel socket, HttpSettings settings, Router router, HttpListener listener) {
        WebServer web = new WebServer(settings, router, listener);
        try {
            web.connector.open(socket);
            web.server.start();
            return web;
        } catch (Exception e) {
            web.close();
            throw new DiffusionException("the server cannot be started: " + e.getMessage(), e);
        }
    }

    /** The port that it listens on. */
    public int port() {
        return connector.getLocalPort();
    }

    /** From now on, new requests are refused: the server goes down. */
    public void refuseRequests() {
        closing = true;
    }

    /** Whether it goes down. */
    public boolean isClosing() {
        return closing;
    }

    /** Waits until all requests are answered; false if that takes too long. */
    public boolean awaitAnswers(Duration limit) throws InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        synchronized (lock) {
            while (active > 0) {
                long left = end - System.nanoTime();
                if (left <= 0) {
                    return false;
                }
                lock.wait(left / 1_000_000 + 1);
            }
            return true;
        }
    }

    /** Ends all connections. */
    @Override
    public void close() {
        closing = true;
        try {
            server.stop();
        } catch (Exception e) {
            LOG.log(System.Logger.Level.WARNING, "the HTTP server did not stop in order", e);
        } finally {
            watch.close();
        }
    }

    private void count(int change) {
        synchronized (lock) {
            active += change;
            lock.notifyAll();
        }
    }

    private static String randomId() {
        byte[] bytes = new byte[8];
        ThreadLocalRandom.current().nextBytes(bytes);
        return "req_" + HexFormat.of().formatHex(bytes);
    }

    private final class Dispatcher extends Handler.Abstract {

        @Override
        public boolean handle(Request request, Response response, Callback callback) {
            long beganAt = System.nanoTime();
            Exchange exchange = new Exchange(request, response, randomId(), budget, watch);
            // A job may take longer than a silent connection is kept.
            request.addIdleTimeoutListener(_ -> false);
            watch.awaitNothing(exchange.connection());
            count(1);
            Optional<Router.Match> match = Optional.empty();
            boolean answered = false;
            try {
                String path = URIUtil.decodePath(Request.getPathInContext(request));
                match = router.find(request.getMethod(), path);
                answered = answer(exchange, request.getMethod(), path, match);
            } finally {
                if (answered) {
                    // Before the next request can begin.
                    watch.awaitHead(exchange.connection());
                    callback.succeeded();
                } else {
                    callback.failed(new ClientGoneException());
                }
                count(-1);
                listener.finished(
                        request.getMethod(),
                        match.map(found -> found.route().pattern()).orElse("(no such path)"),
                        answered ? exchange.status() : CLIENT_GONE,
                        Duration.ofNanos(System.nanoTime() - beganAt),
                        exchange.requestId());
            }
            return true;
        }

        /** False if the connection cannot be used any more. */
        private boolean answer(Exchange exchange, String method, String path, Optional<Router.Match> match) {
            try {
                try {
                    exchange.setHeader("x-request-id", exchange.requestId());
                    AnswerHeaders.setOn(exchange);
                    dispatch(exchange, method, path, match);
                    return true;
                } catch (HttpException e) {
                    return sendError(exchange, path, match, e);
                } catch (InvalidRequestException e) {
                    return sendError(exchange, path, match, HttpException.badRequest(e.field(), e.getMessage()));
                } catch (RuntimeException | Error e) {
                    LOG.log(System.Logger.Level.ERROR, "internal error, " + exchange.requestId(), e);
                    return sendError(
                            exchange,
                            path,
                            match,
                            HttpException.failure("internal_error", "internal error, " + exchange.requestId()));
                }
            } catch (IOException e) {
                return false;
            }
        }

        private void dispatch(Exchange exchange, String method, String path, Optional<Router.Match> match)
                throws IOException {
            Optional<String> host = exchange.header("Host");
            Optional<String> origin = exchange.header("Origin");
            gate.requireHost(host);
            gate.requireOrigin(origin, exchange.header("Sec-Fetch-Site"), host.orElseThrow(), path);
            gate.allowedOrigin(origin).ifPresent(allowed -> AnswerHeaders.allowOrigin(exchange, allowed));
            if (method.equals("OPTIONS")) {
                preflight(exchange, path);
                return;
            }
            if (match.isEmpty() || !match.get().route().open()) {
                gate.requireKey(exchange.header("Authorization"));
            }
            Router.Match found = match.orElseThrow(() -> notFound(exchange, method, path));
            if (closing && !found.route().pattern().equals("/healthz")) {
                throw HttpException.shuttingDown();
            }
            exchange.setParameters(found.parameters());
            found.route().handler().handle(exchange);
        }

        private void preflight(Exchange exchange, String path) throws IOException {
            List<Router.Match> routes = router.at(path);
            if (routes.isEmpty()) {
                throw notFound(exchange, "OPTIONS", path);
            }
            exchange.setHeader("Allow", methods(routes));
            exchange.send(204, "text/plain", new byte[0]);
        }

        private HttpException notFound(Exchange exchange, String method, String path) {
            List<Router.Match> others = router.at(path);
            if (others.isEmpty()) {
                return HttpException.of(404, "not_found", "there is nothing at this path");
            }
            exchange.setHeader("Allow", methods(others));
            return HttpException.of(405, "method_not_allowed", "this path answers to " + methods(others));
        }

        private String methods(List<Router.Match> routes) {
            return routes.stream()
                    .map(match -> match.route().method())
                    .distinct()
                    .collect(Collectors.joining(", "));
        }

        private boolean sendError(Exchange exchange, String path, Optional<Router.Match> match, HttpException error)
                throws IOException {
            if (exchange.isCommitted()) {
                return false;
            }
            ErrorFormat format = match.map(found -> found.route().errors()).orElseGet(() -> router.errorsFor(path));
            AnswerHeaders.setError(exchange, error);
            exchange.sendJson(format.status(error), format.body(error));
            return true;
        }
    }

    /** What Jetty refuses by itself: heads that are none, or too large. */
    private static final class ErrorPages implements Request.Handler {

        @Override
        public boolean handle(Request request, Response response, Callback callback) {
            response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
            HttpException error =
                    HttpException.of(response.getStatus(), "bad_request", "the request cannot be understood");
            Content.Sink.write(response, true, Json.text(ErrorObject.of(error)), callback);
            return true;
        }
    }
}
