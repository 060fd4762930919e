package dev.diffusion4j;

import static dev.diffusion4j.testing.DrawnPicture.psnr;
import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.testing.process.ChildJvm;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
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
    private static final Pattern SNIPPET = Pattern.compile("```(java|text)\n(.*?)```", Pattern.DOTALL);
    private static final Pattern PICTURE = Pattern.compile("\\(images/guide/([\\w-]+\\.png)\\)");
    private static final String BETWEEN_SNIPPETS = "-- snippet --";

    @TempDir
    private static Path folder;

    private static String page;
    private static List<String> expected;
    private static List<String> printed;

    @BeforeAll
    static void runTheGuide() throws IOException, InterruptedException {
        page = Files.readString(DOCS.resolve("guide.md"));
        expected = new ArrayList<>();
        Files.writeString(folder.resolve("Guide.java"), program());
        printed = List.of(run().split(BETWEEN_SNIPPETS + "\n", -1));
    }

    /** A compact source file; each snippet is followed by a line that ends its output. */
    private static String program() {
        StringBuilder imports = new StringBuilder();
        StringBuilder body = new StringBuilder();
        Matcher snippets = SNIPPET.matcher(page);
        while (snippets.find()) {
            String code = snippets.group(2);
            if (snippets.group(1).equals("text")) {
                expected.set(expected.size() - 1, code);
                continue;
            }
            expected.add("");
            code.lines()
                    .forEach(line -> (line.startsWith("import ") ? imports : body)
                            .append(line)
                            .append('\n'));
            body.append("System.out.println(\"" + BETWEEN_SNIPPETS + "\");\n");
        }
        return imports + "void main() throws Exception {\n" + body + "}\n";
    }

    private static String run() throws IOException, InterruptedException {
        Path output = folder.resolve("output.txt");
        List<String> command = ChildJvm.java();
        command.addAll(List.of(
                "--enable-native-access=ALL-UNNAMED",
                "-Djava.awt.headless=true",
                "-cp",
                System.getProperty("java.class.path"),
                "Guide.java"));
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        boolean ended = process.waitFor(10, TimeUnit.MINUTES);
        process.destroyForcibly();
        String text = Files.readString(output, StandardCharsets.UTF_8);
        assertThat(ended).as("the guide's program ended; it printed%n%s", text).isTrue();
        assertThat(process.exitValue()).as("exit code; it printed%n%s", text).isZero();
        return text;
    }

    @Test
    void printsWhatThePageSays() {
        assertThat(printed.subList(0, printed.size() - 1)).containsExactlyElementsOf(expected);
        assertThat(printed.getLast()).isEmpty();
    }

    @Test
    void drawsThePicturesOfThePage() throws IOException {
        TreeSet<String> shown = PICTURE.matcher(page)
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
