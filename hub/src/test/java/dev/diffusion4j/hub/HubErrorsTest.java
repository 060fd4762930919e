package dev.diffusion4j.hub;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.hub.ModelNotFoundException.Missing;
import dev.diffusion4j.hub.StubHub.Server;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the hub refuses, and what is no hub. */
class HubErrorsTest extends HubTestCase {

    private static final String FILE = "hf:org/model/model.gguf";
    private static final String ETAG = "a".repeat(64);

    @BeforeEach
    void publish() {
        stub.repository(REPOSITORY).add("model.gguf", "content");
    }

    private ModelHub withToken(String token) {
        return builder().token(token).build();
    }

    @Test
    void aRepositoryThatDoesNotExist() {
        ModelNotFoundException failure = failure(ModelNotFoundException.class, "hf:org/none/model.gguf");
        assertThat(failure.missing()).isEqualTo(Missing.REPOSITORY);
        assertThat(failure).hasMessageContaining("org/none does not exist").hasMessageContaining("HF_TOKEN");
        assertThat(failure(ModelNotFoundException.class, withToken("t"), "hf:org/none")
                        .missing())
                .isEqualTo(Missing.REPOSITORY);
    }

    @Test
    void aRevisionThatDoesNotExist() {
        assertThat(failure(ModelNotFoundException.class, "hf:org/model@v9/model.gguf")
                        .missing())
                .isEqualTo(Missing.REVISION);
        assertThat(failure(ModelNotFoundException.class, "hf:org/model@v9").missing())
                .isEqualTo(Missing.REVISION);
    }

    @Test
    void aFileThatDoesNotExist() {
        ModelNotFoundException failure = failure(ModelNotFoundException.class, "hf:org/model/none.gguf");
        assertThat(failure.missing()).isEqualTo(Missing.FILE);
        assertThat(failure).hasMessage("the hub has no file org/model/none.gguf (Entry not found)");
        assertThat(pauses).isEmpty();
    }

    @Test
    void aPlain404() {
        stub.next(Server.HUB, "HEAD", "/resolve/", StubHub.status(404));
        assertThat(failure(ModelNotFoundException.class, FILE).missing()).isEqualTo(Missing.FILE);
    }

    @Test
    void aGatedRepository() {
        stub.repository(REPOSITORY).gatedBy("secret");
        GatedModelException failure = failure(GatedModelException.class, FILE);
        assertThat(failure.page()).hasToString(stub.endpoint() + "/org/model");
        assertThat(failure)
                .hasMessageContaining("accept its licence on " + failure.page())
                .hasMessageContaining("HF_TOKEN");
        assertThat(failure(GatedModelException.class, withToken("other"), FILE)).hasMessageContaining("account");
        assertThat(resolve(withToken("secret"), FILE)).exists();
    }

    @Test
    void aTokenThatIsNotGoodEnough() {
        stub.always(Server.HUB, "HEAD", "/resolve/", StubHub.status(401));
        assertThat(failure(UnauthorizedException.class, withToken("t"), FILE)).hasMessageContaining("does not accept");
        assertThat(failure(UnauthorizedException.class, FILE))
                .hasMessageContaining("does not exist")
                .hasMessageContaining("HF_TOKEN");
        stub.behave();
        stub.always(Server.HUB, "HEAD", "/resolve/", StubHub.status(403));
        assertThat(failure(UnauthorizedException.class, FILE)).hasMessageContaining("allowed to read");
        assertThat(pauses).isEmpty();
    }

    @Test
    void aQuantizationThatDoesNotExist() {
        stub.repository(REPOSITORY).add("model-Q8_0.gguf", "content");
        assertThat(failure(NoSuchQuantException.class, "hf:org/model:Q5_0").available())
                .containsExactly("Q8_0");
    }

    @ParameterizedTest
    @ValueSource(ints = {204, 400, 405, 418})
    void anAnswerThatIsNotExpected(int status) {
        stub.always(Server.HUB, "HEAD", "/resolve/", StubHub.status(status));
        assertThat(failure(HubProtocolException.class, FILE)).hasMessageContaining(String.valueOf(status));
    }

    @Test
    void anAnswerToTheDownloadThatIsNotExpected() {
        stub.always(Server.HUB, "GET", "/resolve/", StubHub.status(400));
        failure(HubProtocolException.class, FILE);
    }

    @Test
    void anAnswerWithoutCommitHashOrSize() {
        stub.next(Server.HUB, "HEAD", "/resolve/", StubHub.header(200, "ETag", ETAG));
        assertThat(failure(HubProtocolException.class, FILE)).hasMessageContaining("no model hub");
        stub.next(Server.HUB, "HEAD", "/resolve/", StubHub.header(200, "X-Repo-Commit", "../../x"));
        failure(HubProtocolException.class, FILE);
        stub.next(Server.HUB, "HEAD", "/resolve/", StubHub.header(200, "X-Repo-Commit", "b".repeat(40)));
        assertThat(failure(HubProtocolException.class, FILE)).hasMessageContaining("hash");
        stub.next(Server.HUB, "HEAD", "/resolve/", (exchange, _) -> {
            exchange.getResponseHeaders().set("X-Repo-Commit", "b".repeat(40));
            exchange.getResponseHeaders().set("X-Linked-Etag", ETAG);
            exchange.getResponseHeaders().set("Location", stub.cdnEndpoint());
            exchange.sendResponseHeaders(302, -1);
        });
        assertThat(failure(HubProtocolException.class, FILE)).hasMessageContaining("size");
    }

    /** It would become the name of a file. */
    @ParameterizedTest
    @ValueSource(strings = {"../../../evil", "abc", "A", ""})
    void aHashThatIsNone(String etag) {
        stub.next(Server.HUB, "HEAD", "/resolve/", (exchange, _) -> {
            exchange.getResponseHeaders().set("X-Repo-Commit", "b".repeat(40));
            exchange.getResponseHeaders().set("ETag", etag);
            exchange.getResponseHeaders().set("Content-Length", "3");
            exchange.sendResponseHeaders(200, -1);
        });
        failure(HubProtocolException.class, FILE);
        assertThat(cache()).doesNotExist();
    }

    @Test
    void redirectsInACircle() {
        stub.always(
                Server.HUB,
                "HEAD",
                "/resolve/",
                (exchange, truth) -> StubHub.redirect(
                                307, exchange.getRequestURI().toString())
                        .answer(exchange, truth));
        assertThat(failure(HubProtocolException.class, FILE)).hasMessageContaining("redirects");
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://[", "ftp://host/file", "file:///etc/passwd", "mailto:a@b"})
    void aRedirectToNowhere(String location) {
        stub.always(
                Server.HUB,
                "GET",
                "/resolve/",
                (exchange, truth) -> StubHub.redirect(302, location).answer(exchange, truth));
        assertThat(failure(HubProtocolException.class, FILE)).hasMessageContaining("points nowhere");
    }

    @Test
    void aRedirectWithoutATarget() {
        stub.always(Server.HUB, "GET", "/resolve/", StubHub.status(302));
        assertThat(failure(HubProtocolException.class, FILE)).hasMessageContaining("points nowhere");
    }

    @Test
    void whatTheHubSaysIsMadePrintable() {
        stub.next(Server.HUB, "HEAD", "/resolve/", StubHub.error(404, "EntryNotFound", "x".repeat(500)));
        assertThat(failure(ModelNotFoundException.class, FILE).getMessage())
                .hasSizeLessThan(300)
                .endsWith("...)");
    }

    private void listing(String json) {
        stub.next(Server.HUB, "GET", "/tree/", StubHub.content(json.getBytes(StandardCharsets.UTF_8)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{}", "[1]", "[{\"type\": \"file\"", "<html>", "[{\"type\": }]", "[{}"})
    void aListingThatIsNone(String json) {
        listing(json);
        assertThat(failure(HubProtocolException.class, "hf:org/model")).hasMessageContaining("listing");
    }

    @Test
    void pathsOfAListingThatLeadOutAreNotTaken() {
        listing("[{\"type\": \"file\", \"path\": \"../../evil.gguf\", \"lfs\": {\"path\": \"x\"}},"
                + " {\"type\": \"file\", \"path\": \"/evil.gguf\"}, {\"type\": \"file\", \"path\": 7}]");
        failure(AmbiguousModelException.class, "hf:org/model");
    }

    @ParameterizedTest
    @ValueSource(strings = {"CDN", "http://example.invalid/next", "https:opaque"})
    void aListingThatGoesOnElsewhere(String link) {
        String target = link.equals("CDN") ? stub.cdnEndpoint() + "/next" : link;
        stub.next(Server.HUB, "GET", "/tree/", (exchange, _) -> {
            exchange.getResponseHeaders().set("Link", "<" + target + ">; rel=\"next\"");
            StubHub.send(exchange, "[]".getBytes(StandardCharsets.UTF_8));
        });
        assertThat(failure(HubProtocolException.class, "hf:org/model")).hasMessageContaining("another host");
        assertThat(stub.requests()).hasSize(1);
    }

    @Test
    void aListingThatIsElsewhere() {
        stub.next(Server.HUB, "GET", "/tree/", StubHub.redirect(302, stub.cdnEndpoint() + "/listing"));
        assertThat(failure(HubProtocolException.class, "hf:org/model")).hasMessageContaining("another host");
    }

    @Test
    void aListingWhoseNextPageHasNoAddress() {
        stub.next(Server.HUB, "GET", "/tree/", (exchange, _) -> {
            exchange.getResponseHeaders().set("Link", "<http://[>; rel=\"next\"");
            StubHub.send(exchange, "[]".getBytes(StandardCharsets.UTF_8));
        });
        failure(HubProtocolException.class, "hf:org/model");
    }

    @Test
    void aListingWithoutEnd() {
        stub.always(Server.HUB, "GET", "/tree/", (exchange, _) -> {
            exchange.getResponseHeaders().set("Link", "<" + exchange.getRequestURI() + ">; rel=\"next\"");
            StubHub.send(exchange, "[]".getBytes(StandardCharsets.UTF_8));
        });
        assertThat(failure(HubProtocolException.class, "hf:org/model")).hasMessageContaining("pages");
    }

    @Test
    void aPageThatIsTooLong() {
        stub.next(Server.HUB, "GET", "/tree/", StubHub.content(new byte[32_000_001]));
        assertThat(failure(HubProtocolException.class, "hf:org/model")).hasMessageContaining("32.0 MB");
    }
}
