package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.StringJoiner;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** LoRAs by {@code --lora}, and by the prompt with {@code --lora-dir}: what is applied, and what is said of the rest. */
class LoraOptionsTest {

    private static final int RANK = 4;

    static final String LAYER = "lora_unet_up_blocks_2_attentions_1_transformer_blocks_0_attn2_to_v";

    @TempDir
    private Path folder;

    private Path style;
    private Path half;
    private Path nowhere;

    @BeforeEach
    void writeLoras() throws IOException {
        Path loras = Files.createDirectory(folder.resolve("loras"));
        style = write(loras.resolve("style.safetensors"), LAYER);
        half = write(folder.resolve("half.safetensors"), LAYER, "lora_unet_no_such_block");
        nowhere = write(folder.resolve("nowhere.safetensors"), "lora_unet_no_such_block");
    }

    static Path write(Path file, String... layers) throws IOException {
        Random random = new Random(1);
        StringJoiner header = new StringJoiner(",", "{", "}");
        List<Float> values = new ArrayList<>();
        for (String layer : layers) {
            header.add(entry(layer + ".lora_down.weight", RANK, 768, values, random));
            header.add(entry(layer + ".lora_up.weight", 128, RANK, values, random));
        }
        byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer content = ByteBuffer.allocate(Long.BYTES + json.length + values.size() * Float.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN);
        content.putLong(json.length).put(json);
        values.forEach(content::putFloat);
        return Files.write(file, content.array());
    }

    private static String entry(String name, int rows, int columns, List<Float> values, Random random) {
        int begin = values.size() * Float.BYTES;
        for (int i = 0; i < rows * columns; i++) {
            values.add((float) random.nextGaussian() * 0.5f);
        }
        return "\"%s\":{\"dtype\":\"F32\",\"shape\":[%d,%d],\"data_offsets\":[%d,%d]}"
                .formatted(name, rows, columns, begin, values.size() * Float.BYTES);
    }

    private Run draw(String name, String prompt, Object... options) {
        Stream<Object> usual =
                Stream.of("generate", prompt, "-s", 3, "--size", "64x64", "--steps", 1, "-o", folder.resolve(name));
        return Run.diffuse(Stream.concat(usual, Stream.of(options)).toArray());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-q", "--isolated"})
    void saysWhatOfALoraIsLeftOut(String option) {
        Run run = draw(
                "a.png",
                "a circle",
                Stream.of("--lora", half, option)
                        .filter(word -> !word.equals(""))
                        .toArray());

        assertThat(run.code()).isZero();
        assertThat(run.err().lines().filter(line -> line.startsWith("warning: ")))
                .singleElement()
                .asString()
                .contains(half.toString(), "2 of its 4 tensors", "lora_unet_no_such_block.lora_up.weight");
        assertThat(run.out()).isEqualTo(folder.resolve("a.png") + System.lineSeparator());
    }

    @Test
    void saysItInJsonToo() throws IOException {
        JsonNode partly = new ObjectMapper()
                .readTree(draw("a.png", "a circle", "--json", "--lora", half).out());
        assertThat(partly.path("warnings")).hasSize(1);
        assertThat(partly.at("/warnings/0").asText()).contains(half.toString(), "2 of its 4 tensors");

        JsonNode whole = new ObjectMapper()
                .readTree(draw("b.png", "a circle", "--json", "--lora", style).out());
        assertThat(whole.path("warnings").isArray()).isTrue();
        assertThat(whole.path("warnings")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"auto", "immediately", "at-runtime"})
    void refusesALoraThatFitsNowhere(String mode) {
        Run run = draw("a.png", "a circle", "--lora", nowhere, "--lora-mode", mode);

        assertThat(run.code()).isEqualTo(ExitCode.MODEL_FILE);
        assertThat(run.err()).contains("diffuse: ", nowhere.toString(), "none of its 2 tensors");
        assertThat(run.out()).isEmpty();
        assertThat(folder.resolve("a.png")).doesNotExist();
    }

    @Test
    void writesNothingElseToStandardOutput() throws IOException {
        Run run = draw("a.png", "a circle", "--lora", half, "--lora-mode", "at-runtime", "--json");

        assertThat(new ObjectMapper().readTree(run.out()).path("files")).hasSize(1);
    }

    @Test
    void appliesWhatThePromptNames() throws IOException {
        assertThat(draw("plain.png", "a circle").code()).isZero();
        assertThat(draw("option.png", "a circle", "--lora", style + ":0.8").code())
                .isZero();
        Run run = draw("prompt.png", "a circle <lora:style:0.8>", "--lora-dir", folder.resolve("loras"), "--json");

        assertThat(run.code()).isZero();
        assertThat(run.err()).doesNotContain("warning");
        JsonNode parameters = new ObjectMapper().readTree(run.out()).at("/parameters");
        assertThat(parameters.at("/request/prompt").asText()).isEqualTo("a circle <lora:style:0.8>");
        assertThat(parameters.at("/request/loras").isMissingNode()).isTrue();
        assertThat(parameters.at("/loras/0/path").asText()).isEqualTo("style.safetensors");
        assertThat(pixels("prompt.png")).isEqualTo(pixels("option.png")).isNotEqualTo(pixels("plain.png"));
    }

    private int[] pixels(String name) throws IOException {
        BufferedImage image = ImageIO.read(folder.resolve(name).toFile());
        return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    }

    @Test
    void saysThatWhatThePromptNamesIsLeftOutWithoutAFolder() {
        Run run = draw("a.png", "a circle <lora:style:0.8>");

        assertThat(run.code()).isZero();
        assertThat(run.err().lines().filter(line -> line.startsWith("warning: ")))
                .singleElement()
                .asString()
                .contains("style", "without a folder");
    }

    @Test
    void explainsWhatCannotBeFoundOrRead() {
        Path loras = folder.resolve("loras");
        assertThat(draw("a.png", "a circle <lora:stile:0.8>", "--lora-dir", loras))
                .satisfies(run -> assertThat(run.code()).isEqualTo(ExitCode.USAGE))
                .satisfies(run -> assertThat(run.err()).contains("PROMPT", "did you mean style?"));
        assertThat(draw("a.png", "a circle <lora:style:0,8>", "--lora-dir", loras))
                .satisfies(run -> assertThat(run.code()).isEqualTo(ExitCode.USAGE))
                .satisfies(run -> assertThat(run.err()).contains("PROMPT", "a number such as 0.8", "<lora:style:0,8>"));
        assertThat(draw("a.png", "a circle", "--lora", style + ":0,8"))
                .satisfies(run -> assertThat(run.code()).isEqualTo(ExitCode.USAGE))
                .satisfies(run -> assertThat(run.err()).contains("--lora", "a number such as 0.8"));
        assertThat(draw("a.png", "a circle", "-n", "<lora:style:1>", "--lora-dir", loras))
                .satisfies(run -> assertThat(run.code()).isEqualTo(ExitCode.USAGE))
                .satisfies(run -> assertThat(run.err()).contains("--negative-prompt", "change the model for both"));
        assertThat(draw("a.png", "a circle", "--lora-dir", style))
                .satisfies(run -> assertThat(run.code()).isEqualTo(ExitCode.USAGE))
                .satisfies(run -> assertThat(run.err()).contains("--lora-dir must be a folder"));
    }
}
