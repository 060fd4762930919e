package dev.diffusion4j.server.internal.site;

import dev.diffusion4j.server.internal.http.Exchange;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The page at {@code /}: one file, which loads nothing from elsewhere and runs no script but its own. */
public final class Page {

    private static final String RESOURCE = "/dev/diffusion4j/server/page.html";

    private static final Pattern SCRIPT = Pattern.compile("<script>(.*?)</script>", Pattern.DOTALL);

    private final String html;
    private final String policy;

    /** Reads the page. */
    public Page() {
        try (InputStream in = Page.class.getResourceAsStream(RESOURCE)) {
            html = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        policy = "default-src 'none'; script-src " + scripts() + "; style-src 'unsafe-inline'; "
                + "img-src 'self' data: blob:; connect-src 'self'; form-action 'none'; base-uri 'none'; "
                + "frame-ancestors 'none'";
    }

    /** The hashes of the page's scripts. */
    private String scripts() {
        List<String> hashes = new ArrayList<>();
        Matcher matcher = SCRIPT.matcher(html);
        while (matcher.find()) {
            hashes.add("'sha256-" + sha256(matcher.group(1)) + "'");
        }
        return hashes.isEmpty() ? "'none'" : String.join(" ", hashes);
    }

    private static String sha256(String script) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(script.getBytes(StandardCharsets.UTF_8));
            return Base64.getEncoder().encodeToString(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Answers with the page. */
    public void send(Exchange exchange) throws IOException {
        exchange.setHeader("Content-Security-Policy", policy);
        exchange.setHeader("Cross-Origin-Opener-Policy", "same-origin");
        exchange.sendText(200, "text/html", html);
    }
}
