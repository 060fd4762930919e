package dev.diffusion4j.hub;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.hub.StubHub.Server;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TwoWritersTest extends HubTestCase {

    private static final String FILE = "hf:org/model/model.gguf";
    private static final byte[] CONTENT = bytes(3_000_000);

    @BeforeEach
    void publish() {
        stub.repository(REPOSITORY).add("model.gguf", CONTENT, true);
    }

    private long downloads() {
        return stub.requests().stream()
                .filter(request -> request.server() == Server.CDN)
                .count();
    }

    private void assertIsWhole() throws IOException {
        assertThat(resolve(FILE)).hasBinaryContent(CONTENT);
        assertThat(blobs()).containsExactly(StubRepository.sha256(CONTENT));
    }

    @Test
    void threadsDownloadOnce() throws Exception {
        CyclicBarrier together = new CyclicBarrier(4);
        List<CompletableFuture<Path>> calls = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            ModelHub hub = builder().build();
            CompletableFuture<Path> call = new CompletableFuture<>();
            Thread.ofPlatform().start(() -> {
                try {
                    together.await();
                    call.complete(resolve(hub, FILE));
                } catch (Exception e) {
                    call.completeExceptionally(e);
                }
            });
            calls.add(call);
        }
        assertThat(calls.stream().map(CompletableFuture::join).distinct()).hasSize(1);
        assertThat(downloads()).isOne();
        assertIsWhole();
    }

    @Test
    void processesDownloadOnce() throws Exception {
        // Both are there before the first gets its content.
        CyclicBarrier together = new CyclicBarrier(2);
        for (int i = 0; i < 2; i++) {
            stub.next(Server.HUB, "HEAD", "/resolve/", (exchange, truth) -> {
                try {
                    together.await();
                } catch (Exception e) {
                    throw new IOException(e);
                }
                exchange.getResponseHeaders()
                        .set("Location", exchange.getRequestURI().toString());
                exchange.sendResponseHeaders(307, -1);
            });
        }
        List<Process> processes = List.of(start(), start());
        for (Process process : processes) {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as(output).isZero();
            assertThat(output).contains(repositoryFolder().snapshots().toString());
        }
        assertThat(downloads()).isOne();
        assertIsWhole();
    }

    private Process start() throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        ResolveProbe.class.getName(),
                        FILE)
                .redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("HF_") || name.startsWith("XDG_"));
        builder.environment().putAll(environment());
        return builder.start();
    }

    /** As a process that was killed leaves it, whose lock the system took back. */
    @Test
    void aLockFileThatSomebodyLeftDoesNotStopAnybody() throws IOException {
        Path lock = repositoryFolder().lock(StubRepository.sha256(CONTENT));
        Files.createDirectories(lock.getParent());
        Files.createFile(lock);
        assertIsWhole();
    }

    /** As another class loader of this process does, whose locks this one's do not know. */
    @Test
    void aLockWithinThisProcessIsWaitedFor() throws IOException {
        Path file = repositoryFolder().lock(StubRepository.sha256(CONTENT));
        Files.createDirectories(file.getParent());
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            FileLock lock = channel.lock();
            DownloadListener listener = new DownloadListener() {
                @Override
                public void onWarning(String message) {
                    assertThat(message).contains("being downloaded already");
                    assertThat(downloads()).isZero();
                    try {
                        lock.release();
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                }
            };
            builder().build().resolve(FILE, listener, new DownloadCancellation());
            assertThat(lock.isValid()).isFalse();
        }
        assertIsWhole();
    }
}
