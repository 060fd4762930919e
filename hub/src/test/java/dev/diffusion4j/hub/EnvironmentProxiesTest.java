package dev.diffusion4j.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EnvironmentProxiesTest extends HubTestCase {

    private static String select(Map<String, String> variables, String uri) {
        Proxy proxy = EnvironmentProxies.of(variables)
                .orElseThrow()
                .select(URI.create(uri))
                .getFirst();
        return proxy.type() == Proxy.Type.DIRECT
                ? "direct"
                : ((InetSocketAddress) proxy.address()).getHostString() + ":"
                        + ((InetSocketAddress) proxy.address()).getPort();
    }

    @Test
    void withoutVariablesThereIsNone() {
        assertThat(EnvironmentProxies.of(Map.of("NO_PROXY", "a", "HTTPS_PROXY", " ")))
                .isEmpty();
    }

    @Test
    void eachSchemeHasItsOwn() {
        Map<String, String> variables =
                Map.of("HTTPS_PROXY", "http://secure:1", "http_proxy", "plain", "HTTP_PROXY", "x");
        assertThat(select(variables, "https://a/b")).isEqualTo("secure:1");
        assertThat(select(variables, "http://a/b")).isEqualTo("plain:80");
        assertThat(select(Map.of("ALL_PROXY", "all:2"), "https://a")).isEqualTo("all:2");
        assertThat(select(Map.of("HTTPS_PROXY", "secure:1"), "http://a")).isEqualTo("direct");
    }

    @ParameterizedTest
    @CsvSource({
        "hub.example, direct",
        "HUB.example, direct",
        "cdn.hub.example, direct",
        "x.dotted.example, direct",
        "x.starred.example, direct",
        "hub.example.com, p:1",
        "otherhub.example, p:1",
        "127.0.0.1, direct",
        "localhost, direct"
    })
    void someHostsAreExceptions(String host, String expected) {
        Map<String, String> variables =
                Map.of("ALL_PROXY", "p:1", "NO_PROXY", "hub.example, .dotted.example,*.starred.example");
        assertThat(select(variables, "http://" + host)).isEqualTo(expected);
        assertThat(select(Map.of("ALL_PROXY", "p:1", "NO_PROXY", "*"), "http://" + host))
                .isEqualTo("direct");
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://user:secret@proxy", "socks5://secret", "http:// secret", "http:///secret"})
    void whatCannotBeUsedIsRefusedWithoutRepeatingIt(String proxy) {
        Map<String, String> variables = Map.of("HTTPS_PROXY", proxy);
        assertThatThrownBy(() -> EnvironmentProxies.of(variables))
                .isInstanceOf(HubException.class)
                .hasMessageContaining("https_proxy")
                .hasMessageNotContaining("secret")
                .hasNoCause();
    }

    @Test
    void requestsGoThroughIt() {
        stub.repository(REPOSITORY).add("model.gguf", "content".getBytes(), false);
        Map<String, String> environment = new HashMap<>(environment());
        environment.put("HF_ENDPOINT", "http://hub.invalid");
        environment.put("HTTP_PROXY", stub.endpoint());
        assertThat(resolve(builder(environment).build(), "hf:org/model/model.gguf"))
                .hasContent("content");
        assertThat(stub.requests())
                .allSatisfy(request -> assertThat(request.header("Host")).isEqualTo("hub.invalid"));
    }
}
