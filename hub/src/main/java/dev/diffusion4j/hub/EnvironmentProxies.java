package dev.diffusion4j.hub;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The proxies that {@code HTTPS_PROXY}, {@code HTTP_PROXY} and {@code ALL_PROXY} name, and the exceptions in {@code NO_PROXY}; in
 * small letters, too. What goes to this machine goes there directly.
 */
final class EnvironmentProxies extends ProxySelector {

    private static final int DEFAULT_PORT = 80;

    private final Map<String, Proxy> byScheme;
    private final List<String> exceptions;

    private EnvironmentProxies(Map<String, Proxy> byScheme, List<String> exceptions) {
        this.byScheme = byScheme;
        this.exceptions = exceptions;
    }

    /**
     * @return empty if no proxy is named
     * @throws HubException if what is named cannot be used
     */
    static Optional<ProxySelector> of(Map<String, String> variables) {
        Map<String, Proxy> byScheme = new HashMap<>();
        for (String scheme : List.of("http", "https")) {
            variable(variables, scheme + "_proxy")
                    .or(() -> variable(variables, "all_proxy"))
                    .ifPresent(address -> byScheme.put(scheme, proxy(address, scheme + "_proxy")));
        }
        if (byScheme.isEmpty()) {
            return Optional.empty();
        }
        String exceptions = variable(variables, "no_proxy").orElse("");
        return Optional.of(new EnvironmentProxies(
                byScheme, List.of(exceptions.toLowerCase(Locale.ROOT).split("[,\\s]+"))));
    }

    private static Optional<String> variable(Map<String, String> variables, String name) {
        return Optional.ofNullable(variables.getOrDefault(name, variables.get(name.toUpperCase(Locale.ROOT))))
                .filter(value -> !value.isBlank());
    }

    private static Proxy proxy(String address, String name) {
        String whole = address.contains("://") ? address.strip() : "http://" + address.strip();
        URI uri;
        try {
            uri = new URI(whole);
        } catch (URISyntaxException e) {
            // Neither the text nor the cause: there may be a password in it.
            throw new HubException("the proxy in " + name + " is no address");
        }
        if (!"http".equals(uri.getScheme()) || uri.getHost() == null || uri.getRawUserInfo() != null) {
            throw new HubException("the proxy in " + name + " has to be an address of http, and without a user");
        }
        int port = uri.getPort() < 0 ? DEFAULT_PORT : uri.getPort();
        return new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(uri.getHost(), port));
    }

    @Override
    public List<Proxy> select(URI uri) {
        Proxy proxy = byScheme.get(uri.getScheme());
        boolean direct = proxy == null || Endpoints.isLoopback(uri) || isException(uri.getHost());
        return List.of(direct ? Proxy.NO_PROXY : proxy);
    }

    /** A host, or a domain with all that is in it. */
    private boolean isException(String host) {
        String name = host.toLowerCase(Locale.ROOT);
        return exceptions.stream().anyMatch(exception -> {
            String domain = exception.replaceFirst("^\\*?\\.", "");
            return exception.equals("*") || !domain.isEmpty() && (name.equals(domain) || name.endsWith("." + domain));
        });
    }

    @Override
    public void connectFailed(URI uri, SocketAddress proxy, IOException failure) {
        // There is no other to turn to; the request itself fails with the reason.
    }
}
