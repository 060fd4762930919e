package dev.diffusion4j.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A hub on this machine with the one repository {@code org/model}, and a home folder whose user asks it. */
final class LoopbackHub implements AutoCloseable {

    static final String COMMIT = "c".repeat(40);

    private static final Pattern FILE = Pattern.compile("/org/model/resolve/(?:main|" + COMMIT + ")/(.+)");

    private final Path home;
    private final HttpServer server;
    /** The content behind a path, and what the hub says its hash is. */
    private record Content(Path file, String sha256) {}

    private final Map<String, Content> contents = new ConcurrentHashMap<>();
    private final List<Path> links = new ArrayList<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private volatile Optional<String> token = Optional.empty();
    private volatile Optional<Runnable> cut = Optional.empty();

    LoopbackHub(Path home) throws IOException {
        this.home = home;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            try (exchange) {
                answer(exchange);
            }
        });
        server.start();
    }

    /** The variables of a user whose home is the folder, and whose hub is this one. */
    Map<String, String> environment() {
        return Map.of(
                "HOME",
                home.toString(),
                "HF_ENDPOINT",
                "http://127.0.0.1:" + server.getAddress().getPort());
    }

    /** Where the files of the repository come to lie. */
    Path snapshot() {
        return home.resolve(".cache/huggingface/hub/models--org--model/snapshots")
                .resolve(COMMIT);
    }

    /** Adds a file to the repository. */
    void add(String path, Path file) throws IOException {
        contents.put(path, new Content(file, sha256(file)));
    }

    /** Adds a file that was downloaded already, so that it need not be read and copied. */
    void addCached(String path, Path file) throws IOException {
        String name = "%064x".formatted(contents.size());
        contents.put(path, new Content(file, name));
        Path repository = snapshot().getParent().getParent();
        Path blob = repository.resolve("blobs").resolve(name);
        Files.createDirectories(blob.getParent());
        links.add(Files.createSymbolicLink(blob, file));
        Files.createDirectories(snapshot());
        links.add(Files.createSymbolicLink(snapshot().resolve(path), snapshot().relativize(blob)));
        Files.createDirectories(repository.resolve("refs"));
        Files.writeString(repository.resolve("refs/main"), COMMIT);
    }

    /** Asks for that token from now on, as a repository does whose licence has to be accepted. */
    void requireToken(String secret) {
        token = Optional.of(secret);
    }

    /** Cuts the next download in its middle, once that was run. */
    void cutNextDownload(Runnable before) {
        cut = Optional.of(before);
    }

    /** Method and path of what was asked for. */
    List<String> requests() {
        return List.copyOf(requests);
    }

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        requests.add(exchange.getRequestMethod() + " " + path);
        Matcher file = FILE.matcher(path);
        String authorization = exchange.getRequestHeaders().getFirst("Authorization");
        if (token.isPresent() && !("Bearer " + token.get()).equals(authorization)) {
            refuse(exchange, authorization == null ? 401 : 403, "GatedRepo");
        } else if (path.equals("/api/models/org/model/tree/main")) {
            byte[] listing = listing().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, listing.length);
            exchange.getResponseBody().write(listing);
        } else if (file.matches() && contents.containsKey(file.group(1))) {
            Content content = contents.get(file.group(1));
            exchange.getResponseHeaders().set("X-Repo-Commit", COMMIT);
            exchange.getResponseHeaders().set("X-Linked-Etag", content.sha256());
            send(exchange, content.file());
        } else {
            refuse(exchange, 404, "EntryNotFound");
        }
    }

    private String listing() throws IOException {
        List<String> entries = new ArrayList<>();
        for (Map.Entry<String, Content> entry : contents.entrySet()) {
            entries.add("{\"type\": \"file\", \"path\": \"%s\", \"size\": %d}"
                    .formatted(entry.getKey(), Files.size(entry.getValue().file())));
        }
        return entries.toString();
    }

    private static void refuse(HttpExchange exchange, int status, String code) throws IOException {
        exchange.getResponseHeaders().set("X-Error-Code", code);
        exchange.sendResponseHeaders(status, -1);
    }

    private void send(HttpExchange exchange, Path file) throws IOException {
        long size = Files.size(file);
        if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.getResponseHeaders().set("Content-Length", String.valueOf(size));
            exchange.sendResponseHeaders(200, -1);
            return;
        }
        exchange.sendResponseHeaders(200, size);
        try (InputStream in = Files.newInputStream(file)) {
            if (cut.isPresent()) {
                exchange.getResponseBody().write(in.readNBytes((int) size / 2));
                exchange.getResponseBody().flush();
                cut.get().run();
                cut = Optional.empty();
            } else {
                in.transferTo(exchange.getResponseBody());
            }
        }
    }

    private static String sha256(Path file) throws IOException {
        try (DigestInputStream in =
                new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
            in.transferTo(OutputStream.nullOutputStream());
            return HexFormat.of().formatHex(in.getMessageDigest().digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Cannot be reached any more. */
    void stop() {
        server.stop(0);
    }

    /** Takes away the links, too, which lead out of the home folder. */
    @Override
    public void close() throws IOException {
        stop();
        for (Path link : links) {
            Files.deleteIfExists(link);
        }
    }
}
