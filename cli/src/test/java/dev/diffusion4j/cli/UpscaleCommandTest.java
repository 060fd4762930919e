package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.image.ImageFiles;
import dev.diffusion4j.image.PictureParameters;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UpscaleCommandTest {

    @TempDir
    private Path folder;

    /** A red square on white, 24x20 pixels. */
    private Path picture() throws IOException {
        BufferedImage image = new BufferedImage(24, 20, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, 24, 20);
        graphics.setColor(new Color(220, 30, 35));
        graphics.fillRect(8, 6, 8, 8);
        graphics.dispose();
        Path file = folder.resolve("square.png");
        ImageIO.write(image, "png", file.toFile());
        return file;
    }

    @Test
    void enlargesWithTheDemoUpscaler() throws IOException {
        Path output = folder.resolve("large.png");
        Run run = Run.diffuse("upscale", picture(), "-o", output);
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out()).isEqualTo(output + System.lineSeparator());
        assertThat(run.err())
                .contains("the demo upscaler")
                .contains("upscaling")
                .doesNotContain("\r");
        BufferedImage large = ImageIO.read(output.toFile());
        assertThat(large.getWidth()).isEqualTo(96);
        assertThat(large.getHeight()).isEqualTo(80);
        assertNear(large.getRGB(48, 40), 220, 30, 35);
        assertNear(large.getRGB(4, 4), 255, 255, 255);
    }

    private static void assertNear(int rgb, int red, int green, int blue) {
        assertThat(rgb >> 16 & 0xFF).isCloseTo(red, org.assertj.core.data.Offset.offset(12));
        assertThat(rgb >> 8 & 0xFF).isCloseTo(green, org.assertj.core.data.Offset.offset(12));
        assertThat(rgb & 0xFF).isCloseTo(blue, org.assertj.core.data.Offset.offset(12));
    }

    @Test
    void keepsWhatThePictureSaysOfItselfAndTellsInJson() throws IOException {
        Path drawn = folder.resolve("drawn.png");
        assertThat(Run.diffuse(
                                "generate",
                                "a red circle",
                                "--size",
                                "64x64",
                                "--steps",
                                1,
                                "--seed",
                                5,
                                "-q",
                                "-o",
                                drawn)
                        .code())
                .isZero();
        Path output = folder.resolve("large.jpg");
        Run run = Run.diffuse(
                "upscale",
                drawn,
                "-o",
                output,
                "-m",
                DemoModel.upscaler(),
                "--tile-size",
                32,
                "--json",
                "-q",
                "--isolated");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.err()).isEmpty();
        JsonNode told = new ObjectMapper().readTree(run.out());
        assertThat(told.at("/files/0").asText()).isEqualTo(output.toString());
        assertThat(told.path("width").asInt()).isEqualTo(256);
        assertThat(told.path("factor").asInt()).isEqualTo(4);
        assertThat(told.path("upscaler").asText()).isEqualTo("shapes-x4-v1.safetensors");
        assertThat(told.at("/parameters/request/prompt").asText()).isEqualTo("a red circle");
        assertThat(told.at("/parameters/upscaling/tileSize").asInt()).isEqualTo(32);
        assertThat(ImageFiles.parameters(output).map(PictureParameters::text).orElseThrow())
                .startsWith("a red circle\n")
                .contains("Seed: 5")
                .contains("Postprocess upscaler: shapes-x4-v1");
    }

    @Test
    void saysInOneLineWhatIsWrong() throws IOException {
        Path picture = picture();
        Path output = folder.resolve("large.png");
        Path text = Files.writeString(folder.resolve("text.safetensors"), "no model");
        assertFailure(
                Run.diffuse("upscale", picture, "-o", output, "-m", DemoModel.path()),
                ExitCode.MODEL_FILE,
                "is not an upscaler");
        assertFailure(
                Run.diffuse("upscale", picture, "-o", output, "-m", text), ExitCode.MODEL_FILE, "text.safetensors");
        assertFailure(Run.diffuse("upscale", text, "-o", output), ExitCode.PICTURE_FILE, "not a picture");
        assertFailure(
                Run.diffuse("upscale", picture, "-o", folder.resolve("large.webp")), ExitCode.USAGE, ".png, .jpg");
        assertFailure(
                Run.diffuse("upscale", picture, "-o", output, "--repeat", 9),
                ExitCode.USAGE,
                "--repeat must be from 1 to 8");
        assertFailure(
                Run.diffuse("upscale", picture, "-o", output, "--repeat", 8),
                ExitCode.USAGE,
                "the picture must be at most");
        assertFailure(
                Run.diffuse("upscale", picture, "-o", output, "--tile-size", 8), ExitCode.USAGE, "--tile-size must be");
        assertThat(output).doesNotExist();
    }

    private static void assertFailure(Run run, int code, String reason) {
        assertThat(run.code()).as(run.err()).isEqualTo(code);
        assertThat(run.err().lines().filter(line -> line.startsWith("diffuse: ")))
                .singleElement()
                .asString()
                .contains(reason);
        assertThat(run.out()).isEmpty();
    }

    @Test
    void inspectTellsWhatItIsFor() throws IOException {
        Path file = DemoModel.upscaler();
        assertThat(Run.diffuse("inspect", file).out())
                .containsPattern("family +upscaler\n")
                .containsPattern("network +4x, RRDBNet of 1 block\n")
                .contains("diffuse upscale picture.png -o large.png -m " + file);
        JsonNode json = new ObjectMapper()
                .readTree(Run.diffuse("inspect", file, "--json").out());
        assertThat(json.at("/upscaler/architecture").asText()).isEqualTo("RRDBNet");
        assertThat(json.at("/upscaler/scale").asInt()).isEqualTo(4);
        assertThat(json.at("/upscaler/blocks").asInt()).isEqualTo(1);
    }

    @Test
    void aSecondPassTakesAnUpscaler() throws IOException {
        Path output = folder.resolve("hires.png");
        Run run = Run.diffuse(
                "generate",
                "a red circle",
                "--size",
                "64x64",
                "--steps",
                2,
                "--seed",
                5,
                "-q",
                "-o",
                output,
                "--hires-upscaler",
                DemoModel.upscaler(),
                "--hires-size",
                "128x128",
                "--hires-tile-size",
                32);
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(ImageIO.read(output.toFile()).getWidth()).isEqualTo(128);
        assertThat(ImageFiles.parameters(output).map(PictureParameters::text).orElseThrow())
                .contains("Hires upscaler: shapes-x4-v1", "Hires resize: 128x128");
        assertFailure(
                Run.diffuse("generate", "a", "-o", output, "--hires-upscaler", DemoModel.path()),
                ExitCode.MODEL_FILE,
                "is not an upscaler");
        assertThat(Run.diffuse("generate", "a", "-o", output, "--hires-upscaler", "esrgan")
                        .err())
                .contains("one of latent, ", "nearest, or an upscaler's file");
    }
}
