package dev.diffusion4j.internal.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.diffusion4j.error.ImageFileException;
import dev.diffusion4j.image.ImageFiles;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("fast")
class ImageWritingTest {

    /** On Linux; not every container shows it. */
    private static final Path WRITES = Path.of("/proc/thread-self/io");

    @TempDir
    Path folder;

    private static BufferedImage picture() {
        BufferedImage image = new BufferedImage(64, 32, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(Color.RED);
        graphics.fillRect(0, 0, 32, 32);
        graphics.dispose();
        return image;
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> list = Files.list(folder)) {
            return list.toList();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a cat\nSteps: 20", "grün, naïve", "ein Kätzchen 猫 🐈\nSteps: 20"})
    void pngKeepsPixelsAndText(String text) throws IOException {
        Path file = folder.resolve("picture.png");
        PictureWriter.save(picture(), file, text, "{\"seed\":1}");

        BufferedImage read = ImageIO.read(file.toFile());
        assertThat(read.getRGB(10, 10)).isEqualTo(Color.RED.getRGB());
        assertThat(read.getRGB(50, 10)).isEqualTo(Color.BLACK.getRGB());
        assertThat(ImageFiles.texts(file).get("parameters")).isEqualTo(text);
        assertThat(ImageFiles.texts(file).get("diffusion4j")).isEqualTo("{\"seed\":1}");
    }

    @Test
    void jpegCarriesTheTextAsComment() throws IOException {
        Path file = folder.resolve("picture.JPG");
        PictureWriter.save(picture(), file, "ein Kätzchen", "{}");

        assertThat(ImageIO.read(file.toFile()).getWidth()).isEqualTo(64);
        assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1))
                .startsWith("\u00ff\u00d8")
                .contains(new String("ein Kätzchen".getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1));
        assertThat(ImageFiles.texts(file)).containsExactly(entry("parameters", "ein Kätzchen"));
    }

    @Test
    void replacesAnExistingFileAndLeavesNothingElse() throws IOException {
        Path file = folder.resolve("picture.png");
        Files.writeString(file, "old");
        PictureWriter.save(picture(), file, "text", "{}");

        assertThat(files()).containsExactly(file);
        assertThat(ImageIO.read(file.toFile())).isNotNull();
    }

    /** Another name of the old file shows that nothing was written into it, where somebody could read it half written. */
    @Test
    void anExistingFileIsNotWrittenInto() throws IOException {
        Path file = Files.writeString(folder.resolve("picture.png"), "old");
        Path old = Files.createLink(folder.resolve("old"), file);
        PictureWriter.save(picture(), file, "text", "{}");

        assertThat(old).hasContent("old");
        assertThat(ImageIO.read(file.toFile()).getWidth()).isEqualTo(64);
    }

    @Test
    void savedFilesHaveTheUsualPermissions() throws IOException {
        Path usual = Files.writeString(folder.resolve("usual"), "");
        Path file = folder.resolve("picture.png");
        PictureWriter.save(picture(), file, "text", "{}");

        assertThat(Files.getPosixFilePermissions(file))
                .isEqualTo(Files.getPosixFilePermissions(usual))
                .contains(PosixFilePermission.OWNER_READ);
    }

    @Test
    void aSymbolicLinkGoesOnPointingToItsTarget() throws IOException {
        Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
        Path target = Files.writeString(elsewhere.resolve("target.png"), "old");
        Path link = Files.createSymbolicLink(folder.resolve("link.png"), Path.of("elsewhere", "target.png"));
        Path linkToLink = Files.createSymbolicLink(folder.resolve("other.png"), link.toAbsolutePath());

        PictureWriter.save(picture(), linkToLink, "text", "{}");

        assertThat(Files.readSymbolicLink(linkToLink)).isEqualTo(link.toAbsolutePath());
        assertThat(Files.readSymbolicLink(link)).isEqualTo(Path.of("elsewhere", "target.png"));
        assertThat(ImageIO.read(target.toFile()).getWidth()).isEqualTo(64);
        assertThat(files()).containsExactlyInAnyOrder(elsewhere, link, linkToLink);
        try (Stream<Path> list = Files.list(elsewhere)) {
            assertThat(list).containsExactly(target);
        }
    }

    @Test
    void aLinkToNothingMakesItsTarget() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("link.png"), Path.of("target.png"));
        PictureWriter.save(picture(), link, "text", "{}");
        assertThat(link).isSymbolicLink();
        assertThat(ImageIO.read(folder.resolve("target.png").toFile()).getWidth())
                .isEqualTo(64);
    }

    @Test
    void linksThatGoInACircleAreRefused() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("a.png"), Path.of("b.png"));
        Path other = Files.createSymbolicLink(folder.resolve("b.png"), Path.of("a.png"));
        assertThatThrownBy(() -> PictureWriter.save(picture(), link, "text", "{}"))
                .isInstanceOf(ImageFileException.class)
                .hasMessageContaining("circle");
        assertThat(files()).containsExactlyInAnyOrder(link, other);
    }

    /** ImageIO would go through a file of its own, which it then copies 512 bytes at a time. */
    @Test
    void nothingIsWrittenBesideThePicture() throws IOException {
        Path cache = Files.createDirectory(folder.resolve("cache"));
        ImageIO.setCacheDirectory(cache.toFile());
        try {
            Files.delete(cache);
            Path file = folder.resolve("picture.png");
            PictureWriter.save(picture(), file, "text", "{}");
            assertThat(files()).containsExactly(file);
        } finally {
            ImageIO.setCacheDirectory(null);
        }
    }

    /** 512 bytes at a time, each of them waited for, made seconds of a picture. */
    @ParameterizedTest
    @ValueSource(strings = {"noise.png", "noise.jpg"})
    void allIsWrittenAtOnce(String name) throws IOException {
        assumeThat(WRITES).isReadable();
        BufferedImage noise = new BufferedImage(512, 512, BufferedImage.TYPE_INT_RGB);
        Random random = new Random(1);
        for (int i = 0; i < 512 * 512; i++) {
            noise.setRGB(i % 512, i / 512, random.nextInt(1 << 24));
        }
        Path file = folder.resolve(name);
        PictureWriter.save(noise, file, "text", "{}");
        long before = writes();
        PictureWriter.save(noise, file, "text", "{}");

        assertThat(writes() - before).isBetween(1L, 4L);
        assertThat(Files.size(file)).isGreaterThan(200_000);
    }

    /** What this thread has had the system write so far. */
    private static long writes() throws IOException {
        return Files.readAllLines(WRITES).stream()
                .filter(line -> line.startsWith("syscw:"))
                .mapToLong(
                        line -> Long.parseLong(line.substring("syscw:".length()).strip()))
                .sum();
    }

    @Test
    void jpegFilesOfTransparentPicturesHaveWhiteThere() throws IOException {
        Path file = folder.resolve("clear.jpg");
        ImageFiles.write(new BufferedImage(8, 8, BufferedImage.TYPE_INT_ARGB), file);
        assertThat(ImageIO.read(file.toFile()).getRGB(4, 4)).isEqualTo(Color.WHITE.getRGB());
    }

    @Test
    void namesAsLongAsTheFileSystemTakesAreWritten() throws IOException {
        Path file = folder.resolve("x".repeat(251) + ".png");
        PictureWriter.save(picture(), file);
        assertThat(files()).containsExactly(file);
    }

    @ParameterizedTest
    @ValueSource(strings = {"picture", "picture.webp", "picture.png.txt"})
    void unknownEndingsAreRefusedBeforeAnythingIsWritten(String name) throws IOException {
        assertThatThrownBy(() -> PictureWriter.save(picture(), folder.resolve(name), "text", "{}"))
                .isInstanceOf(ImageFileException.class)
                .hasMessageContaining(name)
                .hasMessageContaining(".png");
        assertThat(files()).isEmpty();
    }

    @Test
    void aMissingFolderIsNamed() {
        Path file = folder.resolve("missing/picture.png");
        assertThatThrownBy(() -> PictureWriter.save(picture(), file, "text", "{}"))
                .isInstanceOf(ImageFileException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining("folder does not exist");
    }

    @Test
    void aFolderInTheWayLeavesNoHalfFile() throws IOException {
        Path inTheWay = Files.createDirectory(folder.resolve("picture.png"));
        Files.writeString(inTheWay.resolve("content"), "kept");
        assertThatThrownBy(() -> PictureWriter.save(picture(), inTheWay, "text", "{}"))
                .isInstanceOf(ImageFileException.class);
        assertThat(files()).containsExactly(inTheWay);
        assertThat(inTheWay.resolve("content")).hasContent("kept");
    }
}
