package dev.diffusion4j.cli.picture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.ImageFileException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.image.ImageFiles;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OutputFilesTest {

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({
        "a.png, 1, 0, a.png",
        "a.png, 3, 2, a-2.png",
        "a.b.jpg, 2, 0, a.b-0.jpg",
        "a%d.png, 1, 0, a0.png",
        "a-%03d.png, 12, 11, a-011.png",
        "100%.png, 2, 1, 100%-1.png",
    })
    void numbersTheFilesOfABatch(String wanted, int count, int index, String name) {
        OutputFiles files = OutputFiles.plan(Optional.of(folder.resolve(wanted)), "x", count, true);
        assertThat(files.file(index, 42)).isEqualTo(folder.resolve(name));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "A red circle, on white! | a-red-circle-on-white-42.png",
                "../../etc/passwd | etc-passwd-42.png",
                "... | picture-42.png",
                "ein roter Kreis (größer:1.2) | ein-roter-kreis-größer-1-2-42.png",
                "a very long prompt that goes on and on about nothing in particular at all | "
                        + "a-very-long-prompt-that-goes-on-and-on-about-42.png",
            })
    void namesFilesAfterThePrompt(String prompt, String name) {
        assertThat(OutputFiles.plan(Optional.empty(), prompt, 1, true).file(0, 42))
                .isEqualTo(Path.of(name));
    }

    @Test
    void refusesFoldersInTheWayOfAnyPicture() throws Exception {
        Files.createDirectory(folder.resolve("a-1.png"));
        assertThatThrownBy(() -> OutputFiles.plan(Optional.of(folder.resolve("a.png")), "x", 2, true))
                .isInstanceOf(ImageFileException.class)
                .hasMessageContaining("a-1.png");
    }

    @Test
    void aLinksTargetDecidesWhetherItCanBeWritten() throws Exception {
        Path target = folder.resolve("target.png");
        Path link = Files.createSymbolicLink(folder.resolve("link.png"), target);
        Path lost = Files.createSymbolicLink(folder.resolve("lost.png"), folder.resolve("missing/target.png"));
        Path circle = Files.createSymbolicLink(folder.resolve("circle.png"), Path.of("circle.png"));

        OutputFiles.plan(Optional.of(link), "x", 1, true)
                .write(List.of(new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB)));
        assertThat(link).isSymbolicLink();
        assertThat(ImageIO.read(target.toFile()).getWidth()).isEqualTo(8);
        assertThatThrownBy(() -> OutputFiles.requireWritable(lost))
                .isInstanceOf(ImageFileException.class)
                .hasMessageContaining("missing does not exist");
        assertThatThrownBy(() -> OutputFiles.requireWritable(circle))
                .isInstanceOf(ImageFileException.class)
                .hasMessageContaining("circle");
    }

    @Test
    void refusesFormatsItCannotWrite() {
        assertThatThrownBy(() -> OutputFiles.plan(Optional.of(folder.resolve("a")), "x", 2, true))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining(".png, .jpg or .jpeg");
    }

    @Test
    void checkingLeavesNothingBehind() {
        OutputFiles.requireWritable(folder.resolve("a.png"));
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void previewsReplaceEachOther() throws Exception {
        Path file = folder.resolve("preview.jpg");
        ImageFiles.write(new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB), file);
        ImageFiles.write(new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB), file);
        assertThat(ImageIO.read(file.toFile()).getWidth()).isEqualTo(16);
        assertThat(folder).isDirectoryNotContaining("glob:**.part");
    }
}
