package dev.diffusion4j;

import static dev.diffusion4j.testing.DrawnPicture.psnr;
import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.testing.process.GuidePage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the program of docs/guide-upscaling.md and compares what it prints and draws with the page. With {@code -Dguide.update=true}
 * the page's pictures are replaced by what was drawn.
 */
@Tag("native")
@Timeout(600)
class UpscalingGuideTest {

    private static final Path DOCS = Path.of("..", "docs");

    @TempDir
    private Path folder;

    @Test
    void printsAndDrawsWhatThePageSays() throws IOException, InterruptedException {
        GuidePage.run(DOCS.resolve("guide-upscaling.md"), folder).requirePrinted();
        for (String name : new String[] {"upscaled.png", "lanczos.png"}) {
            Path committed = DOCS.resolve("images/guide-upscaling").resolve(name);
            if (Boolean.getBoolean("guide.update")) {
                Files.copy(folder.resolve(name), committed, StandardCopyOption.REPLACE_EXISTING);
            }
            assertThat(psnr(
                            ImageIO.read(committed.toFile()),
                            ImageIO.read(folder.resolve(name).toFile())))
                    .as(name)
                    .isGreaterThan(25);
        }
    }
}
