package dev.diffusion4j.hub;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Objects;

/** Addresses: of the hub, and of what it has. */
final class Endpoints {

    private static final String UNRESERVED = "-._~";

    private Endpoints() {}

    /**
     * The hub's own address, without a slash at its end.
     *
     * @param source what named it, for the message
     */
    static URI parse(String text, String source) {
        String stripped = text.strip().replaceFirst("/+$", "");
        URI uri;
        try {
            uri = new URI(stripped);
        } catch (URISyntaxException e) {
            // Neither the text nor the cause: there may be a password in it.
            throw new HubException(source + " is no address");
        }
        boolean usable = ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
                && uri.getHost() != null
                && uri.getRawUserInfo() == null
                && uri.getRawQuery() == null
                && uri.getRawFragment() == null;
        if (!usable) {
            throw new HubException(source
                    + " has to be an address of http or https with a host, and without a user, a query or a fragment");
        }
        return uri;
    }

    static URI file(URI endpoint, String repository, String revision, String path) {
        StringBuilder address = new StringBuilder()
                .append(endpoint)
                .append('/')
                .append(repository)
                .append("/resolve/")
                .append(encoded(revision));
        for (String segment : path.split("/")) {
            address.append('/').append(encoded(segment));
        }
        return URI.create(address.toString());
    }

    static URI listing(URI endpoint, String repository, String revision) {
        return URI.create(endpoint + "/api/models/" + repository + "/tree/" + encoded(revision) + "?recursive=true");
    }

    /** The page about a repository, for people. */
    static URI page(URI endpoint, String repository) {
        return URI.create(endpoint + "/" + repository);
    }

    /** Everything but letters, digits and {@code -._~} as percent signs with the bytes of UTF-8, a slash too. */
    private static String encoded(String segment) {
        StringBuilder encoded = new StringBuilder();
        for (byte b : segment.getBytes(StandardCharsets.UTF_8)) {
            char character = (char) (b & 0xff);
            boolean plain =
                    character < 0x80 && (Character.isLetterOrDigit(character) || UNRESERVED.indexOf(character) >= 0);
            if (plain) {
                encoded.append(character);
            } else {
                encoded.append('%').append(String.format(Locale.ROOT, "%02X", b & 0xff));
            }
        }
        return encoded.toString();
    }

    static boolean isSameOrigin(URI one, URI other) {
        return one.getScheme().equalsIgnoreCase(other.getScheme())
                && Objects.requireNonNullElse(one.getHost(), "").equalsIgnoreCase(other.getHost())
                && port(one) == port(other);
    }

    private static int port(URI uri) {
        if (uri.getPort() >= 0) {
            return uri.getPort();
        }
        return isHttps(uri) ? 443 : 80;
    }

    static boolean isHttps(URI uri) {
        return "https".equalsIgnoreCase(uri.getScheme());
    }

    /** Whether nobody on a network can listen to what is sent there. */
    static boolean isPrivate(URI uri) {
        return isHttps(uri) || isLoopback(uri);
    }

    /** Whether it is on this machine. Names are not looked up: who answers for them may lie. */
    static boolean isLoopback(URI uri) {
        String host = uri.getHost();
        return host.equalsIgnoreCase("localhost")
                || host.equals("[::1]")
                || host.matches("127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}");
    }

    /** An address for a message: links of a content network carry a signature in their query. */
    static String shown(URI uri) {
        return uri.getScheme() + "://" + uri.getRawAuthority()
                + Text.printable(Objects.requireNonNullElse(uri.getRawPath(), ""));
    }
}
