package dev.diffusion4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.diffusion4j.FakeModel;
import dev.diffusion4j.error.DiffusionException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.modelfile.ModelFamily;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.ModelOptions;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.request.VaeTiling;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several models within a budget, and options that are refused when a server is built. */
class ModelsTest extends ServerTestCase {

    private final List<FakeModel> opened = new ArrayList<>();

    private FakeModel open() {
        FakeModel one = new FakeModel();
        opened.add(one);
        return one;
    }

    @Override
    DiffusionServerBuilder builder() {
        return DiffusionServer.builder()
                .port(0)
                .memoryBudget(250)
                .model("a", ModelFamily.SD1, 100, this::open)
                .model("b", ModelFamily.SD1, 100, this::open)
                .model("c", ModelFamily.SD1, 100, this::open)
                .model("huge", ModelFamily.SD1, 1000, this::open);
    }

    private void draw(String name) throws Exception {
        ok(post("/v1/images/generations", "{\"prompt\":\"x\",\"size\":\"64x64\",\"model\":\"" + name + "\"}"));
    }

    private List<String> loaded() throws Exception {
        List<String> names = new ArrayList<>();
        for (JsonNode one : ok(get("/api/v1/status")).path("models")) {
            if (one.path("loaded").asBoolean()) {
                names.add(one.path("name").asText());
            }
        }
        return names;
    }

    @Test
    void modelsAreOpenedWhenTheyAreUsedAndStayOpen() throws Exception {
        assertThat(loaded()).isEmpty();
        draw("a");
        draw("a");
        assertThat(loaded()).containsExactly("a");
        assertThat(opened).hasSize(1);
    }

    @Test
    void theFirstIsOpenedAtStartIfAsked() throws Exception {
        restart(builder().openAtStart());
        await(() -> opened.size() == 1);
        draw("a");
        assertThat(loaded()).containsExactly("a");
        assertThat(opened).hasSize(1);
    }

    @Test
    void whatCannotBeOpenedAtStartIsTriedAgain() throws Exception {
        AtomicInteger tries = new AtomicInteger();
        restart(DiffusionServer.builder().port(0).openAtStart().model("late", ModelFamily.SD1, 100, () -> {
            if (tries.getAndIncrement() == 0) {
                throw new ModelFileException("it is not there yet");
            }
            return open();
        }));
        await(() -> tries.get() == 1);
        assertThat(get("/healthz").statusCode()).isEqualTo(200);
        draw("late");
        assertThat(tries).hasValue(2);
    }

    @Test
    void theOneThatWasNotUsedForLongestMakesRoom() throws Exception {
        draw("a");
        draw("b");
        draw("a");
        draw("c");
        assertThat(loaded()).containsExactly("a", "c");
        assertThat(opened.get(1).isClosed()).isTrue();
        assertThat(opened.get(0).isClosed()).isFalse();
        draw("b");
        assertThat(opened).hasSize(4);
        assertThat(metric("model_bytes")).isEqualTo(200);
    }

    @Test
    void oneThatIsLargerThanTheBudgetIsOpenAlone() throws Exception {
        draw("a");
        draw("b");
        draw("huge");
        assertThat(loaded()).containsExactly("huge");
        draw("a");
        assertThat(loaded()).containsExactly("a");
    }

    @Test
    void defaultsOfAModelFillWhatRequestsLeaveOut() throws Exception {
        restart(builder()
                .vaeTiling(VaeTiling.DEFAULT)
                .defaults(
                        "b",
                        ImageRequest.textToImage("not this")
                                .size(128, 64)
                                .steps(3)
                                .sampling(Sampling.of(Sampler.HEUN))
                                .build()));
        JsonNode before = ok(get("/api/v1/status")).path("models").get(1).path("defaults");
        assertThat(before.path("width").asInt()).isEqualTo(128);
        ok(post("/v1/images/generations", "{\"prompt\":\"x\",\"model\":\"b\"}"));
        ok(post("/v1/images/generations", "{\"prompt\":\"x\",\"model\":\"b\",\"size\":\"64x64\",\"steps\":4}"));
        ok(post("/v1/images/generations", "{\"prompt\":\"x\",\"model\":\"a\",\"size\":\"64x64\"}"));

        ImageRequest usual = opened.getFirst().requests().getFirst();
        assertThat(usual.prompt()).isEqualTo("x");
        assertThat(usual.size()).hasValue(new ImageSize(128, 64));
        assertThat(usual.steps()).hasValue(3);
        assertThat(usual.sampling()).isEqualTo(Sampling.of(Sampler.HEUN));
        assertThat(usual.vaeTiling()).hasValue(VaeTiling.DEFAULT);
        ImageRequest own = opened.getFirst().requests().getLast();
        assertThat(own.size()).hasValue(new ImageSize(64, 64));
        assertThat(own.steps()).hasValue(4);
        ImageRequest other = opened.getLast().requests().getFirst();
        assertThat(other.steps()).isEmpty();
        assertThat(other.vaeTiling()).hasValue(VaeTiling.DEFAULT);
        JsonNode after = ok(get("/api/v1/status")).path("models").get(1).path("defaults");
        assertThat(after.path("steps").asInt()).isEqualTo(3);
        assertThat(after.path("sampler").asText()).isEqualTo("heun");
    }

    @Test
    void aModelThatCannotBeOpenedFailsItsRequestAlone() throws Exception {
        restart(builder().model("bad", ModelFamily.SD1, 1, () -> {
            throw new ModelFileException("it is gone");
        }));
        HttpResponse<String> response = post("/v1/images/generations", "{\"prompt\":\"x\",\"model\":\"bad\"}");
        assertThat(response.statusCode()).isEqualTo(500);
        assertThat(response.body()).contains("it is gone");
        draw("a");
    }

    @Test
    void allAreClosedWithTheServer() throws Exception {
        draw("a");
        draw("b");
        server.close();
        assertThat(opened).allMatch(FakeModel::isClosed);
    }

    @Test
    void whatCannotBeServedIsRefusedAtOnce(@TempDir Path folder) throws Exception {
        DiffusionServerBuilder empty = DiffusionServer.builder().port(0);
        assertThatThrownBy(empty::start).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> builder().model("a", folder.resolve("x.gguf")))
                .hasMessageContaining("named differently");
        assertThatThrownBy(() ->
                        builder().defaults("d", ImageRequest.textToImage("").build()))
                .isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> builder().model("../a", folder)).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() ->
                        builder().model("x", folder.resolve("missing.gguf")).start())
                .isInstanceOf(ModelFileException.class);
        Path text = Files.writeString(folder.resolve("text.safetensors"), "no model");
        assertThatThrownBy(() -> builder().model("x", text).start()).isInstanceOf(ModelFileException.class);
        assertThatThrownBy(() -> builder().model("x", ModelOptions.DEFAULT).start())
                .isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> builder().port(70_000)).hasMessageContaining("port");
        assertThatThrownBy(() -> builder().apiKey(" ")).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> builder().apiKey("s3 cret")).hasMessageNotContaining("s3");
        assertThatThrownBy(() -> builder().allowOrigin("*")).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> builder().queueCapacity(-1)).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> builder().memoryBudget(-1)).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> builder().keep(Duration.ofSeconds(-1))).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> builder().maxUpload(1)).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> builder().requestTimeouts(Duration.ZERO, Duration.ZERO))
                .isInstanceOf(InvalidRequestException.class);
    }

    @Test
    void otherMachinesNeedAKeyOrALeave() {
        assertThatThrownBy(() -> builder().host("0.0.0.0").start())
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("key");
        builder().host("0.0.0.0").apiKey("k").start().close();
        builder().host("0.0.0.0").withoutKey().start().close();
        assertThatThrownBy(() -> builder().host("no.such.name.invalid").start())
                .isInstanceOf(InvalidRequestException.class);
    }

    @Test
    void aPortThatIsTakenIsSaidSo() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> builder().port(taken.getLocalPort()).start())
                    .isInstanceOf(DiffusionException.class)
                    .hasMessageContaining("127.0.0.1:" + taken.getLocalPort());
        }
    }

    @Test
    void whoWaitsForTheServerGoesOnWhenItIsClosed() throws Exception {
        Thread waiting = Thread.ofVirtual().start(() -> {
            try {
                server.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        server.close();
        assertThat(waiting.join(Duration.ofSeconds(20))).isTrue();
    }
}
