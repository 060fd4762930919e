package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.NativeFailureException;
import dev.diffusion4j.internal.engine.Model;
import dev.diffusion4j.internal.engine.ModelInfo;
import dev.diffusion4j.internal.engine.Parts;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.modelfile.Safetensors;
import dev.diffusion4j.tensor.RandomSource;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A model that cannot be opened, or not closed, leaves nothing behind and hides nothing. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OpeningFailsTest {

    @TempDir
    private Path folder;

    private final CompletableFuture<Thread> thread = new CompletableFuture<>();

    private StableDiffusion open(Supplier<Model> engine) {
        Path file = new Safetensors().floats("nothing", 1).write(folder.resolve("fake.safetensors"));
        return StableDiffusion.open(
                () -> {
                    thread.complete(Thread.currentThread());
                    return engine.get();
                },
                ModelFile.read(file),
                RandomSource.CUDA,
                LearnedFiles.load(Map.of()),
                Optional.empty(),
                1);
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
        assertThat(engine.closed).isTrue();
        thread.join().join();
    }

    @Test
    void aFailureToFreeDoesNotHideWhyItWasFreed() throws Exception {
        NativeFailureException failure = new NativeFailureException("no parts");
        NativeFailureException closing = new NativeFailureException("not closed");
        FakeEngine engine = new FakeEngine(null) {
            @Override
            public Parts parts() {
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
        StableDiffusion sd = open(() -> new FakeEngine(null) {
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
        try (StableDiffusion sd = open(() -> new FakeEngine(null))) {
            assertThat(sd.name()).isEqualTo("fake.safetensors");
        }
        assertThat(Thread.interrupted()).isTrue();
    }
}
