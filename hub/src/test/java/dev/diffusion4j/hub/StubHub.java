package dev.diffusion4j.hub;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A hub on this machine, and a content network on another port, which misbehave as a test wants. */
final class StubHub implements AutoCloseable {

    static final String SIGNATURE = "signature-of-the-link";

    /** Which of the two servers. */
    enum Server {
        HUB,
        CDN
    }

    /** A request that came. */
    record Request(Server server, String method, URI uri, Map<String, List<String>> headers) {
        String header(String name) {
            List<String> values = headers.get(name);
            return values == null ? null : values.getFirst();
        }
    }

    /** What is answered in place of the truth. */
    interface Fault {
        /**
         * @param truth the content that was asked for; empty if it is no file
         */
        void answer(HttpExchange exchange, byte[] truth) throws IOException;
    }

    private record Trap(Server server, String method, String path, Fault fault, boolean once) {}

    private static final Pattern FILE = Pattern.compile("/([^/]+/[^/]+)/resolve/([^/]+)/(.+)");
    private static final Pattern API = Pattern.compile("/api/models/([^/]+/[^/]+)/(tree|revision)/([^/]+)");

    private final HttpServer hub;
    private final HttpServer cdn;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Map<String, StubRepository> repositories = new ConcurrentHashMap<>();
    private final Map<String, byte[]> contents = new ConcurrentHashMap<>();
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final List<Trap> traps = new CopyOnWriteArrayList<>();
    private volatile int pageSize = Integer.MAX_VALUE;

    StubHub() throws IOException {
        hub = start(Server.HUB);
        cdn = start(Server.CDN);
    }

    private HttpServer start(Server server) throws IOException {
        HttpServer http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        http.setExecutor(threads);
        http.createContext("/", exchange -> {
            try (exchange) {
                handle(server, exchange);
            }
        });
        http.start();
        return http;
    }

    String endpoint() {
        return address(hub);
    }

    private static String address(HttpServer server) {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    String cdnEndpoint() {
        return address(cdn);
    }

    StubRepository repository(String name) {
        return repositories.computeIfAbsent(name, _ -> new StubRepository());
    }

    void pageSize(int files) {
        pageSize = files;
    }

    List<Request> requests() {
        return List.copyOf(requests);
    }

    List<Request> requests(String method) {
        return requests.stream()
                .filter(request -> request.method().equals(method))
                .toList();
    }

    void forgetRequests() {
        requests.clear();
    }

    /** Answers the next request of that kind whose path contains the text. */
    void next(Server server, String method, String path, Fault fault) {
        traps.add(new Trap(server, method, path, fault, true));
    }

    /** Answers every request of that kind whose path contains the text. */
    void always(Server server, String method, String path, Fault fault) {
        traps.add(new Trap(server, method, path, fault, false));
    }

    void behave() {
        traps.clear();
    }

    private void handle(Server server, HttpExchange exchange) throws IOException {
        URI uri = exchange.getRequestURI();
        String method = exchange.getRequestMethod();
        requests.add(new Request(server, method, uri, Map.copyOf(exchange.getRequestHeaders())));
        for (Trap trap : traps) {
            if (trap.server() == server
                    && trap.method().equals(method)
                    && uri.getRawPath().contains(trap.path())
                    && (!trap.once() || traps.remove(trap))) {
                trap.fault().answer(exchange, server == Server.CDN ? cdnContent(uri) : new byte[0]);
                return;
            }
        }
        if (server == Server.CDN) {
            send(exchange, cdnContent(uri));
        } else {
            handleHub(exchange);
        }
    }

    private byte[] cdnContent(URI uri) {
        return contents.get(uri.getPath().substring(uri.getPath().lastIndexOf('/') + 1));
    }

    private void handleHub(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getRawPath();
        Matcher file = FILE.matcher(path);
        Matcher api = API.matcher(path);
        if (file.matches()) {
            StubRepository repository = repositoryFor(exchange, file.group(1));
            if (repository != null) {
                sendFile(exchange, repository, decoded(file.group(2)), decoded(file.group(3)));
            }
        } else if (api.matches()) {
            StubRepository repository = repositoryFor(exchange, api.group(1));
            if (repository != null) {
                sendApi(exchange, api.group(1), repository, api.group(2), decoded(api.group(3)));
            }
        } else {
            status(404).answer(exchange, new byte[0]);
        }
    }

    private static String decoded(String segment) {
        return URLDecoder.decode(segment, StandardCharsets.UTF_8);
    }

    private StubRepository repositoryFor(HttpExchange exchange, String name) throws IOException {
        StubRepository repository = repositories.get(name);
        String authorization = exchange.getRequestHeaders().getFirst("Authorization");
        if (repository == null) {
            error(authorization == null ? 401 : 404, "RepoNotFound", "Repository not found")
                    .answer(exchange, new byte[0]);
            return null;
        }
        if (repository.newName != null) {
            String location = exchange.getRequestURI().toString().replace(name, repository.newName);
            redirect(307, location).answer(exchange, new byte[0]);
            return null;
        }
        if (repository.token != null && !("Bearer " + repository.token).equals(authorization)) {
            error(authorization == null ? 401 : 403, "GatedRepo", "Access to model " + name + " is restricted")
                    .answer(exchange, new byte[0]);
            return null;
        }
        return repository;
    }

    private void sendFile(HttpExchange exchange, StubRepository repository, String revision, String path)
            throws IOException {
        String commit = repository.commitOf(revision);
        if (commit == null) {
            error(404, "RevisionNotFound", "Invalid rev id: " + revision).answer(exchange, new byte[0]);
            return;
        }
        exchange.getResponseHeaders().set("X-Repo-Commit", commit);
        StubRepository.File file = repository.files(commit).get(path);
        if (file == null) {
            error(404, "EntryNotFound", "Entry not found").answer(exchange, new byte[0]);
            return;
        }
        if (file.isLarge()) {
            contents.put(file.etag(), file.content());
            exchange.getResponseHeaders().set("X-Linked-Etag", '"' + file.etag() + '"');
            exchange.getResponseHeaders().set("X-Linked-Size", String.valueOf(file.content().length));
            exchange.getResponseHeaders().set("ETag", "\"etag-of-the-link\"");
            redirect(302, cdnEndpoint() + "/cdn/" + file.etag() + "?X-Signature=" + SIGNATURE)
                    .answer(exchange, new byte[0]);
        } else {
            exchange.getResponseHeaders().set("ETag", "W/\"" + file.etag() + '"');
            send(exchange, file.content());
        }
    }

    private void sendApi(HttpExchange exchange, String name, StubRepository repository, String kind, String revision)
            throws IOException {
        String commit = repository.commitOf(revision);
        if (commit == null) {
            error(404, "RevisionNotFound", "Invalid rev id: " + revision).answer(exchange, new byte[0]);
            return;
        }
        Map<String, StubRepository.File> files = new TreeMap<>(repository.files(commit));
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        if (kind.equals("revision")) {
            List<String> siblings = files.keySet().stream()
                    .map("{\"rfilename\": \"%s\"}"::formatted)
                    .toList();
            send(
                    exchange,
                    "{\"id\": \"%s\", \"modelId\": \"%s\", \"sha\": \"%s\", \"private\": false, \"siblings\": %s}"
                            .formatted(name, name, commit, siblings)
                            .getBytes(StandardCharsets.UTF_8));
            return;
        }
        String query = exchange.getRequestURI().getRawQuery();
        int start = query != null && query.contains("cursor=")
                ? Integer.parseInt(query.replaceFirst(".*cursor=(\\d+).*", "$1"))
                : 0;
        List<String> entries = new ArrayList<>();
        entries.add("{\"type\": \"directory\", \"oid\": \"%s\", \"size\": 0, \"path\": \"folder\"}".formatted(commit));
        files.forEach((path, file) -> entries.add(file.listed(path)));
        int end = (int) Math.min(entries.size(), (long) start + pageSize);
        if (end < entries.size()) {
            exchange.getResponseHeaders()
                    .set(
                            "Link",
                            "<%s%s?recursive=true&cursor=%d>; rel=\"next\""
                                    .formatted(
                                            endpoint(), exchange.getRequestURI().getRawPath(), end));
        }
        send(exchange, entries.subList(start, end).toString().getBytes(StandardCharsets.UTF_8));
    }

    /** All of it, or the range that was asked for. */
    static void send(HttpExchange exchange, byte[] content) throws IOException {
        if (content == null) {
            status(404).answer(exchange, new byte[0]);
            return;
        }
        if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.getResponseHeaders().set("Content-Length", String.valueOf(content.length));
            exchange.sendResponseHeaders(200, -1);
            return;
        }
        String range = exchange.getRequestHeaders().getFirst("Range");
        if (range == null) {
            write(exchange, 200, content, 0, content.length);
            return;
        }
        int from = Integer.parseInt(range.replaceFirst("bytes=(\\d+)-", "$1"));
        if (from >= content.length) {
            status(416).answer(exchange, content);
            return;
        }
        exchange.getResponseHeaders()
                .set("Content-Range", "bytes %d-%d/%d".formatted(from, content.length - 1, content.length));
        write(exchange, 206, content, from, content.length - from);
    }

    private static void write(HttpExchange exchange, int status, byte[] content, int from, int count)
            throws IOException {
        // 0 would mean chunks.
        exchange.sendResponseHeaders(status, count == 0 ? -1 : count);
        exchange.getResponseBody().write(content, from, count);
    }

    static Fault status(int status) {
        return (exchange, _) -> exchange.sendResponseHeaders(status, -1);
    }

    static Fault error(int status, String code, String message) {
        return (exchange, _) -> {
            exchange.getResponseHeaders().set("X-Error-Code", code);
            exchange.getResponseHeaders().set("X-Error-Message", message);
            exchange.sendResponseHeaders(status, -1);
        };
    }

    static Fault redirect(int status, String location) {
        return (exchange, _) -> {
            exchange.getResponseHeaders().set("Location", location);
            exchange.sendResponseHeaders(status, -1);
        };
    }

    static Fault header(int status, String name, String value) {
        return (exchange, _) -> {
            exchange.getResponseHeaders().set(name, value);
            exchange.sendResponseHeaders(status, -1);
        };
    }

    /** Announces all that was asked for, sends some of it and hangs up. */
    static Fault cutAfter(int bytes) {
        return (exchange, truth) -> {
            String range = exchange.getRequestHeaders().getFirst("Range");
            int from = range == null ? 0 : Integer.parseInt(range.replaceFirst("bytes=(\\d+)-", "$1"));
            if (range != null) {
                exchange.getResponseHeaders()
                        .set("Content-Range", "bytes %d-%d/%d".formatted(from, truth.length - 1, truth.length));
            }
            exchange.sendResponseHeaders(range == null ? 200 : 206, truth.length - from);
            exchange.getResponseBody().write(truth, from, bytes);
            exchange.getResponseBody().flush();
        };
    }

    /** Sends other content, all of it, whatever range was asked for. */
    static Fault content(byte[] other) {
        return (exchange, _) -> write(exchange, 200, other, 0, other.length);
    }

    @Override
    public void close() {
        hub.stop(0);
        cdn.stop(0);
        threads.shutdownNow();
    }
}
