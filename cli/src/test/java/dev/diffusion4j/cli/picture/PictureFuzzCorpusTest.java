package dev.diffusion4j.cli.picture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every picture that {@code scripts/fuzz.sh} found worth keeping, again. */
class PictureFuzzCorpusTest {

    @Test
    void nothingEscapes() throws IOException, URISyntaxException {
        List<Path> inputs;
        try (Stream<Path> files =
                Files.list(Path.of(getClass().getResource("picture").toURI()))) {
            inputs = files.sorted().toList();
        }
        assertThat(inputs).isNotEmpty();
        for (Path input : inputs) {
            try {
                PictureFuzzer.fuzzerTestOneInput(Files.readAllBytes(input));
            } catch (RuntimeException | Error e) {
                throw new AssertionError(input + " ended in " + e, e);
            }
        }
    }
}
