package dev.diffusion4j.parity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.testing.process.GuidePage;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Runs the program of docs/guide-transformer.md with a small Z-Image of random weights. */
@Tag("native")
@Timeout(600)
class TransformerGuideTest {

    @TempDir
    private Path folder;

    @Test
    void printsWhatThePageSaysAndDraws() throws IOException, InterruptedException {
        place("z-image", "z_image_turbo");
        place("qwen3", "qwen3_4b");
        place("vae16", "ae");
        GuidePage.run(Path.of("..", "docs", "guide-transformer.md"), folder).requirePrinted();
        for (String name : new String[] {"one-call", "guess", "loop", "ready-made", "at-dawn"}) {
            BufferedImage picture = ImageIO.read(folder.resolve(name + ".png").toFile());
            assertThat(picture.getWidth()).as(name).isEqualTo(128);
            assertThat(picture.getHeight()).as(name).isEqualTo(64);
        }
        assertThat(rgb("loop"))
                .as("the loop by hand draws what the ready made one does")
                .isEqualTo(rgb("ready-made"));
        assertThat(rgb("guess")).isNotEqualTo(rgb("loop"));
        assertThat(rgb("at-dawn")).isNotEqualTo(rgb("one-call"));
    }

    private void place(String weights, String name) throws IOException {
        Files.move(FamilyGoldens.write(weights, folder), folder.resolve(name + ".safetensors"));
    }

    private int[] rgb(String name) throws IOException {
        BufferedImage picture = ImageIO.read(folder.resolve(name + ".png").toFile());
        return picture.getRGB(0, 0, picture.getWidth(), picture.getHeight(), null, 0, picture.getWidth());
    }
}
