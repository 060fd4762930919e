package dev.diffusion4j.hub;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.hub.StubHub.Request;
import dev.diffusion4j.hub.StubHub.Server;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes wrong on the way, and is mended or said. */
class DownloadFaultsTest extends HubTestCase {

    private static final String FILE = "hf:org/model/model.gguf";
    private static final byte[] CONTENT = bytes(100_000);
    private static final String SHA256 = StubRepository.sha256(CONTENT);

    @BeforeEach
    void publish() {
        stub.repository(REPOSITORY).add("model.gguf", CONTENT, true);
    }

    private List<String> ranges() {
        return stub.requests().stream()
                .filter(request -> request.server() == Server.CDN)
                .map(request -> request.header("Range") == null ? "all" : request.header("Range"))
                .toList();
    }

    private Path leaveBehind(byte[] bytes) throws IOException {
        Path partial = repositoryFolder().partial(SHA256);
        Files.createDirectories(partial.getParent());
        return Files.write(partial, bytes);
    }

    @Test
    void aCutConnectionIsResumedAfterAskingTheHubAgain() throws IOException {
        stub.next(Server.CDN, "GET", "/cdn/", StubHub.cutAfter(40_000));
        stub.next(Server.CDN, "GET", "/cdn/", StubHub.cutAfter(10_000));
        assertThat(resolve(FILE)).hasBinaryContent(CONTENT);
        assertThat(ranges()).containsExactly("all", "bytes=40000-", "bytes=50000-");
        assertThat(stub.requests("GET"))
                .filteredOn(request -> request.server() == Server.HUB)
                .hasSize(3);
        assertThat(pauses).containsExactly(Duration.ofSeconds(1), Duration.ofSeconds(1));
        assertThat(blobs()).containsExactly(SHA256);
    }

    @Test
    void whatAnEarlierCallLeftIsResumed() throws IOException {
        leaveBehind(Arrays.copyOf(CONTENT, 30_000));
        assertThat(resolve(FILE)).hasBinaryContent(CONTENT);
        assertThat(ranges()).containsExactly("bytes=30000-");
        assertThat(recorder.plans.getFirst().remainingBytes()).isEqualTo(70_000);
    }

    @Test
    void whatAnEarlierCallLeftWholeIsOnlyCompared() throws IOException {
        leaveBehind(CONTENT);
        assertThat(resolve(FILE)).hasBinaryContent(CONTENT);
        assertThat(stub.requests("GET")).isEmpty();
    }

    @Test
    void whatAnEarlierCallLeftWrongIsFetchedAnew() throws IOException {
        leaveBehind(changed(CONTENT));
        assertThat(resolve(FILE)).hasBinaryContent(CONTENT);
        assertThat(ranges()).containsExactly("all");
    }

    @Test
    void whatAnEarlierCallLeftTooLongIsFetchedAnew() throws IOException {
        leaveBehind(bytes(100_001));
        assertThat(resolve(FILE)).hasBinaryContent(CONTENT);
        assertThat(ranges()).containsExactly("all");
    }

    @Test
    void aServerWithoutRangesSendsAllAnew() throws IOException {
        leaveBehind(Arrays.copyOf(CONTENT, 30_000));
        stub.next(Server.CDN, "GET", "/cdn/", StubHub.content(CONTENT));
        assertThat(resolve(FILE)).hasBinaryContent(CONTENT);
        assertThat(ranges()).containsExactly("bytes=30000-");
    }

    @Test
    void aRangeThatIsRefusedIsAskedForFromTheBeginning() throws IOException {
        leaveBehind(Arrays.copyOf(CONTENT, 30_000));
        stub.next(Server.CDN, "GET", "/cdn/", StubHub.status(416));
        assertThat(resolve(FILE)).hasBinaryContent(CONTENT);
        assertThat(ranges()).containsExactly("bytes=30000-", "all");
    }

    @Test
    void anotherRangeThanTheOneAskedForIsNotTaken() throws IOException {
        leaveBehind(Arrays.copyOf(CONTENT, 30_000));
        stub.next(Server.CDN, "GET", "/cdn/", (exchange, truth) -> {
            exchange.getResponseHeaders().set("Content-Range", "bytes 0-99999/100000");
            exchange.sendResponseHeaders(206, truth.length);
            exchange.getResponseBody().write(truth);
        });
        assertThat(resolve(FILE)).hasBinaryContent(CONTENT);
        assertThat(ranges()).containsExactly("bytes=30000-", "all");
    }

    @Test
    void aServerThatCutsForEverIsGivenUpAndWhatCameIsKept() throws IOException {
        stub.next(Server.CDN, "GET", "/cdn/", StubHub.cutAfter(25_000));
        stub.always(Server.CDN, "GET", "/cdn/", StubHub.cutAfter(0));
        failure(HubUnavailableException.class, FILE);
        assertThat(pauses)
                .containsExactly(
                        Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(4), Duration.ofSeconds(8));
        assertThat(Files.size(repositoryFolder().partial(SHA256))).isEqualTo(25_000);
        assertThat(repositoryFolder().refs().resolve("main")).doesNotExist();

        stub.behave();
        assertThat(resolve(FILE)).hasBinaryContent(CONTENT);
        assertThat(ranges().getLast()).isEqualTo("bytes=25000-");
    }

    /** Each try achieves what the one before did, which is no progress. */
    @Test
    void aServerThatRefusesToGoOnIsGivenUp() {
        stub.always(Server.CDN, "GET", "/cdn/", (exchange, truth) -> {
            if (exchange.getRequestHeaders().containsKey("Range")) {
                StubHub.status(416).answer(exchange, truth);
            } else {
                StubHub.cutAfter(10).answer(exchange, truth);
            }
        });
        failure(HubUnavailableException.class, FILE);
    }

    @Test
    void contentThatIsTooShortIsNotTaken() {
        stub.always(Server.CDN, "GET", "/cdn/", StubHub.content(Arrays.copyOf(CONTENT, 50_000)));
        assertThat(failure(HubUnavailableException.class, FILE)).hasMessageContaining("50000 of 100000 bytes");
    }

    @Test
    void contentThatIsTooLongIsRefusedAndDeleted() throws IOException {
        stub.always(Server.CDN, "GET", "/cdn/", StubHub.content(bytes(100_001)));
        assertThat(failure(ChecksumException.class, FILE)).hasMessageContaining("more came than the 100.0 kB");
        assertThat(blobs()).isEmpty();
    }

    @Test
    void contentWithAnotherHashIsRefusedAndDeleted() throws IOException {
        stub.always(Server.CDN, "GET", "/cdn/", StubHub.content(changed(CONTENT)));
        assertThat(failure(ChecksumException.class, FILE))
                .hasMessageContaining("org/model/model.gguf")
                .hasMessageContaining(SHA256);
        assertThat(blobs()).isEmpty();
        assertThat(repositoryFolder().snapshots())
                .satisfiesAnyOf(
                        path -> assertThat(path).doesNotExist(),
                        path -> assertThat(path).isEmptyDirectory());
    }

    @Test
    void aSmallFileWithAnotherHashIsRefused() {
        stub.repository(REPOSITORY).add("small", bytes(50), false);
        stub.always(Server.HUB, "GET", "/small", StubHub.content(changed(bytes(50))));
        failure(ChecksumException.class, "hf:org/model/small");
    }

    @Test
    void anExpiredLinkIsAskedForAgain() {
        stub.next(Server.CDN, "GET", "/cdn/", StubHub.status(403));
        assertThat(resolve(FILE)).hasBinaryContent(CONTENT);
        assertThat(stub.requests("GET"))
                .extracting(Request::server)
                .containsExactly(Server.HUB, Server.CDN, Server.HUB, Server.CDN);
    }

    @Test
    void theLinksSignatureIsInNoMessage() {
        stub.always(Server.CDN, "GET", "/cdn/", StubHub.status(403));
        HubUnavailableException failure = failure(HubUnavailableException.class, FILE);
        assertThat(failure).hasMessageContaining("content network").hasMessageContaining("403");
        assertThat(failure).hasStackTraceContaining("403").hasMessageNotContaining(StubHub.SIGNATURE);
    }

    @ParameterizedTest
    @ValueSource(ints = {408, 429, 500, 502, 503, 504})
    void aBusyHubIsAskedAgain(int status) {
        stub.next(Server.HUB, "HEAD", "/resolve/", StubHub.status(status));
        stub.next(Server.CDN, "GET", "/cdn/", StubHub.status(status));
        assertThat(resolve(FILE)).hasBinaryContent(CONTENT);
        assertThat(pauses).containsExactly(Duration.ofSeconds(1), Duration.ofSeconds(1));
    }

    @Test
    void theHubSaysHowLongToWait() {
        stub.next(Server.HUB, "HEAD", "/resolve/", StubHub.header(429, "Retry-After", "7"));
        stub.next(Server.HUB, "HEAD", "/resolve/", StubHub.header(503, "Retry-After", "soon"));
        String past = DateTimeFormatter.RFC_1123_DATE_TIME.format(
                ZonedDateTime.now(ZoneOffset.UTC).minusHours(1));
        stub.next(Server.HUB, "HEAD", "/resolve/", StubHub.header(503, "Retry-After", past));
        resolve(FILE);
        assertThat(pauses).containsExactly(Duration.ofSeconds(7), Duration.ofSeconds(2), Duration.ofSeconds(4));
        assertThat(recorder.warnings)
                .hasSize(3)
                .first()
                .asString()
                .startsWith("trying again in 7 s: ")
                .contains("429");
    }

    @Test
    void whoIsToWaitForLongIsToldSo() {
        String later = DateTimeFormatter.RFC_1123_DATE_TIME.format(
                ZonedDateTime.now(ZoneOffset.UTC).plusHours(1));
        stub.next(Server.HUB, "HEAD", "/resolve/", StubHub.header(429, "Retry-After", later));
        HubUnavailableException failure = failure(HubUnavailableException.class, FILE);
        assertThat(failure.retryAfter())
                .hasValueSatisfying(wait -> assertThat(wait).isBetween(Duration.ofMinutes(50), Duration.ofHours(1)));
        assertThat(failure).hasMessageContaining("429").hasMessageContaining("too many requests");
        assertThat(pauses).isEmpty();
    }

    @Test
    void aHubThatStaysBrokenIsGivenUp() {
        stub.always(Server.HUB, "HEAD", "/resolve/", StubHub.status(500));
        failure(HubUnavailableException.class, FILE);
        assertThat(pauses).hasSize(4);
        assertThat(stub.requests()).hasSize(5);
    }

    @Test
    void aHubThatIsNotThereIsGivenUp() {
        stub.close();
        assertThat(failure(HubUnavailableException.class, FILE)).hasMessageContaining("127.0.0.1");
        assertThat(pauses).hasSize(4);
    }

    @Test
    void aServerThatFallsSilentIsLost() {
        CountDownLatch end = new CountDownLatch(1);
        stub.next(Server.CDN, "GET", "/cdn/", (exchange, truth) -> {
            exchange.sendResponseHeaders(200, truth.length);
            exchange.getResponseBody().write(truth, 0, 10);
            exchange.getResponseBody().flush();
            await(end);
        });
        try {
            assertThat(resolve(builder().stallTimeout(Duration.ofSeconds(1)).build(), FILE))
                    .hasBinaryContent(CONTENT);
            assertThat(ranges()).startsWith("all", "bytes=10-");
        } finally {
            end.countDown();
        }
    }

    @Test
    void anAnswerThatDoesNotComeIsLost() {
        CountDownLatch end = new CountDownLatch(1);
        stub.next(Server.HUB, "HEAD", "/resolve/", (_, _) -> await(end));
        try {
            assertThat(resolve(builder().answerTimeout(Duration.ofSeconds(1)).build(), FILE))
                    .hasBinaryContent(CONTENT);
            assertThat(stub.requests("HEAD")).hasSizeGreaterThanOrEqualTo(2);
        } finally {
            end.countDown();
        }
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Test
    void aPartThatFailsEndsTheOthers() {
        StubRepository repository = stub.repository(REPOSITORY);
        repository.add("m-00001-of-00002.gguf", "one");
        repository.add("m-00002-of-00002.gguf", "two");
        String second = StubRepository.sha256("two".getBytes());
        stub.always(Server.CDN, "GET", second, StubHub.content("six".getBytes()));
        failure(ChecksumException.class, "hf:org/model/m-00001-of-00002.gguf");
    }
}
