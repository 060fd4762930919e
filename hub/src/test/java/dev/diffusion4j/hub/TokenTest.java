package dev.diffusion4j.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.diffusion4j.hub.StubHub.Request;
import dev.diffusion4j.hub.StubHub.Server;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who gets the access token, and who does not. */
class TokenTest extends HubTestCase {

    private static final String FILE = "hf:org/model/model.gguf";
    private static final String SECRET = "hf_SecretOfATest";

    private ModelHub hub;

    @BeforeEach
    void publish() {
        stub.repository(REPOSITORY).gatedBy(SECRET).add("model.gguf", "content");
        Map<String, String> environment = new HashMap<>(environment());
        environment.put("HF_TOKEN", SECRET);
        hub = builder(environment).build();
    }

    @Test
    void theHubGetsItAndTheContentNetworkDoesNot() {
        assertThat(resolve(hub, FILE)).hasContent("content");
        assertThat(stub.requests()).extracting(Request::server).contains(Server.HUB, Server.CDN);
        assertThat(stub.requests())
                .allSatisfy(request -> assertThat(request.header("Authorization"))
                        .isEqualTo(request.server() == Server.HUB ? "Bearer " + SECRET : null));
    }

    @Test
    void aRedirectBackToTheHubGetsItAgain() {
        stub.next(
                Server.CDN,
                "GET",
                "/cdn/",
                (exchange, truth) -> StubHub.redirect(302, stub.endpoint() + "/org/model/resolve/main/small")
                        .answer(exchange, truth));
        stub.repository(REPOSITORY).add("small", "content".getBytes(), false);
        assertThat(resolve(hub, FILE)).hasContent("content");
        assertThat(stub.requests().getLast().header("Authorization")).isEqualTo("Bearer " + SECRET);
    }

    @Test
    void anotherHostThatTheQuestionIsSentToGetsNeitherItNorTheQuestion() {
        stub.always(
                Server.HUB,
                "HEAD",
                "/resolve/",
                (exchange, truth) ->
                        StubHub.redirect(302, stub.cdnEndpoint() + "/elsewhere").answer(exchange, truth));
        failure(HubProtocolException.class, hub, FILE);
        assertThat(stub.requests()).extracting(Request::server).containsOnly(Server.HUB);
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 403, 404, 400, 500})
    void noMessageHasItEvenIfTheHubRepeatsIt(int status) {
        stub.always(Server.HUB, "HEAD", "/resolve/", StubHub.error(status, "", "not good: Bearer " + SECRET));
        Throwable failure = catchThrowable(() -> resolve(hub, FILE));
        StringWriter trace = new StringWriter();
        failure.printStackTrace(new PrintWriter(trace));
        assertThat(trace.toString()).contains("not good: Bearer ***").doesNotContain(SECRET);
    }

    @Test
    void noDescriptionHasIt() {
        assertThat(hub).asString().contains(stub.endpoint()).doesNotContain(SECRET);
        assertThat(AccessToken.of(SECRET, "test").orElseThrow()).hasToString("***");
    }

    @Test
    void aBlankOneFromTheProgramMeansNone() {
        Map<String, String> environment = new HashMap<>(environment());
        environment.put("HF_TOKEN", SECRET);
        failure(GatedModelException.class, builder(environment).token("").build(), FILE);
        assertThat(stub.requests())
                .allSatisfy(
                        request -> assertThat(request.header("Authorization")).isNull());
    }

    @ParameterizedTest
    @CsvSource({
        "https://huggingface.co, true",
        "http://localhost:1, true",
        "http://127.0.0.1:1, true",
        "http://127.1.2.3, true",
        "http://[::1]:1, true",
        "http://mirror.example, false",
        "http://127.0.0.1.example, false",
        "http://localhost.example, false"
    })
    void plainHttpCarriesItWithinThisMachineAlone(String endpoint, boolean sent) {
        HubTransport transport = new HubTransport(
                Endpoints.parse(endpoint, "test"),
                AccessToken.of(SECRET, "test"),
                Optional.empty(),
                Duration.ofSeconds(1),
                Duration.ofSeconds(1));
        assertThat(transport.sendsToken()).isEqualTo(sent);
        assertThat(transport.withholdsToken()).isEqualTo(!sent);
    }

    @Test
    void thatItIsWithheldIsSaid() {
        ModelHub elsewhere =
                builder().endpoint("http://mirror.invalid").token(SECRET).build();
        assertThat(failure(HubUnavailableException.class, elsewhere, FILE))
                .hasMessage("http://mirror.invalid: there is no such host, or no network");
        assertThat(recorder.warnings)
                .first()
                .asString()
                .contains("token is not sent")
                .doesNotContain(SECRET);
    }

    @ParameterizedTest
    @CsvSource({
        "https://a, https://a:443, true",
        "http://a, http://A:80/x, true",
        "http://a, https://a, false",
        "http://a:1, http://a:2, false",
        "http://a, http://b, false"
    })
    void anOriginIsSchemeHostAndPort(String one, String other, boolean same) {
        assertThat(Endpoints.isSameOrigin(URI.create(one), URI.create(other))).isEqualTo(same);
    }
}
