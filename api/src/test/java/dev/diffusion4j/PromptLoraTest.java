package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.request.Lora;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.scheduler.EulerScheduler;
import dev.diffusion4j.testing.models.LoraFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** LoRAs that a prompt names: {@code <lora:name:0.8>}. */
@Tag("native")
@Timeout(300)
class PromptLoraTest {

    private static final String PROMPT = "a red circle on a white background";

    private static DiffusionModel sd;
    private static DiffusionModel isolated;
    private static DiffusionModel withoutFolder;
    private static Path style;
    private static Path other;

    @BeforeAll
    static void open(@TempDir Path folder) throws IOException {
        style = new LoraFiles().textEncoder().unet().write(folder.resolve("sty le.v1.safetensors"));
        Files.createDirectory(folder.resolve("more"));
        other = new LoraFiles().textEncoder().write(folder.resolve("more/other.safetensors"));
        sd = DiffusionModel.options().loraFolder(folder).open(DemoModel.path());
        isolated = DiffusionModel.options().loraFolder(folder).isolated().open(DemoModel.path());
        withoutFolder = DiffusionModel.open(DemoModel.path());
    }

    @AfterAll
    static void close() {
        sd.close();
        isolated.close();
        withoutFolder.close();
    }

    private static ImageGeneration request(DiffusionModel model, String prompt, boolean loopInJava) {
        ImageGeneration request =
                model.textToImage(prompt).size(64, 64).steps(1).seed(3);
        return loopInJava ? request.sampling(Sampling.with(EulerScheduler.stableDiffusion())) : request;
    }

    private static ByteBuffer bytes(GeneratedImage image) {
        return image.pixels().asByteBuffer();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void areAppliedAndTakenOutOfWhatIsDrawn(boolean loopInJava) {
        String prompt = "a red circle <lora:sty le.v1:0.8> on a white background<lora:other:-0.5:1>";
        GeneratedImage drawn = request(sd, prompt, loopInJava).generate();

        assertThat(bytes(drawn))
                .isEqualTo(bytes(request(sd, PROMPT, loopInJava)
                        .lora(style, 0.8)
                        .lora(other, -0.5)
                        .generate()))
                .isEqualTo(bytes(request(isolated, prompt, loopInJava).generate()))
                .isNotEqualTo(bytes(request(sd, PROMPT, loopInJava).generate()));
        assertThat(drawn.warnings()).isEmpty();
        assertThat(drawn.report().request().prompt()).isEqualTo(prompt);
        assertThat(drawn.report().loras()).containsExactly(new Lora(style, 0.8), new Lora(other, 1, -0.5));
        assertThat(drawn.parametersText())
                .startsWith(prompt + "\n")
                .contains("Loras: \"sty le.v1.safetensors: 0.8, other.safetensors: -0.5: 1\"");
        assertThat(drawn.parametersJson())
                .contains("{\"path\":\"other.safetensors\",\"multiplier\":1.0,\"textEncoderMultiplier\":-0.5}");
    }

    @Test
    void joinThoseOfTheRequest() {
        assertThat(bytes(request(sd, PROMPT + " <lora:other>", false)
                        .lora(style, 0.5)
                        .generate()))
                .isEqualTo(bytes(request(sd, PROMPT, false)
                        .lora(style, 0.5)
                        .lora(other, 1)
                        .generate()));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void areLeftOutWithAWarningWithoutAFolder(boolean loopInJava) {
        List<String> warnings = new ArrayList<>();
        GeneratedImage drawn = request(withoutFolder, "<lora:ink:0.8> " + PROMPT + " <lora:pen>", loopInJava)
                .onWarning(warnings::add)
                .generate();

        assertThat(drawn.warnings())
                .isEqualTo(warnings)
                .singleElement()
                .asString()
                .contains("ink, pen", "folder");
        assertThat(bytes(drawn))
                .isEqualTo(bytes(request(withoutFolder, PROMPT, loopInJava).generate()));
    }

    @Test
    void thatAreNotInTheFolderAreAnError() {
        assertThatThrownBy(() -> request(sd, "a circle <lora:othr:1>", false).generate())
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("<lora:othr>")
                .hasMessageContaining("did you mean other?");
    }

    @Test
    void mustBeWrittenRight() {
        assertThatThrownBy(() -> sd.textToImage("a circle <lora:other:0,8>"))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("a number such as 0.8");
        assertThatThrownBy(() -> sd.textToImage("a circle <lora:../other:1>"))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("file names alone");
    }

    @Test
    void areRefusedWhereTheyCannotBeApplied() {
        ImageGeneration request = sd.textToImage(PROMPT);
        assertThatThrownBy(() -> request.negativePrompt("blurry <lora:other:1>"))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("negativePrompt")
                .hasMessageContaining("change the model for both");
        assertThatThrownBy(() -> sd.encodePrompt("a circle <lora:other:1>"))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("a request alone applies");
    }

    @Test
    void needAFolderThatIsThere() {
        ModelOpener options = DiffusionModel.options().loraFolder(style);
        assertThatThrownBy(() -> options.open(DemoModel.path()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("loraFolder");
    }
}
