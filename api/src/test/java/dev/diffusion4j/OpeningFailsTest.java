package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.NativeFailureException;
import dev.diffusion4j.internal.engine.Engine;
import dev.diffusion4j.internal.engine.ModelInfo;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.modelfile.Safetensors;
import dev.diffusion4j.request.ModelOptions;
import dev.diffusion4j.testing.engine.FakeEngine;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A model that cannot be opened, or not closed, leaves nothing behind and hides nothing. */
@Tag("fast")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OpeningFailsTest {

    @TempDir
    private Path folder;

    private final CompletableFuture<Thread> thread = new CompletableFuture<>();

    private DiffusionModel open(Supplier<Engine> engine) {
        Path file = new Safetensors().floats("nothing", 1).write(folder.resolve("fake.safetensors"));
        return EngineModel.open(
                () -> {
                    thread.complete(Thread.currentThread());
                    return engine.get();
                },
                "fake",
                ModelFile.read(file),
                ModelOptions.DEFAULT,
                LearnedFiles.load(Map.of()),
                Optional.empty());
    }

    @Test
    void anErrorWhileOpeningEndsTheThread() throws Exception {
        UnsatisfiedLinkError error = new UnsatisfiedLinkError("as an example");
        assertThatThrownBy(() -> open(() -> {
                    throw error;
                }))
                .isSameAs(error);
        thread.join().join();
    }

    @Test
    void anErrorAfterOpeningFreesTheModelToo() throws Exception {
        OutOfMemoryError error = new OutOfMemoryError("as an example");
        FakeEngine engine = new FakeEngine(null) {
            @Override
            public ModelInfo info() {
                throw error;
            }
        };
        assertThatThrownBy(() -> open(() -> engine)).isSameAs(error);
        assertThat(engine.isClosed()).isTrue();
        thread.join().join();
    }

    @Test
    void aFailureToFreeDoesNotHideWhyItWasFreed() throws Exception {
        NativeFailureException failure = new NativeFailureException("no properties");
        NativeFailureException closing = new NativeFailureException("not closed");
        FakeEngine engine = new FakeEngine(null) {
            @Override
            public ModelInfo info() {
                throw failure;
            }

            @Override
            public void close() {
                throw closing;
            }
        };
        assertThatThrownBy(() -> open(() -> engine)).isSameAs(failure);
        assertThat(failure.getSuppressed()).containsExactly(closing);
        thread.join().join();
    }

    @Test
    void aFailureToCloseIsThrownAsItIs() throws Exception {
        NativeFailureException closing = new NativeFailureException("not closed");
        DiffusionModel sd = open(() -> new FakeEngine(null) {
            @Override
            public void close() {
                throw closing;
            }
        });
        assertThatThrownBy(sd::close).isSameAs(closing);
        thread.join().join();
    }

    @Test
    void anInterruptedThreadOpensAModelAllTheSame() {
        Thread.currentThread().interrupt();
        try (DiffusionModel sd = open(() -> new FakeEngine(null))) {
            assertThat(sd.name()).isEqualTo("fake");
        }
        assertThat(Thread.interrupted()).isTrue();
    }
}
