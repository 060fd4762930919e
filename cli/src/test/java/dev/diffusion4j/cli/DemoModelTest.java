package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.diffusion4j.image.ImageFiles;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The program with its native library and its own model: from the command line to the file. */
class DemoModelTest {

    private static final String RED_CIRCLE = "a large red circle on a white background";

    @TempDir
    private Path folder;

    @Test
    void drawsWhatThePromptSays() throws IOException {
        Path file = folder.resolve("circle.png");
        Run run = Run.diffuse("generate", RED_CIRCLE, "--seed", 42, "-o", file);

        assertThat(run.err()).startsWith("loading the demo model").contains("encoding", "sampling 12/12", "decoding");
        assertThat(run.err()).doesNotContain("\r", "\033", "diffuse:");
        assertThat(run.out()).isEqualTo(file + System.lineSeparator());
        assertThat(run.code()).isZero();
        BufferedImage image = ImageIO.read(file.toFile());
        int width = image.getWidth();
        int height = image.getHeight();
        assertThat(width).isEqualTo(height).isGreaterThanOrEqualTo(128);
        assertThat(image.getRGB(width / 2, height / 2)).satisfies(DemoModelTest::isRed);
        for (int x : new int[] {4, width - 5}) {
            for (int y : new int[] {4, height - 5}) {
                assertThat(image.getRGB(x, y)).satisfies(DemoModelTest::isWhite);
            }
        }
        assertThat(ImageFiles.texts(file).get("parameters"))
                .startsWith(RED_CIRCLE)
                .contains("Steps: 12", "Seed: 42", "Size: " + width + "x" + height);
    }

    @Test
    void drawsTheSameInAProcessOfItsOwn() throws Exception {
        Path near = folder.resolve("near.png");
        Path far = folder.resolve("far.png");
        List<Object> command = List.of("generate", RED_CIRCLE, "--seed", 42, "--steps", 2, "-q", "-o");
        assertThat(Run.diffuse(with(command, near)).code()).isZero();

        AtomicBoolean ended = new AtomicBoolean();
        CompletableFuture<Boolean> sawChild = CompletableFuture.supplyAsync(() -> seesChild(ended));
        Run run = Run.diffuse(with(command, far, "--isolated"));
        ended.set(true);

        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        assertThat(sawChild.get()).as("a process drew").isTrue();
        assertThat(hasChild()).as("it ended").isFalse();
        assertThat(pixels(far)).isEqualTo(pixels(near));
    }

    private static Object[] with(List<Object> command, Object... more) {
        return Stream.concat(command.stream(), Arrays.stream(more)).toArray();
    }

    private static boolean seesChild(AtomicBoolean ended) {
        while (!ended.get()) {
            if (hasChild()) {
                return true;
            }
            LockSupport.parkNanos(10_000_000);
        }
        return false;
    }

    private static boolean hasChild() {
        return ProcessHandle.current()
                .children()
                .anyMatch(child -> child.info().commandLine().orElse("").contains("ChildMain"));
    }

    private static int[] pixels(Path file) throws IOException {
        BufferedImage image = ImageIO.read(file.toFile());
        return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    }

    @Test
    void tellsOfABatchInJson() throws IOException {
        Run run = Run.diffuse(
                "generate",
                "a blue square",
                "-b",
                2,
                "-s",
                7,
                "--steps",
                4,
                "--json",
                "-q",
                "-o",
                folder.resolve("s.png"));

        assertThat(run.err()).isEmpty();
        JsonNode json = new ObjectMapper().readTree(run.out());
        assertThat(json.path("files")).hasSize(2);
        assertThat(json.at("/files/0").asText()).endsWith("s-0.png");
        assertThat(json.at("/files/1").asText()).endsWith("s-1.png");
        assertThat(json.at("/seeds/1").asLong()).isEqualTo(8);
        assertThat(json.at("/parameters/request/prompt").asText()).isEqualTo("a blue square");
        assertThat(json.at("/seconds/sampling").asDouble()).isPositive();
        assertThat(json.at("/seconds/total").asDouble())
                .isGreaterThan(json.at("/seconds/sampling").asDouble());
        byte[] first = Files.readAllBytes(folder.resolve("s-0.png"));
        assertThat(Files.readAllBytes(folder.resolve("s-1.png"))).isNotEqualTo(first);
        assertThat(ImageIO.read(folder.resolve("s-1.png").toFile()).getWidth())
                .isEqualTo(json.path("width").asInt());
    }

    @Test
    void theSameSeedDrawsTheSameFile() throws IOException {
        for (String name : List.of("a.png", "b.png")) {
            assertThat(Run.diffuse("generate", "a star", "-s", 5, "--steps", 3, "-q", "-o", folder.resolve(name))
                            .code())
                    .isZero();
        }
        assertThat(folder.resolve("a.png")).hasSameBinaryContentAs(folder.resolve("b.png"));
    }

    @Test
    void everyOptionReachesTheRequest() throws IOException {
        Path preview = folder.resolve("preview.png");
        Run run = Run.diffuse(
                "a green ring",
                new Cancellation(),
                "generate",
                "-",
                "-n",
                "blurry",
                "--size",
                "64x128",
                "--steps",
                "2",
                "--cfg-scale",
                "5.5",
                "--sampler",
                "DPM++ 2M",
                "--schedule",
                "karras",
                "--clip-skip",
                "1",
                "--cache",
                "ucache:threshold=0.5",
                "--vae-tile-size",
                "16x16",
                "--hires-scale",
                "2",
                "--hires-steps",
                "1",
                "--hires-strength",
                "0.5",
                "--threads",
                "2",
                "--rng",
                "cpu",
                "--seamless",
                "x",
                "--preview",
                preview,
                "--preview-every",
                "1",
                "--no-metadata",
                "--json",
                "-o",
                folder.resolve("ring.jpg"));
        assertThat(run.err()).doesNotContain("diffuse:");
        JsonNode json = new ObjectMapper().readTree(run.out());
        JsonNode request = json.at("/parameters/request");
        JsonNode sampling = request.path("sampling");
        assertThat(json.path("width").asInt()).isEqualTo(128);
        assertThat(json.path("height").asInt()).isEqualTo(256);
        assertThat(request.path("prompt").asText()).isEqualTo("a green ring");
        assertThat(request.path("negativePrompt").asText()).isEqualTo("blurry");
        assertThat(request.path("steps").asInt()).isEqualTo(2);
        assertThat(request.path("guidanceScale").asDouble()).isEqualTo(5.5);
        assertThat(sampling.path("sampler").asText()).isEqualTo("dpm++2m");
        assertThat(sampling.path("schedule").asText()).isEqualTo("karras");
        assertThat(request.path("clipSkip").asInt()).isEqualTo(1);
        assertThat(sampling.at("/cache/threshold").asDouble()).isEqualTo(0.5);
        assertThat(request.at("/vaeTiling/tileWidth").asInt()).isEqualTo(16);
        assertThat(sampling.at("/highResFix/steps").asInt()).isEqualTo(1);
        assertThat(ImageIO.read(preview.toFile())).isNotNull();
        assertThat(ImageIO.read(folder.resolve("ring.jpg").toFile()).getHeight())
                .isEqualTo(256);
        assertThat(ImageFiles.texts(folder.resolve("ring.jpg"))).isEmpty();
        assertThat(folder).isDirectoryNotContaining("glob:**.part");
    }

    @Test
    void editingALittleKeepsTheLayout() throws IOException {
        Path input = circle(128, 128);
        Path output = folder.resolve("edited.png");
        Run run = Run.diffuse("edit", input, RED_CIRCLE, "--strength", 0.2, "-s", 1, "--steps", 10, "-q", "-o", output);
        assertThat(run.err()).isEmpty();
        assertThat(difference(input, output, 0, 128)).isLessThan(40);
    }

    @Test
    void aMaskKeepsWhatIsBlack() throws IOException {
        Path input = circle(128, 128);
        Path output = folder.resolve("masked.png");
        BufferedImage mask = new BufferedImage(128, 128, BufferedImage.TYPE_BYTE_GRAY);
        Graphics2D graphics = mask.createGraphics();
        graphics.fillRect(0, 0, 48, 128);
        graphics.dispose();
        Path maskFile = folder.resolve("mask.png");
        ImageIO.write(mask, "png", maskFile.toFile());
        Run run = Run.diffuse(
                "edit",
                input,
                "a blue square on a black background",
                "--mask",
                maskFile,
                "--strength",
                1,
                "-s",
                1,
                "--steps",
                8,
                "-q",
                "-o",
                output);
        assertThat(run.err()).isEmpty();
        assertThat(difference(input, output, 64, 128)).isLessThan(25);
        assertThat(difference(input, output, 0, 48)).isGreaterThan(difference(input, output, 64, 128));
    }

    /** Blue is at the left of what is seen, unless that is cut off. */
    @ParameterizedTest
    @CsvSource({"stretch, true", "crop, false", "fit, true"})
    void theResizeModeSaysWhatAnotherRatioShows(String mode, boolean blueIsSeen) throws IOException {
        BufferedImage wide = new BufferedImage(384, 128, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = wide.createGraphics();
        graphics.setColor(Color.RED);
        graphics.fillRect(0, 0, 384, 128);
        graphics.setColor(Color.BLUE);
        graphics.fillRect(0, 0, 128, 128);
        graphics.dispose();
        Path input = folder.resolve("wide.png");
        ImageIO.write(wide, "png", input.toFile());
        Path output = folder.resolve(mode + ".png");
        Run run = Run.diffuse(
                "edit", input, "x", "--size", "128x128", "--resize-mode", mode, "--strength", 0, "-q", "-o", output);
        assertThat(run.err()).isEmpty();
        Color left = new Color(ImageIO.read(output.toFile()).getRGB(16, 64));
        assertThat(left.getBlue() > left.getRed()).as("blue, of %s", left).isEqualTo(blueIsSeen);
    }

    @Test
    void refusesWhatTheModelCannotDo() throws IOException {
        Path output = folder.resolve("x.png");
        assertRefused(
                Run.diffuse("generate", "x", "-W", -64, "-o", output), "--width must be from 1 to 16384, not -64");
        assertRefused(Run.diffuse("generate", "x", "--size", "100x128", "-o", output), "--width must be a multiple of");
        assertRefused(
                Run.diffuse("generate", "x", "--steps", 0, "-o", output), "--steps must be from 1 to 1000, not 0");
        assertRefused(
                Run.diffuse("edit", circle(100, 64), "x", "-o", output),
                "the input picture's size must be a multiple of");
        assertRefused(
                Run.diffuse("edit", circle(128, 128), "x", "--mask", circle(64, 64), "-o", output),
                "--mask must be as");
        assertThat(output).doesNotExist();
    }

    @Test
    void cancellingFromAnotherThreadEndsTheCommand() {
        Path output = folder.resolve("x.png");
        Cancellation cancellation = new Cancellation();
        Thread.ofVirtual().start(() -> {
            try {
                Thread.sleep(3000);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            cancellation.request();
        });
        Run run = Run.diffuse("", cancellation, "generate", "x", "--steps", 1000, "-o", output);
        assertThat(run.code()).isEqualTo(ExitCode.CANCELLED);
        assertThat(run.err().lines()).last().isEqualTo("diffuse: cancelled");
        assertThat(output).doesNotExist();
    }

    /** SIGTERM takes the way of SIGINT, which a test may have inherited as ignored. */
    @Test
    void aSignalCancelsTheProcess() throws IOException, InterruptedException {
        Path errors = folder.resolve("err.txt");
        Process process = diffuseProcess(errors, "generate", "x", "--steps", "60", "-o", folder.resolve("x.png"));
        awaitText(errors, "sampling");
        process.destroy();
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(128 + 15);
        assertThat(Files.readAllLines(errors)).last().isEqualTo("diffuse: cancelled");
        assertThat(folder).isDirectoryNotContaining("glob:**.p*");
    }

    @Test
    void showsVersionsAndDevices() throws IOException {
        Run version = Run.diffuse("version", "--json");
        assertThat(version.code()).isZero();
        JsonNode json = new ObjectMapper().readTree(version.out());
        assertThat(json.path("runtime").asText()).contains("stable-diffusion.cpp");
        assertThat(json.path("backends").toString()).contains("cpu");
        assertThat(Run.diffuse("version").out())
                .contains("java", Runtime.version().toString(), "library");

        JsonNode devices =
                new ObjectMapper().readTree(Run.diffuse("devices", "--json").out());
        assertThat(devices.findValuesAsText("kind")).contains("CPU");
        assertThat(devices.findValues("memoryTotal")).isEmpty();
        assertThat(Run.diffuse("devices").out()).contains("CPU").doesNotContain(" free");

        JsonNode withMemory = new ObjectMapper()
                .readTree(Run.diffuse("devices", "--memory", "--json").out());
        assertThat(withMemory.findValues("memoryTotal")).isNotEmpty().allMatch(total -> total.asLong() > 0);
        assertThat(Run.diffuse("devices", "--memory").out()).contains(" free");
    }

    private Process diffuseProcess(Path errors, Object... args) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                        .map(entry -> Path.of(entry).toAbsolutePath().toString())
                        .reduce((left, right) -> left + File.pathSeparator + right)
                        .orElseThrow(),
                Diffuse.class.getName()));
        Arrays.stream(args).map(Object::toString).forEach(command::add);
        return new ProcessBuilder(command)
                .redirectError(errors.toFile())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private static void awaitText(Path file, String text) throws IOException, InterruptedException {
        for (int i = 0; i < 1200 && !Files.readString(file).contains(text); i++) {
            Thread.sleep(100);
        }
        assertThat(file).content().contains(text);
    }

    private static void assertRefused(Run run, String words) {
        assertThat(run.err().lines())
                .singleElement()
                .asString()
                .startsWith("diffuse: ")
                .contains(words);
        assertThat(run.code()).isEqualTo(ExitCode.USAGE);
    }

    /** A red circle on white, drawn by Java. */
    private Path circle(int width, int height) throws IOException {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, width, height);
        graphics.setColor(Color.RED);
        graphics.fillOval(width / 4, height / 4, width / 2, height / 2);
        graphics.dispose();
        Path file = folder.resolve("input-" + width + "x" + height + ".png");
        ImageIO.write(image, "png", file.toFile());
        return file;
    }

    /** Mean difference per channel, 0 to 255, over the columns. */
    private static double difference(Path left, Path right, int fromX, int toX) throws IOException {
        BufferedImage a = ImageIO.read(left.toFile());
        BufferedImage b = ImageIO.read(right.toFile());
        long sum = 0;
        for (int y = 0; y < a.getHeight(); y++) {
            for (int x = fromX; x < toX; x++) {
                Color p = new Color(a.getRGB(x, y));
                Color q = new Color(b.getRGB(x, y));
                sum += Math.abs(p.getRed() - q.getRed())
                        + Math.abs(p.getGreen() - q.getGreen())
                        + Math.abs(p.getBlue() - q.getBlue());
            }
        }
        return sum / (3.0 * a.getHeight() * (toX - fromX));
    }

    private static void isRed(int rgb) {
        Color color = new Color(rgb);
        assertThat(color.getRed()).as("red of %s", color).isGreaterThan(150);
        assertThat(color.getGreen()).as("green of %s", color).isLessThan(110);
        assertThat(color.getBlue()).as("blue of %s", color).isLessThan(110);
    }

    private static void isWhite(int rgb) {
        Color color = new Color(rgb);
        assertThat(Math.min(color.getRed(), Math.min(color.getGreen(), color.getBlue())))
                .as("%s", color)
                .isGreaterThan(190);
    }
}
