package dev.diffusion4j;

import static dev.diffusion4j.testing.DrawnPicture.psnr;
import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.testing.process.GuidePage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the program that the snippets of docs/guide.md make together, and compares what it prints and draws with the page.
 * With {@code -Dguide.update=true} the page's pictures are replaced by what was drawn.
 */
@Tag("native")
class GuideTest {

    private static final Path DOCS = Path.of("..", "docs");
    private static final Pattern PICTURE = Pattern.compile("\\(images/guide/([\\w-]+\\.png)\\)");

    @TempDir
    private static Path folder;

    private static GuidePage page;

    @BeforeAll
    static void runTheGuide() throws IOException, InterruptedException {
        page = GuidePage.run(DOCS.resolve("guide.md"), folder);
    }

    @Test
    void printsWhatThePageSays() {
        page.requirePrinted();
    }

    @Test
    void drawsThePicturesOfThePage() throws IOException {
        TreeSet<String> shown = PICTURE.matcher(page.text())
                .results()
                .map(match -> match.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
        try (var files = Files.list(folder)) {
            assertThat(files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(".png")))
                    .containsExactlyInAnyOrderElementsOf(shown);
        }
        for (String name : shown) {
            Path committed = DOCS.resolve("images/guide").resolve(name);
            if (Boolean.getBoolean("guide.update")) {
                Files.copy(folder.resolve(name), committed, StandardCopyOption.REPLACE_EXISTING);
            }
            // Other processors round differently, and a few pixels at edges follow.
            assertThat(psnr(
                            ImageIO.read(committed.toFile()),
                            ImageIO.read(folder.resolve(name).toFile())))
                    .as(name)
                    .isGreaterThan(25);
        }
    }
}
