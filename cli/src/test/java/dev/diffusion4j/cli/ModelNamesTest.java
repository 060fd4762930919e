package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.diffusion4j.demo.DemoModel;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Names in place of files, on a hub on this machine that has the demo model. */
class ModelNamesTest {

    private static final String MODEL = "demo.safetensors";
    private static final String VAE = "vae.safetensors";
    private static final String LORA = "style.safetensors";
    private static final String LORA_REFERENCE = "hf:org/model/" + LORA;
    private static final String REFERENCE = "hf:org/model/" + MODEL;

    @TempDir
    private Path folder;

    private LoopbackHub hub;
    private Path picture;
    private Path output;

    @BeforeEach
    void startHub() throws IOException {
        hub = new LoopbackHub(folder);
        hub.addCached(MODEL, DemoModel.path());
        output = folder.resolve("output.png");
        picture = folder.resolve("picture.png");
        ImageIO.write(new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB), "png", picture.toFile());
    }

    @AfterEach
    void stopHub() throws IOException {
        hub.close();
    }

    private Run diffuse(Object... arguments) {
        return diffuse(Map.of(), arguments);
    }

    private Run diffuse(Map<String, String> variables, Object... arguments) {
        Map<String, String> environment = new HashMap<>(hub.environment());
        environment.putAll(variables);
        return Run.diffuse(environment, "", new Cancellation(), arguments);
    }

    /** Encodes a picture, for which only the VAE computes. */
    private Run encode(Object... options) {
        Stream<Object> usual = Stream.of("encode", picture, "-o", folder.resolve("latents.npy"));
        return diffuse(Stream.concat(usual, Arrays.stream(options)).toArray());
    }

    /** Draws a small picture in a single step. */
    private Run generate(Map<String, String> variables, Object... options) {
        Stream<Object> usual = Stream.of("generate", "a circle", "--size", "64x64", "--steps", 1, "-o", output);
        return diffuse(variables, Stream.concat(usual, Arrays.stream(options)).toArray());
    }

    private void addLora() throws IOException {
        hub.add(LORA, LoraOptionsTest.write(folder.resolve(LORA), LoraOptionsTest.LAYER));
    }

    private static JsonNode parameters(Run run) throws IOException {
        assertThat(run.code()).as(run.err()).isZero();
        JsonNode json = new ObjectMapper().readTree(run.out());
        assertThat(json.path("warnings")).isEmpty();
        return json.path("parameters");
    }

    private void writeCatalog(String... lines) throws IOException {
        Path file = folder.resolve(".config/diffusion4j/models.txt");
        Files.createDirectories(file.getParent());
        Files.write(file, List.of(lines));
    }

    private static String model(String name) {
        return "model | %s | A model | 64x128 | 2 | 1.5 | heun | -".formatted(name);
    }

    private static String part(String name, String part, String file) {
        return "part | %s | %s | hf:org/model/%s | - | mit | open | verified".formatted(name, part, file);
    }

    /** The files that were asked about. */
    private List<String> asked() {
        return files("HEAD ");
    }

    private List<String> downloads() {
        return files("GET ");
    }

    private List<String> files(String method) {
        return hub.requests().stream()
                .filter(request -> request.startsWith(method) && request.contains("/resolve/"))
                .map(request -> request.substring(request.lastIndexOf('/') + 1))
                .toList();
    }

    private static List<String> lines(Run run, String word) {
        return run.err().lines().filter(line -> line.contains(word)).toList();
    }

    @Test
    void aNameIsDownloadedOnceAndDraws() throws IOException {
        hub.add("new.safetensors", DemoModel.path());
        String reference = "hf:org/model/new.safetensors";
        Run online = generate(Map.of(), "-m", reference, "-s", 3);
        assertThat(online.code()).as(online.err()).isZero();
        assertThat(online.out()).isEqualTo(output + System.lineSeparator());
        assertThat(online.err())
                .contains("org/model/new.safetensors", "to download into", "100 % of", "loading the model");
        assertThat(downloads()).containsExactly("new.safetensors");
        byte[] first = Files.readAllBytes(output);

        Run offline = generate(Map.of("HF_HUB_OFFLINE", "1"), "-m", reference, "-s", 3);
        assertThat(offline.code()).as(offline.err()).isZero();
        assertThat(offline.err()).startsWith("loading the model");
        assertThat(downloads()).hasSize(1);
        assertThat(output).hasBinaryContent(first);
    }

    @Test
    void whatIsHereIsTakenWhereTheHubIsNotReached() {
        hub.stop();
        Run run = encode("-m", REFERENCE, "-q");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.err().lines())
                .singleElement()
                .asString()
                .startsWith("warning: using " + hub.snapshot().resolve(MODEL) + " as it was downloaded before: ");
    }

    @Test
    void standardOutputIsThatOfAFile() {
        assertThat(encode("-m", REFERENCE).out())
                .isEqualTo(encode("-m", DemoModel.path()).out())
                .isNotEmpty();
        assertThat(encode("-m", REFERENCE, "--json").out())
                .isEqualTo(encode("-m", DemoModel.path(), "--json").out())
                .startsWith("{");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-q", "--progress=none"})
    void aDownloadIsShownOnlyWithProgress(String option) throws IOException {
        addLora();
        Run run = generate(Map.of(), "--lora", LORA_REFERENCE, option);
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(downloads()).containsExactly(LORA);
    }

    @Test
    void partsHaveNamesToo() throws IOException {
        hub.addCached(VAE, DemoVae.write(folder.resolve(VAE)));
        writeCatalog(model("mine"), part("mine", "vae", VAE), part("mine", "clip-l", "none.gguf"));
        assertThat(encode("--vae", "hf:org/model/" + VAE).code()).isZero();
        assertThat(asked()).containsExactly(VAE);

        Run run = encode("--vae", "Mine");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.err()).startsWith("A model; licence: mit" + System.lineSeparator());
        assertThat(asked()).containsOnly(VAE);

        assertRefused(
                encode("--t5xxl", "mine"),
                ExitCode.MODEL_FILE,
                "mine has no file for --t5xxl, but for --vae, --clip-l");
    }

    @Test
    void lorasAndEmbeddingsHaveNamesToo() throws IOException {
        addLora();
        writeCatalog(model("ink"), part("ink", "model", LORA));
        JsonNode byPath = parameters(generate(Map.of(), "--json", "--lora", folder.resolve(LORA) + ":0.8"));
        assertThat(byPath.at("/request/loras/0/multiplier").asDouble()).isEqualTo(0.8);
        assertThat(hub.requests()).isEmpty();
        for (String name : List.of(LORA_REFERENCE, "ink")) {
            JsonNode byName = parameters(generate(Map.of(), "--json", "--lora", name + ":0.8"));
            assertThat(byName.path("loras")).isNotEmpty().isEqualTo(byPath.path("loras"));
        }
        assertThat(downloads()).containsExactly(LORA);

        assertRefused(
                diffuse("embed", "x", "-o", folder.resolve("x.npy"), "--embedding", "sks=hf:org/model/sks.pt"),
                ExitCode.MODEL_FILE,
                "the hub has no file org/model/sks.pt");
    }

    @Test
    void aShortNameBringsPartsAndSettings() throws IOException {
        hub.addCached(VAE, DemoVae.write(folder.resolve(VAE)));
        writeCatalog(model("mine"), part("mine", "model", MODEL), part("mine", "vae", VAE));
        Run run = diffuse("generate", "a circle", "-m", "mine", "--json", "-o", output);
        JsonNode parameters = parameters(run);
        assertThat(lines(run, "mine brings "))
                .containsExactly(
                        "mine brings --model, --vae",
                        "mine brings --width 64 --height 128 --steps 2 --cfg-scale 1.5 --sampler heun");
        assertThat(lines(run, "licence")).containsExactly("A model; licence: mit");
        assertThat(asked()).containsExactlyInAnyOrder(MODEL, VAE);
        assertThat(parameters.at("/width").asInt()).isEqualTo(64);
        assertThat(parameters.at("/height").asInt()).isEqualTo(128);
        assertThat(parameters.at("/request/steps").asInt()).isEqualTo(2);
        assertThat(parameters.at("/request/guidanceScale").asDouble()).isEqualTo(1.5);
        assertThat(parameters.at("/request/sampling/sampler").asText()).isEqualTo("heun");
    }

    @Test
    void whatIsGivenIsNotTakenFromTheName() throws IOException {
        writeCatalog(model("mine"), part("mine", "model", MODEL), part("mine", "vae", "none.safetensors"));
        Run run = diffuse(
                "generate",
                "a circle",
                "-m",
                "mine",
                "--vae",
                DemoVae.write(folder.resolve(VAE)),
                "-H",
                64,
                "--steps",
                1,
                "--sampler",
                "euler",
                "--json",
                "-o",
                output);
        JsonNode parameters = parameters(run);
        assertThat(lines(run, "mine brings ")).containsExactly("mine brings --width 64 --cfg-scale 1.5");
        assertThat(asked()).containsExactly(MODEL);
        assertThat(parameters.at("/height").asInt()).isEqualTo(64);
        assertThat(parameters.at("/request/steps").asInt()).isEqualTo(1);
        assertThat(parameters.at("/request/sampling/sampler").asText()).isEqualTo("euler");
    }

    @Test
    void aSchedulerNoiseLevelsAndAnInputPictureCountAsGiven() throws IOException {
        writeCatalog(model("mine").replace("| -", "| 3"), part("mine", "model", MODEL));
        Run scheduler =
                diffuse("edit", picture, "a circle", "-m", "mine", "--scheduler", "ddim", "--json", "-o", output);
        assertThat(parameters(scheduler).at("/request/steps").asInt()).isEqualTo(2);
        assertThat(lines(scheduler, "mine brings ")).containsExactly("mine brings --steps 2 --cfg-scale 1.5");
        assertThat(ImageIO.read(output.toFile()).getHeight()).isEqualTo(64);

        Run sigmas = diffuse(
                "generate", "a circle", "-m", "mine", "--size", "64x64", "--sigmas", "14.6,0", "--json", "-o", output);
        assertThat(parameters(sigmas).at("/request/steps").asInt()).isEqualTo(1);
        assertThat(lines(sigmas, "mine brings "))
                .containsExactly("mine brings --cfg-scale 1.5 --sampler heun --flow-shift 3.0");
    }

    @Test
    void aSamplerThatTheTableMisspellsIsRefused() throws IOException {
        writeCatalog(model("mine").replace("heun", "huen"), part("mine", "model", MODEL));
        Run run = diffuse("generate", "a circle", "-m", "mine", "-q", "-o", output);
        assertRefused(run, ExitCode.USAGE, "the sampler of mine must be one of");
    }

    @Test
    void aFileOfTheSameSpellingWinsAndAFolderDoesNot() throws IOException {
        // Both are where the tests run.
        assertThat(Path.of("pom.xml")).isRegularFile();
        assertThat(Path.of("src")).isDirectory();
        writeCatalog(model("pom.xml"), part("pom.xml", "model", MODEL), model("src"), part("src", "model", MODEL));
        assertRefused(encode("-m", "pom.xml", "-q"), ExitCode.MODEL_FILE, "pom.xml");
        assertThat(hub.requests()).isEmpty();
        Run run = diffuse("inspect", "src");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out()).startsWith(hub.snapshot().resolve(MODEL) + System.lineSeparator());
    }

    @Test
    void anUnknownWordIsNeitherFileNorName() {
        for (String option : List.of("-m", "--vae", "--taesd", "--llm")) {
            assertRefused(
                    encode(option, "sdxl-trubo"),
                    ExitCode.MODEL_FILE,
                    "there is no file sdxl-trubo, and \"sdxl-trubo\" is no model's name; did you mean sdxl-turbo?");
        }
        assertRefused(diffuse("inspect", "sdxl-trubo"), ExitCode.MODEL_FILE, "there is no file sdxl-trubo, and ");
        assertThat(hub.requests()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"sdxl.safetensors", "sdxl.GGUF", "org/model", "./sdxl", "~sdxl", ".sdxl"})
    void whatLooksLikeAPathIsOne(String path) {
        assertRefused(encode("-m", path, "-q"), ExitCode.MODEL_FILE, Path.of(path) + " does not exist");
        assertThat(hub.requests()).isEmpty();
    }

    @Test
    void aPartIsNoModel() throws IOException {
        writeCatalog(model("mine"), part("mine", "vae", VAE));
        assertRefused(
                encode("-m", "mine"),
                ExitCode.MODEL_FILE,
                "mine is no model, but a part of models; it is given by --vae");
        assertThat(hub.requests()).isEmpty();
    }

    @Test
    void referencesOfAnotherFormAreExplained() {
        assertRefused(encode("-m", "hf:model"), ExitCode.USAGE, "names no repository");
        assertRefused(encode("-m", "hf:org/model:Q4_0"), ExitCode.USAGE, "Q4_0");
    }

    @Test
    void aLicenceHasToBeAcceptedFirst() throws IOException {
        addLora();
        hub.requireToken("hf_right");
        assertRefused(generate(Map.of(), "--lora", LORA_REFERENCE), ExitCode.MODEL_FILE, "HF_TOKEN");
        assertRefused(
                generate(Map.of("HF_TOKEN", "hf_wrong"), "--lora", LORA_REFERENCE), ExitCode.MODEL_FILE, "licence");
        Run run = generate(Map.of("HF_TOKEN", "hf_right"), "--lora", LORA_REFERENCE);
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.err()).doesNotContain("hf_right");
    }

    @Test
    void offlineNothingIsDownloaded() throws IOException {
        addLora();
        assertRefused(
                generate(Map.of("HF_HUB_OFFLINE", "1"), "--lora", LORA_REFERENCE),
                ExitCode.MODEL_FILE,
                "no request may be sent");
        assertThat(hub.requests()).isEmpty();
    }

    @Test
    void aDownloadIsCancelledAsDrawingIs() throws IOException {
        addLora();
        Cancellation cancellation = new Cancellation();
        hub.cutNextDownload(cancellation::request);
        Run cancelled = Run.diffuse(
                hub.environment(), "", cancellation, "generate", "x", "-q", "-o", output, "--lora", LORA_REFERENCE);
        assertRefused(cancelled, ExitCode.CANCELLED, "the download was cancelled; what came is kept");
        assertThat(output).doesNotExist();
        assertThat(generate(Map.of(), "--lora", LORA_REFERENCE).code()).isZero();
    }

    private static void assertRefused(Run run, int code, String message) {
        assertThat(run.err().lines())
                .singleElement()
                .asString()
                .startsWith("diffuse: ")
                .contains(message);
        assertThat(run.code()).isEqualTo(code);
        assertThat(run.out()).isEmpty();
    }
}
