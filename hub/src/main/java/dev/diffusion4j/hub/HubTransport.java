package dev.diffusion4j.hub;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Requests to the hub and to where it points. Redirects are followed here, one by one, because the client would send the token
 * along to whatever host is next.
 */
final class HubTransport {

    private static final int MAX_REDIRECTS = 10;
    private static final String USER_AGENT =
            "diffusion4j/" + version() + "; java/" + Runtime.version().feature();

    private final URI endpoint;
    private final Optional<AccessToken> token;
    private final Optional<ProxySelector> proxies;
    private final Duration answerTimeout;
    private final Duration stallTimeout;
    private @Nullable HttpClient client;

    /** The token is left out where others could listen; {@link #withholdsToken} says so. */
    HubTransport(
            URI endpoint,
            Optional<AccessToken> token,
            Optional<ProxySelector> proxies,
            Duration answerTimeout,
            Duration stallTimeout) {
        this.endpoint = endpoint;
        this.token = token;
        this.proxies = proxies;
        this.answerTimeout = answerTimeout;
        this.stallTimeout = stallTimeout;
    }

    /** Whether there is a token that is not sent, because the endpoint is plain HTTP on another machine. */
    boolean withholdsToken() {
        return token.isPresent() && !Endpoints.isPrivate(endpoint);
    }

    boolean sendsToken() {
        return token.isPresent() && !withholdsToken();
    }

    Optional<AccessToken> token() {
        return token;
    }

    /**
     * Asks for a file's headers. Redirects are followed while they stay on the hub and the answer does not speak of the file yet;
     * one that points to a content network is the answer.
     *
     * @throws HubUnavailableException if there is no answer
     */
    Answer head(URI uri) throws InterruptedException {
        return follow(
                uri, "HEAD", 0, answer -> answer.header(HubHeaders.LINKED_ETAG).isEmpty());
    }

    /**
     * Asks for content, and follows redirects wherever they lead.
     *
     * @param from the first byte that is wanted
     * @throws HubUnavailableException if there is no answer
     */
    Answer get(URI uri, long from) throws InterruptedException {
        return follow(uri, "GET", from, answer -> true);
    }

    private interface Follow {
        boolean beyond(Answer redirect);
    }

    private Answer follow(URI start, String method, long from, Follow follow) throws InterruptedException {
        URI uri = start;
        for (int i = 0; i <= MAX_REDIRECTS; i++) {
            Answer answer = send(uri, method, from);
            if (!answer.isRedirect() || !follow.beyond(answer)) {
                return answer;
            }
            URI target = target(answer);
            if (method.equals("HEAD") && !Endpoints.isSameOrigin(target, endpoint)) {
                return answer;
            }
            answer.close();
            uri = target;
        }
        throw new HubProtocolException("more than " + MAX_REDIRECTS + " redirects from " + Endpoints.shown(start));
    }

    private static URI target(Answer redirect) {
        URI target = redirect.header("Location")
                .flatMap(location -> resolved(redirect.uri(), location))
                .orElse(null);
        if (target == null) {
            redirect.close();
            throw new HubProtocolException(Endpoints.shown(redirect.uri()) + " points nowhere");
        }
        if (Endpoints.isHttps(redirect.uri()) && !Endpoints.isHttps(target)) {
            redirect.close();
            throw new HubProtocolException(
                    Endpoints.shown(redirect.uri()) + " points to an address without encryption");
        }
        return target;
    }

    private static Optional<URI> resolved(URI base, String location) {
        try {
            return Optional.of(base.resolve(URI.create(location)))
                    .filter(target ->
                            target.getHost() != null && target.getScheme().matches("(?i)https?"));
        } catch (IllegalArgumentException e) {
            // The exception is dropped because it quotes the address with its signature.
            return Optional.empty();
        }
    }

    private Answer send(URI uri, String method, long from) throws InterruptedException {
        boolean fromHub = Endpoints.isSameOrigin(uri, endpoint);
        HttpRequest.Builder request = HttpRequest.newBuilder(uri)
                .method(method, HttpRequest.BodyPublishers.noBody())
                .header("User-Agent", USER_AGENT)
                // Compressed, the length would not be the file's.
                .header("Accept-Encoding", "identity");
        if (fromHub && sendsToken()) {
            request.header("Authorization", token.orElseThrow().authorization());
        }
        if (from > 0) {
            request.header("Range", "bytes=" + from + "-");
        }
        // The request's own timeout would include the content in newer versions of Java.
        CompletableFuture<HttpResponse<Flow.Publisher<List<ByteBuffer>>>> response =
                client().sendAsync(request.build(), HttpResponse.BodyHandlers.ofPublisher());
        try {
            HttpResponse<Flow.Publisher<List<ByteBuffer>>> answer =
                    response.get(answerTimeout.toMillis(), TimeUnit.MILLISECONDS);
            return new Answer(
                    uri,
                    fromHub,
                    answer.statusCode(),
                    answer.headers(),
                    new ResponseBody(uri, answer.body(), stallTimeout));
        } catch (ExecutionException e) {
            throw unavailable(uri, Objects.requireNonNullElse(e.getCause(), e));
        } catch (TimeoutException e) {
            throw unavailable(uri, new HttpTimeoutException("no answer within " + answerTimeout.toMillis() + " ms"));
        } finally {
            // Without effect where the answer came.
            response.cancel(true);
        }
    }

    /** What a lost connection is to callers. */
    static HubUnavailableException unavailable(URI uri, Throwable cause) {
        return new HubUnavailableException(
                uri.getScheme() + "://" + uri.getRawAuthority() + ": " + Text.printable(reason(cause)), cause);
    }

    /** The client's exceptions for the two most frequent cases have no message. */
    private static String reason(Throwable cause) {
        if (cause instanceof ConnectException && cause.getMessage() == null) {
            return cause.getCause() instanceof UnresolvedAddressException
                    ? "there is no such host, or no network"
                    : "no connection";
        }
        return Objects.requireNonNullElse(cause.getMessage(), cause.getClass().getSimpleName());
    }

    /** Made when it is needed first, for that takes a noticeable time. */
    private synchronized HttpClient client() {
        if (client == null) {
            HttpClient.Builder builder = HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .followRedirects(HttpClient.Redirect.NEVER)
                    .connectTimeout(answerTimeout);
            proxies.ifPresent(builder::proxy);
            client = builder.build();
        }
        return client;
    }

    private static String version() {
        Properties properties = new Properties();
        try (InputStream in = HubTransport.class.getResourceAsStream("version.properties")) {
            properties.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties.getProperty("version");
    }
}
