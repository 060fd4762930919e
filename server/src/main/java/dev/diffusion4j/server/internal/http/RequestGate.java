package dev.diffusion4j.server.internal.http;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Who may send requests: no page of another site, and with a key only who has it. Immutable. */
final class RequestGate {

    private static final Set<String> LOOPBACK_NAMES = Set.of("localhost", "127.0.0.1", "[::1]");

    private final boolean loopback;
    private final Optional<byte[]> key;
    private final List<String> allowedOrigins;

    /**
     * @param loopback whether the server is for this machine alone, so that it has no other name
     * @param key without which nothing is answered
     * @param allowedOrigins the sites whose pages may send requests, such as {@code https://example.org}
     */
    RequestGate(boolean loopback, Optional<String> key, List<String> allowedOrigins) {
        this.loopback = loopback;
        this.key = key.map(text -> text.getBytes(StandardCharsets.UTF_8));
        this.allowedOrigins = allowedOrigins.stream()
                .map(origin -> origin.toLowerCase(Locale.ROOT))
                .toList();
    }

    /**
     * Refuses names that this machine does not have: behind one, a page on another site would be of the same origin (DNS
     * rebinding).
     */
    void requireHost(Optional<String> host) {
        String authority = host.filter(name -> !name.isBlank())
                .orElseThrow(() -> HttpException.of(400, "host_missing", "the request has no Host header"));
        if (loopback && !LOOPBACK_NAMES.contains(withoutPort(authority))) {
            throw HttpException.of(
                    403, "host_refused", "this server answers to localhost and 127.0.0.1 alone, not to another name");
        }
    }

    private static String withoutPort(String authority) {
        return authority.toLowerCase(Locale.ROOT).replaceFirst(":\\d+$", "");
    }

    /** The origin of a page of another site that may send requests. */
    Optional<String> allowedOrigin(Optional<String> origin) {
        return origin.filter(name -> allowedOrigins.contains(name.toLowerCase(Locale.ROOT)));
    }

    /** Refuses pages of other sites. */
    void requireOrigin(Optional<String> origin, Optional<String> fetchSite, String host, String path) {
        if (allowedOrigin(origin).isPresent()) {
            return;
        }
        boolean own = origin.map(name -> name.toLowerCase(Locale.ROOT))
                .map(name -> name.equals("http://" + host.toLowerCase(Locale.ROOT))
                        || name.equals("https://" + host.toLowerCase(Locale.ROOT)))
                .orElse(true);
        // A link to the page is no harm.
        boolean crossSite = fetchSite.filter("cross-site"::equals).isPresent() && !path.equals("/");
        if (!own || crossSite) {
            throw HttpException.of(403, "origin_refused", "pages of other sites may not use this server");
        }
    }

    /** Refuses who does not have the key: as a bearer's token, or as a password under any name. */
    void requireKey(Optional<String> authorization) {
        if (key.isEmpty()) {
            return;
        }
        byte[] given = authorization
                .map(RequestGate::credential)
                .orElseThrow(() ->
                        HttpException.unauthorized("this server wants a key: send it as 'Authorization: Bearer KEY'"));
        if (!MessageDigest.isEqual(key.get(), given)) {
            throw HttpException.unauthorized("the key is not the right one");
        }
    }

    private static byte[] credential(String authorization) {
        String[] parts = authorization.strip().split(" +", 2);
        String value = parts.length == 2 ? parts[1] : "";
        if (parts[0].equalsIgnoreCase("Basic")) {
            return password(value);
        }
        return parts[0].equalsIgnoreCase("Bearer") ? value.getBytes(StandardCharsets.UTF_8) : new byte[0];
    }

    private static byte[] password(String basic) {
        try {
            String pair = new String(Base64.getDecoder().decode(basic), StandardCharsets.UTF_8);
            return pair.substring(pair.indexOf(':') + 1).getBytes(StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return new byte[0];
        }
    }
}
