package dev.diffusion4j.hub;

import java.io.IOException;
import java.net.ProxySelector;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the environment says, in the order of Python's huggingface_hub. A variable that is blank counts as not set. */
final class HubEnvironment {

    private static final String DEFAULT_ENDPOINT = "https://huggingface.co";
    private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);
    private static final Set<String> TRUE = Set.of("1", "ON", "YES", "TRUE");
    private static final Pattern VARIABLE = Pattern.compile("\\$(?:(\\w+)|\\{([^}]*)})");

    private final Map<String, String> variables;

    HubEnvironment(Map<String, String> variables) {
        this.variables = Map.copyOf(variables);
    }

    private Optional<String> variable(String name) {
        return Optional.ofNullable(variables.get(name)).filter(value -> !value.isBlank());
    }

    private boolean isTrue(String name) {
        return variable(name)
                .map(value -> TRUE.contains(value.toUpperCase(Locale.ROOT)))
                .orElse(false);
    }

    URI endpoint() {
        return Endpoints.parse(variable("HF_ENDPOINT").orElse(DEFAULT_ENDPOINT), "HF_ENDPOINT");
    }

    Path cacheFolder() {
        return variable("HF_HUB_CACHE")
                .or(() -> variable("HUGGINGFACE_HUB_CACHE"))
                .map(this::path)
                .orElseGet(() -> huggingFaceHome().resolve("hub"));
    }

    private Path huggingFaceHome() {
        return variable("HF_HOME")
                .map(this::path)
                .orElseGet(() -> variable("XDG_CACHE_HOME")
                        .map(this::path)
                        .orElseGet(() -> home().resolve(".cache"))
                        .resolve("huggingface"));
    }

    /** The user's own catalog of short names. */
    Path catalogFile() {
        return variable("XDG_CONFIG_HOME")
                .map(this::path)
                .orElseGet(() -> home().resolve(".config"))
                .resolve("diffusion4j")
                .resolve("models.txt");
    }

    boolean offline() {
        // A first one that says no is the last word.
        return variable("HF_HUB_OFFLINE").isPresent() ? isTrue("HF_HUB_OFFLINE") : isTrue("TRANSFORMERS_OFFLINE");
    }

    boolean symlinksDisabled() {
        return isTrue("HF_HUB_DISABLE_SYMLINKS");
    }

    Optional<ProxySelector> proxies() {
        return EnvironmentProxies.of(variables);
    }

    Duration answerTimeout() {
        return seconds("HF_HUB_ETAG_TIMEOUT");
    }

    Duration stallTimeout() {
        return seconds("HF_HUB_DOWNLOAD_TIMEOUT");
    }

    private Duration seconds(String name) {
        String value = variable(name).orElse("0").strip();
        if (!value.matches("\\d{1,6}")) {
            throw new HubException(name + " is " + Text.quoted(value) + ", which is no number of seconds");
        }
        // Python has 0 mean the default, too.
        Duration timeout = Duration.ofSeconds(Integer.parseInt(value));
        return timeout.isZero() ? DEFAULT_TIMEOUT : timeout;
    }

    /** The token to send without being asked for each call. */
    Optional<AccessToken> token() {
        if (isTrue("HF_HUB_DISABLE_IMPLICIT_TOKEN")) {
            return Optional.empty();
        }
        for (String name : new String[] {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"}) {
            Optional<String> value = variable(name);
            if (value.isPresent()) {
                return AccessToken.of(value.get(), name);
            }
        }
        Path file = variable("HF_TOKEN_PATH")
                .map(this::path)
                .orElseGet(() -> huggingFaceHome().resolve("token"));
        try {
            return AccessToken.of(Files.readString(file), file.toString());
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new CacheAccessException("the access token cannot be read from " + file, e);
        }
    }

    private Path home() {
        return Path.of(variable("HOME").orElseGet(() -> System.getProperty("user.home")));
    }

    private Path path(String value) {
        String expanded = value;
        if (value.equals("~") || value.startsWith("~/")) {
            expanded = home() + value.substring(1);
        }
        expanded = VARIABLE.matcher(expanded).replaceAll(match -> {
            String name = match.group(1) == null ? match.group(2) : match.group(1);
            return Matcher.quoteReplacement(variables.getOrDefault(name, match.group()));
        });
        try {
            return Path.of(expanded);
        } catch (InvalidPathException e) {
            throw new HubException(Text.quoted(value) + " is no path on this system", e);
        }
    }
}
