package dev.diffusion4j.cli.options;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.ImageFileException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.image.Picture;
import dev.diffusion4j.request.Identity;
import dev.diffusion4j.request.ImageRequest;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What the options of PhotoMaker become in the API. */
class IdentityOptionsTest {

    @TempDir
    private Path folder;

    private static Optional<Identity> identity(String... args) {
        IdentityOptions options = new IdentityOptions();
        new CommandLine(options).parseArgs(args);
        options.read();
        ImageRequest.Builder request = ImageRequest.textToImage("a man img");
        options.applyTo(request);
        return request.build().identity();
    }

    private Path picture(String name, int width) throws IOException {
        Path file = folder.resolve(name);
        ImageIO.write(new BufferedImage(width, 2, BufferedImage.TYPE_INT_RGB), "png", file.toFile());
        return file;
    }

    @Test
    void picturesByNameThenThoseOfAFolderInOrder() throws IOException {
        Path people = Files.createDirectory(folder.resolve("people"));
        picture("people/b.PNG", 2);
        picture("people/a.png", 3);
        Files.writeString(people.resolve("notes.txt"), "no picture");
        Path single = picture("c.png", 4);

        Identity identity = identity(
                        "--photo-maker",
                        "pm",
                        "--pm-id-images-dir",
                        people.toString(),
                        "--pm-id-image",
                        single.toString(),
                        "--pm-style-strength",
                        "35",
                        "--pm-id-embed-path",
                        "faces.bin")
                .orElseThrow();
        assertThat(identity.pictures())
                .extracting(Picture::toString)
                .containsExactly("4x2 picture", "3x2 picture", "2x2 picture");
        assertThat(identity.styleStrength()).isEqualTo(35);
        assertThat(identity.embeddings()).contains(Path.of("faces.bin"));
        assertThat(identity()).isEmpty();
    }

    @Test
    void optionsThatNeedOthers() throws IOException {
        String file = picture("a.png", 2).toString();
        assertRefused("--pm-id-image must be given with --photo-maker, not alone", "--pm-id-image", file);
        assertRefused(
                "--photo-maker must be given with --pm-id-image or --pm-id-images-dir, not alone",
                "--photo-maker",
                "pm");
        assertRefused(
                "--pm-style-strength must be given with --pm-id-image or --pm-id-images-dir, not alone",
                "--pm-style-strength",
                "20");
        assertRefused(
                "--pm-style-strength must be from 0 to 100, not 101",
                "--photo-maker",
                "pm",
                "--pm-id-image",
                file,
                "--pm-style-strength",
                "101");
    }

    @Test
    void foldersAndFilesThatAreNone() {
        assertRefused(
                "--pm-id-images-dir must be a folder with pictures in it, not " + folder,
                "--pm-id-images-dir",
                folder.toString());
        String absent = folder.resolve("absent").toString();
        assertRefused(
                "--pm-id-images-dir must be a folder that can be read, not " + absent, "--pm-id-images-dir", absent);
        assertThatThrownBy(() -> identity("--photo-maker", "pm", "--pm-id-image", absent))
                .isInstanceOf(ImageFileException.class)
                .hasMessageContaining(absent);
    }

    private static void assertRefused(String message, String... args) {
        assertThatThrownBy(() -> identity(args))
                .isInstanceOfSatisfying(
                        InvalidRequestException.class,
                        e -> assertThat(OptionNames.message(e)).isEqualTo(message));
    }
}
