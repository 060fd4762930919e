package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code diffuse video} where there is nothing to draw: each error is one line, and leaves no file. */
class VideoCommandTest {

    @TempDir
    private Path folder;

    private void assertRefused(Run run, int code, String message) throws Exception {
        assertThat(run.code()).as(run.err()).isEqualTo(code);
        assertThat(run.err().strip().lines().toList().getLast())
                .startsWith("diffuse: ")
                .contains(message);
        assertThat(run.out()).isEmpty();
        try (var files = Files.list(folder)) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void modelsOfPicturesMakeNoVideos() throws Exception {
        assertRefused(
                Run.diffuse("--quiet", "video", "waves", "-o", folder.resolve("x.mp4")),
                ExitCode.USAGE,
                "makes no videos");
    }

    @Test
    void filesThatCannotBeWrittenAreRefusedFirst() throws Exception {
        assertRefused(
                Run.diffuse("--quiet", "video", "waves", "-o", folder.resolve("x.avi")),
                ExitCode.USAGE,
                ".mp4, .gif or .apng");
        assertRefused(
                Run.diffuse("--quiet", "video", "waves", "-o", folder.resolve("missing/x.gif")),
                ExitCode.PICTURE_FILE,
                "does not exist");
    }

    @Test
    void optionsAreChecked() throws Exception {
        Path file = folder.resolve("x.mp4");
        assertRefused(
                Run.diffuse("--quiet", "video", "waves", "-o", file, "--frames", "0"),
                ExitCode.USAGE,
                "--frames must be from 1 to 4096");
        assertRefused(
                Run.diffuse("--quiet", "video", "waves", "-o", file, "--first-frame", folder.resolve("missing.png")),
                ExitCode.PICTURE_FILE,
                "missing.png");
        assertRefused(
                Run.diffuse("--quiet", "video", "waves", "-o", file, "--clip-skip", "2"),
                ExitCode.USAGE,
                "--clip-skip must be absent for videos");
    }
}
