package dev.diffusion4j.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.hub.StubHub.Server;
import java.io.IOException;
import java.nio.file.Files;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A call that is given up ends, wherever it is. */
@Timeout(60)
class CancellationTest extends HubTestCase {

    private static final String FILE = "hf:org/model/model.gguf";
    private static final byte[] CONTENT = bytes(2_000_000);

    private final DownloadCancellation cancellation = new DownloadCancellation();
    private final CountDownLatch arrived = new CountDownLatch(1);
    private final CountDownLatch end = new CountDownLatch(1);

    @BeforeEach
    void publish() {
        stub.repository(REPOSITORY).add("model.gguf", CONTENT, true);
    }

    @AfterEach
    void letGo() {
        end.countDown();
    }

    private void hang() throws IOException {
        arrived.countDown();
        try {
            end.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private CompletableFuture<Void> start() {
        ModelHub hub = builder().build();
        return onThread(() -> hub.resolve(FILE, recorder, cancellation));
    }

    private void assertIsCancelled(CompletableFuture<Void> call) {
        assertThatThrownBy(call::join)
                .isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(DownloadCancelledException.class);
    }

    @Test
    void beforeItBegins() {
        cancellation.cancel();
        assertThat(cancellation.isCancelled()).isTrue();
        assertIsCancelled(start());
        assertThat(stub.requests("GET")).isEmpty();
    }

    @Test
    void whileTheHubIsAsked() throws Exception {
        stub.always(Server.HUB, "HEAD", "/resolve/", (_, _) -> hang());
        CompletableFuture<Void> call = start();
        arrived.await();
        cancellation.cancel();
        assertIsCancelled(call);
    }

    @Test
    void whileContentComesAndTheNextCallGoesOn() throws Exception {
        stub.next(Server.CDN, "GET", "/cdn/", (exchange, truth) -> {
            exchange.sendResponseHeaders(200, truth.length);
            exchange.getResponseBody().write(truth, 0, 1_500_000);
            exchange.getResponseBody().flush();
            hang();
        });
        Semaphore progressed = new Semaphore(0);
        ModelHub hub = builder().build();
        DownloadListener listener = new DownloadListener() {
            @Override
            public void onProgress(DownloadProgress progress) {
                progressed.release();
            }
        };
        CompletableFuture<Void> call = onThread(() -> hub.resolve(FILE, listener, cancellation));
        progressed.acquire();
        cancellation.cancel();
        assertIsCancelled(call);
        long there = Files.size(repositoryFolder().partial(StubRepository.sha256(CONTENT)));
        assertThat(there).isGreaterThanOrEqualTo(1 << 20);
        assertThat(resolve(FILE)).hasBinaryContent(CONTENT);
        assertThat(stub.requests().getLast().header("Range")).isEqualTo("bytes=" + there + "-");
    }

    @Test
    void whileItPauses() throws Exception {
        stub.always(Server.HUB, "HEAD", "/resolve/", StubHub.status(503));
        ModelHub hub = builder()
                .pause(_ -> {
                    arrived.countDown();
                    end.await();
                })
                .build();
        CompletableFuture<Void> call = onThread(() -> hub.resolve(FILE, recorder, cancellation));
        arrived.await();
        cancellation.cancel();
        assertIsCancelled(call);
    }

    @Test
    void whileAnotherDownloadsTheSame() throws Exception {
        stub.next(Server.CDN, "GET", "/cdn/", (exchange, truth) -> {
            hang();
            StubHub.send(exchange, truth);
        });
        CompletableFuture<Void> first = onThread(() -> resolve(FILE));
        arrived.await();
        Semaphore waiting = new Semaphore(0);
        ModelHub hub = builder().build();
        DownloadListener listener = new DownloadListener() {
            @Override
            public void onWarning(String message) {
                assertThat(message).contains("being downloaded already");
                waiting.release();
            }
        };
        CompletableFuture<Void> second = onThread(() -> hub.resolve(FILE, listener, cancellation));
        waiting.acquire();
        cancellation.cancel();
        assertIsCancelled(second);
        end.countDown();
        first.join();
        assertThat(resolve(FILE)).hasBinaryContent(CONTENT);
    }

    @Test
    void byAnInterruptThatStaysVisible() throws Exception {
        stub.always(Server.HUB, "HEAD", "/resolve/", (_, _) -> hang());
        ModelHub hub = builder().build();
        CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
        Thread thread = Thread.ofPlatform().start(() -> {
            try {
                hub.resolve(FILE, recorder, cancellation);
                interrupted.completeExceptionally(new AssertionError("it was not given up"));
            } catch (DownloadCancelledException e) {
                interrupted.complete(Thread.currentThread().isInterrupted());
            }
        });
        arrived.await();
        thread.interrupt();
        assertThat(interrupted.join()).isTrue();
    }

    @Test
    void theHandleInterruptsNoCallThatIsOver() {
        resolve(FILE);
        builder().build().resolve(FILE, recorder, cancellation);
        cancellation.cancel();
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }
}
