package dev.diffusion4j.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every input that {@code scripts/fuzz.sh} found worth keeping, again: nothing but the typed exceptions may escape. */
@Tag("stress")
class FuzzCorpusTest {

    enum Fuzzer {
        MODEL_FILE("model-file", ModelFileFuzzer::fuzzerTestOneInput),
        NPY_FILE("npy-file", NpyFileFuzzer::fuzzerTestOneInput),
        PROMPT("prompt", PromptFuzzer::fuzzerTestOneInput),
        MERGES("merges", MergesFuzzer::fuzzerTestOneInput),
        TYPE_RULES("type-rules", TypeRulesFuzzer::fuzzerTestOneInput);

        private final String corpus;
        private final Consumer<byte[]> test;

        Fuzzer(String corpus, Consumer<byte[]> test) {
            this.corpus = corpus;
            this.test = test;
        }
    }

    @ParameterizedTest
    @EnumSource(Fuzzer.class)
    void nothingEscapes(Fuzzer fuzzer) throws IOException, URISyntaxException {
        List<Path> inputs;
        try (Stream<Path> files =
                Files.list(Path.of(getClass().getResource(fuzzer.corpus).toURI()))) {
            inputs = files.sorted().toList();
        }
        assertThat(inputs).isNotEmpty();
        for (Path input : inputs) {
            try {
                fuzzer.test.accept(Files.readAllBytes(input));
            } catch (RuntimeException | Error e) {
                throw new AssertionError(input + " ended in " + e, e);
            }
        }
    }
}
