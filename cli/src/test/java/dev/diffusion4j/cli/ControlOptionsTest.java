package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.diffusion4j.demo.DemoModel;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code --control} and what belongs to it: what is drawn, and what is refused in one line. */
class ControlOptionsTest {

    private static final int RADIUS = 26;

    @TempDir
    private Path folder;

    private Path outline;
    private Path photo;
    private Path picture;

    @BeforeEach
    void writePictures() throws IOException {
        outline = write("outline.png", Color.BLACK, graphics -> {
            graphics.setColor(Color.WHITE);
            graphics.setStroke(new BasicStroke(2));
            graphics.drawOval(80 - RADIUS, 70 - RADIUS, 2 * RADIUS, 2 * RADIUS);
        });
        photo = write("photo.png", Color.YELLOW, graphics -> {
            graphics.setColor(Color.BLUE);
            graphics.fillOval(80 - RADIUS, 70 - RADIUS, 2 * RADIUS, 2 * RADIUS);
        });
        picture = folder.resolve("drawn.png");
    }

    private interface Drawing {
        void on(Graphics2D graphics);
    }

    private Path write(String name, Color paper, Drawing drawing) throws IOException {
        BufferedImage image = new BufferedImage(128, 128, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(paper);
        graphics.fillRect(0, 0, 128, 128);
        drawing.on(graphics);
        graphics.dispose();
        Path file = folder.resolve(name);
        ImageIO.write(image, "png", file.toFile());
        return file;
    }

    private void assertRedInTheOutlineAlone() throws IOException {
        BufferedImage drawn = ImageIO.read(picture.toFile());
        assertThat(isRed(drawn, 80, 70)).isTrue();
        assertThat(isRed(drawn, 80 - RADIUS + 6, 70)).isTrue();
        assertThat(isRed(drawn, 80, 70 + RADIUS - 6)).isTrue();
        assertThat(isRed(drawn, 80 - RADIUS - 6, 70)).isFalse();
        assertThat(isRed(drawn, 80, 70 - RADIUS - 6)).isFalse();
    }

    private static boolean isRed(BufferedImage image, int x, int y) {
        Color colour = new Color(image.getRGB(x, y));
        return colour.getRed() > 150 && colour.getGreen() < 110 && colour.getBlue() < 110;
    }

    private Run generate(Object... more) {
        return Run.diffuse(Stream.concat(
                        Stream.of("generate", "a red shape", "--seed", 4, "--progress", "none", "-o", picture),
                        Stream.of(more))
                .toArray());
    }

    @Test
    void theDemoModelFillsAnOutline() throws IOException {
        Run run = generate("--control", outline, "--json");

        assertThat(run.code()).as(run.err()).isZero();
        assertRedInTheOutlineAlone();
        JsonNode control =
                new ObjectMapper().readTree(run.out()).findValue("controls").get(0);
        assertThat(control.get("controlNet").asText()).isEqualTo("shapes");
        assertThat(control.get("strength").asDouble()).isEqualTo(1);
    }

    @Test
    void edgesAreTakenOfAPicture() throws IOException {
        Run run =
                generate("--control", photo, "--canny", "--control-end", 0.9, "--control-net", DemoModel.controlNet());

        assertThat(run.code()).as(run.err()).isZero();
        assertRedInTheOutlineAlone();
    }

    @Test
    void theLoopInJavaAndEditingDoItToo() throws IOException {
        Run run = Run.diffuse(
                "edit",
                photo,
                "a red shape",
                "--strength",
                1,
                "--control",
                outline,
                "--scheduler",
                "ddim",
                "--seed",
                4,
                "--progress",
                "none",
                "-o",
                picture);

        assertThat(run.code()).as(run.err()).isZero();
        assertRedInTheOutlineAlone();
    }

    static Stream<Object[]> refused() {
        Path net = DemoModel.controlNet();
        Path model = DemoModel.path();
        return Stream.of(
                new Object[] {"--canny", "--canny must be given with --control", new Object[] {"--canny"}},
                new Object[] {"net", "--control-net must be given with --control", new Object[] {"--control-net", net}},
                new Object[] {
                    "strength",
                    "--control-strength must be given with --control",
                    new Object[] {"--control-strength", 1}
                },
                new Object[] {
                    "model", "--control must be given with --control-net", new Object[] {"--control", "P", "-m", model}
                },
                new Object[] {
                    "number",
                    "--control-strength must be given once",
                    new Object[] {"--control", "P", "--control-strength", 1, "--control-strength", 2}
                },
                new Object[] {
                    "too strong",
                    "--control-strength must be from 0 to 10",
                    new Object[] {"--control", "P", "--control-strength", 11}
                },
                new Object[] {
                    "range",
                    "--control-end must be more than the start",
                    new Object[] {"--control", "P", "--control-start", 0.5, "--control-end", 0.5}
                },
                new Object[] {"no net", "is not a ControlNet", new Object[] {"--control", "P", "--control-net", model}},
                new Object[] {"no picture", "nowhere.png", new Object[] {"--control", "nowhere.png"}});
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void refused(String name, String message, Object[] options) {
        Run run = generate(Stream.of(options)
                .map(option -> option.equals("P") ? outline : option)
                .toArray());

        assertThat(run.code()).as(name).isNotZero();
        assertThat(run.err()).contains(message);
        assertThat(run.err().strip().lines()).hasSize(1);
        assertThat(Files.exists(picture)).isFalse();
    }

    @Test
    void theShellCompletesTheOptions() {
        assertThat(Run.diffuse("completion").out()).contains("--control-net", "--control-strength", "--canny");
    }
}
