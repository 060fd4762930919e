package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.diffusion4j.tensor.NpyFile;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code encode} and {@code decode} with the demo model's VAE. */
class VaeCommandsTest {

    private static final double SCALING = 0.18215;

    @TempDir
    private Path folder;

    @Test
    void encodesAndDecodesAPicture() throws IOException {
        Path latents = folder.resolve("latents.npy");
        Run encoded = Run.diffuse("encode", picture(128, 64), "-q", "-o", latents);
        assertThat(encoded.err()).isEmpty();
        assertThat(encoded.code()).isZero();
        assertThat(encoded.out().lines())
                .hasSize(4)
                .startsWith(latents.toString())
                .anySatisfy(line -> assertThat(line).matches("  shape +1x4x8x16"))
                .anySatisfy(line -> assertThat(line).matches("  mean +-?\\d+\\.\\d{6}"))
                .anySatisfy(line -> assertThat(line).matches("  standard deviation +\\d+\\.\\d{6}"));

        Path decoded = folder.resolve("decoded.png");
        Run run = Run.diffuse("decode", latents, "-q", "-o", decoded);
        assertThat(run.err()).isEmpty();
        assertThat(run.out()).isEqualTo(decoded + System.lineSeparator());
        assertShowsThePicture(decoded);
        assertThat(folder).isDirectoryNotContaining("glob:**.part");
    }

    @Test
    void scalesWhereAskedAndBack() throws IOException {
        Path picture = picture(128, 64);
        Path scaled = folder.resolve("scaled.npy");
        JsonNode json = json("encode", picture, "--scaled", "--json", "-o", scaled);
        assertThat(json.path("file").asText()).isEqualTo(scaled.toString());
        assertThat(json.path("shape").toString()).isEqualTo("[1,4,8,16]");
        assertThat(json.has("seed")).isFalse();
        Run.diffuse("encode", picture, "-o", folder.resolve("own.npy"));
        float[] own = values("own.npy");
        float[] values = values("scaled.npy");
        for (int i = 0; i < own.length; i++) {
            assertThat((double) values[i]).isCloseTo(own[i] * SCALING, within(1e-4));
        }

        Path decoded = folder.resolve("decoded.jpg");
        JsonNode result = json("decode", scaled, "--scaled", "--vae-tiling", "--json", "-o", decoded);
        assertThat(result.at("/files/0").asText()).isEqualTo(decoded.toString());
        assertThat(result.path("width").asInt()).isEqualTo(128);
        assertThat(result.path("height").asInt()).isEqualTo(64);
        assertShowsThePicture(decoded);
    }

    @Test
    void theSameSeedSamplesTheSameLatents() throws IOException {
        Path picture = picture(64, 64);
        Run.diffuse("encode", picture, "-o", folder.resolve("mean.npy"));
        long seed = json("encode", picture, "--sample", "--json", "-o", folder.resolve("a.npy"))
                .path("seed")
                .asLong(-1);
        assertThat(seed).isNotNegative();
        assertThat(Run.diffuse("encode", picture, "--sample", "-s", seed, "-o", folder.resolve("b.npy"))
                        .out())
                .containsPattern("seed +" + seed + "\\R");
        Run.diffuse("encode", picture, "--sample", "-s", seed, "--rng", "cpu", "-o", folder.resolve("c.npy"));
        assertThat(values("a.npy")).isEqualTo(values("b.npy"));
        assertThat(values("a.npy")).isNotEqualTo(values("mean.npy")).isNotEqualTo(values("c.npy"));
    }

    @Test
    void encodesInTiles() throws IOException {
        Path picture = picture(128, 128);
        Run.diffuse("encode", picture, "-o", folder.resolve("whole.npy"));
        Run run = Run.diffuse("encode", picture, "--vae-tile-size", "8x8", "-q", "-o", folder.resolve("tiled.npy"));
        assertThat(run.err()).isEmpty();
        assertThat(values("tiled.npy")).hasSize(values("whole.npy").length).isNotEqualTo(values("whole.npy"));
    }

    @Test
    void numbersThePicturesOfABatch() throws IOException {
        Path latents = latents("batch.npy", 2, 4, 8, 8);
        Run run = Run.diffuse("decode", latents, "-o", folder.resolve("x.png"));
        assertThat(run.out().lines())
                .containsExactly(
                        folder.resolve("x-0.png").toString(),
                        folder.resolve("x-1.png").toString());
        assertThat(ImageIO.read(folder.resolve("x-1.png").toFile()).getWidth()).isEqualTo(64);
    }

    @ParameterizedTest
    @CsvSource({
        "100, 64, (nearest: 96x64 or 104x64)",
        "60, 70, (nearest: 56x64 or 64x72)",
        "3, 64, (nearest: 8x64)",
    })
    void refusesSizesBetweenMultiples(int width, int height, String nearest) throws IOException {
        Path output = folder.resolve("x.npy");
        assertFailure(
                Run.diffuse("encode", picture(width, height), "-o", output),
                ExitCode.USAGE,
                "the picture's size must be a multiple of 8 pixels " + nearest + ", not " + width + "x" + height);
        assertThat(output).doesNotExist();
    }

    @Test
    void refusesWhatCannotBeEncoded() throws IOException {
        Path picture = picture(64, 64);
        Path output = folder.resolve("x.npy");
        assertFailure(
                Run.diffuse("encode", folder.resolve("no.png"), "-o", output),
                ExitCode.PICTURE_FILE,
                "no.png does not exist");
        assertFailure(
                Run.diffuse("encode", picture, "-s", 1, "-o", output),
                ExitCode.USAGE,
                "--seed must be given with --sample");
        assertFailure(
                Run.diffuse("encode", picture, "-o", picture), ExitCode.USAGE, "must be one that ends in .npy, not");
        assertFailure(
                Run.diffuse("encode", picture, "-o", folder.resolve("no/x.npy")),
                ExitCode.PICTURE_FILE,
                "no does not exist");
        assertFailure(
                Run.diffuse("encode", picture, "-o", Files.createDirectory(folder.resolve("folder.npy"))),
                ExitCode.PICTURE_FILE,
                "it is a folder");
        assertFailure(
                Run.diffuse("encode", picture, "-o", output, "-m", folder.resolve("no.gguf")),
                ExitCode.MODEL_FILE,
                "no.gguf");
        assertThat(output).doesNotExist();
    }

    @Test
    void refusesWhatAreNoLatents() throws IOException {
        Path output = folder.resolve("x.png");
        assertFailure(
                Run.diffuse("decode", folder.resolve("no.npy"), "-o", output),
                ExitCode.PICTURE_FILE,
                "no.npy does not exist");
        assertFailure(Run.diffuse("decode", folder, "-o", output), ExitCode.PICTURE_FILE, "is not a file");
        assertFailure(
                Run.diffuse("decode", picture(64, 64), "-o", output), ExitCode.PICTURE_FILE, "is not a .npy file");
        assertFailure(
                Run.diffuse("decode", latents("flat.npy", 4, 8, 8), "-o", output),
                ExitCode.USAGE,
                "LATENTS must be (batch, 4, height, width), not 4x8x8");
        assertFailure(
                Run.diffuse("decode", latents("rgb.npy", 1, 3, 8, 8), "-o", output),
                ExitCode.USAGE,
                "LATENTS must be (batch, 4, height, width), not 1x3x8x8");
        assertFailure(
                Run.diffuse("decode", latents("many.npy", 1001, 4, 1, 1), "-o", output),
                ExitCode.USAGE,
                "LATENTS must be at most 1000 pictures, not 1001");
        assertFailure(
                Run.diffuse("decode", latents("wide.npy", 1, 4, 1, 2049), "-o", output),
                ExitCode.USAGE,
                "LATENTS must be of at most 2048 cells in each direction, not 1x4x1x2049");
        assertFailure(
                Run.diffuse("decode", latents("good.npy", 1, 4, 8, 8), "-o", folder.resolve("x.gif")),
                ExitCode.USAGE,
                ".png, .jpg");
        assertThat(output).doesNotExist();
    }

    @Test
    void refusesValuesThatAreNoFiniteNumbers() throws IOException {
        Path file = folder.resolve("nan.npy");
        try (Tensor tensor = Tensor.zeros(Shape.of(1, 4, 8, 8))) {
            tensor.setFlat(7, Float.NaN);
            NpyFile.write(file, tensor);
        }
        assertFailure(
                Run.diffuse("decode", file, "-o", folder.resolve("x.png")),
                ExitCode.USAGE,
                "LATENTS must be finite numbers");
    }

    @Test
    void refusesArraysOfOtherTypes() throws IOException {
        Path file = latents("x.npy", 1, 4, 8, 8);
        byte[] bytes = Files.readAllBytes(file);
        String header = new String(bytes, StandardCharsets.ISO_8859_1);
        bytes[header.indexOf("<f4") + 1] = 'i';
        Files.write(file, bytes);
        assertFailure(Run.diffuse("decode", file, "-o", folder.resolve("x.png")), ExitCode.PICTURE_FILE, "x.npy: ");
        Files.write(file, Arrays.copyOf(bytes, 100));
        assertFailure(Run.diffuse("decode", file, "-o", folder.resolve("x.png")), ExitCode.PICTURE_FILE, "x.npy");
    }

    @Test
    void aCancelledCommandWritesNothing() throws IOException {
        Path output = folder.resolve("x.npy");
        Cancellation cancellation = new Cancellation();
        cancellation.request();
        Run run = Run.diffuse("", cancellation, "encode", picture(64, 64), "-o", output);
        assertFailure(run, ExitCode.CANCELLED, "cancelled");
        assertThat(output).doesNotExist();
    }

    private static void assertFailure(Run run, int code, String words) {
        assertThat(run.err().lines())
                .singleElement()
                .asString()
                .startsWith("diffuse: ")
                .contains(words);
        assertThat(run.code()).isEqualTo(code);
        assertThat(run.out()).isEmpty();
    }

    private static JsonNode json(Object... args) throws IOException {
        return new ObjectMapper().readTree(Run.diffuse(args).out());
    }

    /** White, the left half red. */
    private Path picture(int width, int height) throws IOException {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, width, height);
        graphics.setColor(Color.RED);
        graphics.fillRect(0, 0, width / 2, height);
        graphics.dispose();
        Path file = folder.resolve("picture.png");
        ImageIO.write(image, "png", file.toFile());
        return file;
    }

    private static void assertShowsThePicture(Path file) throws IOException {
        BufferedImage image = ImageIO.read(file.toFile());
        assertThat(image.getWidth()).isEqualTo(128);
        assertThat(image.getHeight()).isEqualTo(64);
        Color left = new Color(image.getRGB(24, 32));
        Color right = new Color(image.getRGB(104, 32));
        assertThat(left.getRed()).isGreaterThan(150);
        assertThat(left.getGreen()).isLessThan(110);
        assertThat(right.getGreen()).isGreaterThan(190);
    }

    private Path latents(String name, long... shape) {
        Path file = folder.resolve(name);
        try (Tensor tensor = Tensor.randomNormal(Shape.of(shape), 1)) {
            NpyFile.write(file, tensor);
        }
        return file;
    }

    private float[] values(String name) {
        try (Tensor tensor = NpyFile.read(folder.resolve(name))) {
            return tensor.toArray();
        }
    }
}
