package dev.diffusion4j.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HubEnvironmentTest {

    @TempDir
    private Path folder;

    private static Path cache(Map<String, String> variables) {
        return new HubEnvironment(variables).cacheFolder();
    }

    @Test
    void findsTheCacheInPythonsOrder() {
        assertThat(cache(Map.of("HOME", "/h"))).isEqualTo(Path.of("/h/.cache/huggingface/hub"));
        assertThat(cache(Map.of("HOME", "/h", "XDG_CACHE_HOME", "/x"))).isEqualTo(Path.of("/x/huggingface/hub"));
        assertThat(cache(Map.of("XDG_CACHE_HOME", "/x", "HF_HOME", "/hf"))).isEqualTo(Path.of("/hf/hub"));
        assertThat(cache(Map.of("HF_HOME", "/hf", "HUGGINGFACE_HUB_CACHE", "/old")))
                .isEqualTo(Path.of("/old"));
        assertThat(cache(Map.of("HUGGINGFACE_HUB_CACHE", "/old", "HF_HUB_CACHE", "/new")))
                .isEqualTo(Path.of("/new"));
        assertThat(cache(Map.of("HOME", "/h", "HF_HUB_CACHE", " "))).isEqualTo(Path.of("/h/.cache/huggingface/hub"));
    }

    @Test
    void expandsHomeAndVariables() {
        assertThat(cache(Map.of("HOME", "/h", "HF_HUB_CACHE", "~/c"))).isEqualTo(Path.of("/h/c"));
        assertThat(cache(Map.of("A", "/a$", "B", "b", "HF_HUB_CACHE", "$A/${B}/$C")))
                .isEqualTo(Path.of("/a$/b/$C"));
        assertThat(cache(Map.of("HF_HOME", "~", "HOME", "/h"))).isEqualTo(Path.of("/h/hub"));
    }

    @Test
    void refusesWhatIsNoPath() {
        assertThatThrownBy(() -> cache(Map.of("HF_HUB_CACHE", "a\0b")))
                .isInstanceOf(HubException.class)
                .hasMessageContaining("no path");
    }

    @Test
    void stripsTheEndpoint() {
        assertThat(new HubEnvironment(Map.of()).endpoint()).hasToString("https://huggingface.co");
        assertThat(new HubEnvironment(Map.of("HF_ENDPOINT", "http://a:8/b// ")).endpoint())
                .hasToString("http://a:8/b");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"huggingface.co", "ftp://a", "http://u:secret@a", "http://a?secret=1", "http://a#secret", "a b"})
    void refusesAnEndpointWithoutRepeatingIt(String endpoint) {
        HubEnvironment environment = new HubEnvironment(Map.of("HF_ENDPOINT", endpoint));
        assertThatThrownBy(environment::endpoint)
                .isInstanceOf(HubException.class)
                .hasMessageStartingWith("HF_ENDPOINT")
                .hasNoCause()
                .hasMessageNotContaining("secret");
    }

    @ParameterizedTest
    @CsvSource(
            value = {
                "1,-,true",
                "on,-,true",
                "Yes,-,true",
                "true,-,true",
                "0,1,false",
                "-,1,true",
                "-,-,false",
                "2,-,false"
            },
            nullValues = "-")
    void isOfflineAsPythonIs(String hub, String transformers, boolean offline) {
        Map<String, String> variables = new HashMap<>();
        if (hub != null) {
            variables.put("HF_HUB_OFFLINE", hub);
        }
        if (transformers != null) {
            variables.put("TRANSFORMERS_OFFLINE", transformers);
        }
        assertThat(new HubEnvironment(variables).offline()).isEqualTo(offline);
    }

    @Test
    void readsTimeouts() {
        assertThat(new HubEnvironment(Map.of()).answerTimeout()).isEqualTo(Duration.ofSeconds(10));
        assertThat(new HubEnvironment(Map.of("HF_HUB_ETAG_TIMEOUT", "3")).answerTimeout())
                .isEqualTo(Duration.ofSeconds(3));
        assertThat(new HubEnvironment(Map.of("HF_HUB_DOWNLOAD_TIMEOUT", "0")).stallTimeout())
                .isEqualTo(Duration.ofSeconds(10));
        assertThatThrownBy(() -> new HubEnvironment(Map.of("HF_HUB_DOWNLOAD_TIMEOUT", "soon")).stallTimeout())
                .isInstanceOf(HubException.class)
                .hasMessageContaining("HF_HUB_DOWNLOAD_TIMEOUT");
    }

    @Test
    void findsTheTokenInPythonsOrder() throws IOException {
        Path file = Files.writeString(folder.resolve("token"), " from-file\n");
        Path other = Files.writeString(folder.resolve("other"), "from-other");
        String home = folder.toString();
        assertThat(token(Map.of("HF_HOME", home))).isEqualTo("Bearer from-file");
        assertThat(token(Map.of("HF_HOME", home, "HF_TOKEN_PATH", other.toString())))
                .isEqualTo("Bearer from-other");
        assertThat(token(Map.of("HF_HOME", home, "HUGGING_FACE_HUB_TOKEN", "old")))
                .isEqualTo("Bearer old");
        assertThat(token(Map.of("HUGGING_FACE_HUB_TOKEN", "old", "HF_TOKEN", "new")))
                .isEqualTo("Bearer new");
        assertThat(token(Map.of("HF_TOKEN", "new", "HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")))
                .isNull();
        Files.writeString(file, "\n");
        assertThat(token(Map.of("HF_HOME", home))).isNull();
        Files.delete(file);
        assertThat(token(Map.of("HF_HOME", home))).isNull();
    }

    private static String token(Map<String, String> variables) {
        return new HubEnvironment(variables)
                .token()
                .map(AccessToken::authorization)
                .orElse(null);
    }

    @Test
    void aTokenThatCannotBeReadIsAnError() throws IOException {
        Files.createDirectory(folder.resolve("token"));
        HubEnvironment environment = new HubEnvironment(Map.of("HF_HOME", folder.toString()));
        assertThatThrownBy(environment::token).isInstanceOf(CacheAccessException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"hf_se\ncret", "hf_se cret", "hf_sécret"})
    void aTokenThatIsNoneIsNotRepeated(String secret) {
        HubEnvironment environment = new HubEnvironment(Map.of("HF_TOKEN", secret));
        assertThatThrownBy(environment::token)
                .isInstanceOf(HubException.class)
                .hasMessage("the access token in HF_TOKEN has characters that no token has")
                .hasNoCause();
    }

    @Test
    void findsTheUsersCatalog() {
        assertThat(new HubEnvironment(Map.of("HOME", "/h")).catalogFile())
                .isEqualTo(Path.of("/h/.config/diffusion4j/models.txt"));
        assertThat(new HubEnvironment(Map.of("HOME", "/h", "XDG_CONFIG_HOME", "~/c")).catalogFile())
                .isEqualTo(Path.of("/h/c/diffusion4j/models.txt"));
    }
}
