package dev.diffusion4j.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A stub of the hub and an empty cache, of which the pauses between tries take no time. */
abstract class HubTestCase {

    static final String REPOSITORY = "org/model";

    @TempDir
    Path folder;

    StubHub stub;
    final List<Duration> pauses = new CopyOnWriteArrayList<>();
    final Recorder recorder = new Recorder();

    /** Keeps what it hears. */
    static final class Recorder implements DownloadListener {
        final List<DownloadPlan> plans = new CopyOnWriteArrayList<>();
        final List<DownloadProgress> progress = new CopyOnWriteArrayList<>();
        final List<String> warnings = new CopyOnWriteArrayList<>();

        @Override
        public void onPlan(DownloadPlan plan) {
            plans.add(plan);
        }

        @Override
        public void onProgress(DownloadProgress moment) {
            progress.add(moment);
        }

        @Override
        public void onWarning(String message) {
            warnings.add(message);
        }
    }

    @BeforeEach
    void startStub() throws IOException {
        stub = new StubHub();
    }

    @AfterEach
    void stopStub() {
        stub.close();
    }

    Path cache() {
        return folder.resolve("hub");
    }

    Map<String, String> environment() {
        return Map.of("HOME", folder.toString(), "HF_ENDPOINT", stub.endpoint(), "HF_HUB_CACHE", cache().toString());
    }

    ModelHub.Builder builder() {
        return builder(environment());
    }

    ModelHub.Builder builder(Map<String, String> environment) {
        return ModelHub.builder(environment).pause(pauses::add);
    }

    Path resolve(String reference) {
        return resolve(builder().build(), reference);
    }

    Path resolve(ModelHub hub, String reference) {
        return hub.resolve(reference, recorder, new DownloadCancellation()).path();
    }

    /** Resolves, and expects that to fail. */
    <T extends HubException> T failure(Class<T> type, String reference) {
        return failure(type, builder().build(), reference);
    }

    <T extends HubException> T failure(Class<T> type, ModelHub hub, String reference) {
        T failure = catchThrowableOfType(type, () -> resolve(hub, reference));
        assertThat(failure).isNotNull();
        return failure;
    }

    RepositoryFolder repositoryFolder() {
        return new RepositoryFolder(cache(), REPOSITORY);
    }

    /** The names of the files that are left in the folder of blobs. */
    List<String> blobs() throws IOException {
        Path blobs = repositoryFolder().blobs();
        if (!Files.exists(blobs)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(blobs)) {
            return all.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }

    /** Runs something on a thread of its own; the common pool may have only one. */
    static CompletableFuture<Void> onThread(Runnable call) {
        return CompletableFuture.runAsync(call, task -> Thread.ofPlatform().start(task));
    }

    /** Bytes that do not repeat, the same each time. */
    static byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        new Random(count).nextBytes(bytes);
        return bytes;
    }

    static byte[] changed(byte[] content) {
        byte[] other = Arrays.copyOf(content, content.length);
        other[content.length / 2] ^= 1;
        return other;
    }
}
