package dev.diffusion4j.hub;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.hub.StubHub.Server;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is found without the hub. */
class OfflineTest extends HubTestCase {

    private static final String FILE = "hf:org/model/model-Q8_0.gguf";

    private String commit;

    @BeforeEach
    void publish() {
        commit = stub.repository(REPOSITORY).add("model-Q8_0.gguf", "content");
    }

    private ModelHub offline() {
        Map<String, String> environment = new HashMap<>(environment());
        environment.put("HF_HUB_OFFLINE", "1");
        return builder(environment).build();
    }

    @Test
    void whatIsNotThereIsSaidToBe() {
        NotCachedException failure = failure(NotCachedException.class, offline(), FILE);
        assertThat(failure).hasMessageContaining(FILE).hasMessageContaining("HF_HUB_OFFLINE");
        assertThat(stub.requests()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/model-Q8_0.gguf", "", ":Q8_0", "@COMMIT", "@COMMIT/model-Q8_0.gguf"})
    void whatWasDownloadedIsFoundByEachOfItsNames(String rest) {
        Path path = resolve(FILE);
        stub.forgetRequests();
        assertThat(resolve(offline(), "hf:org/model" + rest.replace("COMMIT", commit)))
                .isEqualTo(path);
        assertThat(stub.requests()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"hf:org/model/other", "hf:org/model@v1", "hf:org/other", "hf:org/model:Q4_0"})
    void whatWasNotDownloadedIsNot(String reference) {
        resolve(FILE);
        failure(NotCachedException.class, offline(), reference);
    }

    @Test
    void aSplitModelIsThereIfAllOfItIs() throws IOException {
        StubRepository repository = stub.repository(REPOSITORY);
        repository.add("m-00001-of-00002.gguf", "one");
        repository.add("m-00002-of-00002.gguf", "two");
        Path path = resolve("hf:org/model/m-00001-of-00002.gguf");
        assertThat(resolve(offline(), "hf:org/model/m-00001-of-00002.gguf")).isEqualTo(path);
        Files.delete(path.resolveSibling("m-00002-of-00002.gguf"));
        failure(NotCachedException.class, offline(), "hf:org/model/m-00001-of-00002.gguf");
    }

    @Test
    void aRefThatHoldsNoCommitIsNone() throws IOException {
        resolve(FILE);
        Files.writeString(repositoryFolder().refs().resolve("main"), "../../../elsewhere");
        failure(NotCachedException.class, offline(), FILE);
    }

    @ParameterizedTest
    @ValueSource(ints = {500, 401, 403, 204})
    void whatIsThereIsTakenIfTheHubDoesNotAnswerWell(int status) {
        Path path = resolve(FILE);
        stub.always(Server.HUB, "HEAD", "/resolve/", StubHub.status(status));
        stub.always(Server.HUB, "GET", "/tree/", StubHub.status(status));
        assertThat(resolve(FILE)).isEqualTo(path);
        assertThat(resolve("hf:org/model")).isEqualTo(path);
        assertThat(recorder.warnings)
                .hasSize(2)
                .allSatisfy(warning -> assertThat(warning).contains("as it was downloaded before"));
        assertThat(pauses).isEmpty();
    }

    @Test
    void whatIsThereIsTakenIfTheHubIsNotThere() {
        Path path = resolve(FILE);
        stub.close();
        assertThat(resolve(FILE)).isEqualTo(path);
        assertThat(pauses).isEmpty();
    }

    @Test
    void whatTheHubTookAwayIsNotTaken() {
        resolve(FILE);
        stub.always(Server.HUB, "HEAD", "/resolve/", StubHub.error(404, "EntryNotFound", "gone"));
        failure(ModelNotFoundException.class, FILE);
    }

    /** Others keep finding the commit that is whole. */
    @Test
    void anUpdateThatFailsLeavesWhatWasThere() {
        Path path = resolve(FILE);
        stub.repository(REPOSITORY).add("model-Q8_0.gguf", "newer");
        stub.always(Server.CDN, "GET", "/cdn/", StubHub.content("wrong".getBytes()));
        failure(ChecksumException.class, FILE);
        assertThat(resolve(offline(), FILE)).isEqualTo(path);
    }
}
