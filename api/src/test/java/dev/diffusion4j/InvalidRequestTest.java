package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.demo.DemoModel;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Requests that the runtime would crash on, round or misread are refused with the field, the value and what is allowed. */
class InvalidRequestTest {

    private static StableDiffusion sd;

    @BeforeAll
    static void open() {
        sd = StableDiffusion.open(DemoModel.path());
    }

    @AfterAll
    static void close() {
        sd.close();
    }

    private static Arguments bad(String field, String value, Consumer<TextToImageRequest> change) {
        return Arguments.of(field, value, change);
    }

    static Stream<Arguments> badRequests() {
        return Stream.of(
                bad("width", "-64", r -> r.size(-64, 64)),
                bad("height", "0", r -> r.size(64, 0)),
                bad("width", "100", r -> r.size(100, 128).start()),
                bad("height", "200", r -> r.size(128, 200).start()),
                bad("width", "1000000", r -> r.size(1_000_000, 64)),
                bad("steps", "0", r -> r.steps(0)),
                bad("steps", "-1", r -> r.steps(-1)),
                bad("steps", "100000", r -> r.steps(100_000)),
                bad("steps", "1", r -> r.steps(1).schedule(NoiseSchedule.KARRAS).start()),
                bad(
                        "steps",
                        "1",
                        r -> r.steps(1).schedule(NoiseSchedule.EXPONENTIAL).start()),
                bad("steps", "1", r -> r.steps(1).schedule(NoiseSchedule.GITS).start()),
                bad("guidanceScale", "-1", r -> r.guidanceScale(-1)),
                bad("guidanceScale", "NaN", r -> r.guidanceScale(Double.NaN)),
                bad("guidanceScale", "Infinity", r -> r.guidanceScale(Double.POSITIVE_INFINITY)),
                bad("eta", "-0.5", r -> r.eta(-0.5)),
                bad("seed", "-1", r -> r.seed(-1)),
                bad("batchCount", "0", r -> r.batchCount(0)),
                bad("clipSkip", "13", r -> r.clipSkip(13)),
                bad("sigmas", "1 values", r -> r.sigmas(14.6)),
                bad("sigmas[1]", "15.0", r -> r.sigmas(14.6, 15, 0)),
                bad("sigmas[1]", "NaN", r -> r.sigmas(14.6, Double.NaN, 0)),
                bad("flowShift", "0.0", r -> r.flowShift(0)),
                bad("samplerArguments", "a b", r -> r.samplerArguments("a b")),
                bad("negativePrompt", "text with a NUL character", r -> r.negativePrompt("a\0b")),
                bad("negativePrompt", "100001 characters", r -> r.negativePrompt("a".repeat(100_001))),
                bad("lora.multiplier", "NaN", r -> r.lora(Path.of("x.safetensors"), Double.NaN)),
                bad("vaeTiling.tileWidth", "-1", r -> r.vaeTiling(new VaeTiling(-1, 0, 0.5))),
                bad("vaeTiling.overlap", "0.9", r -> r.vaeTiling(new VaeTiling(0, 0, 0.9))),
                bad(
                        "highResFix.scale",
                        "1.0",
                        r -> r.highResFix(new HighResFix(HighResFix.Upscaler.LATENT, 1, 0, 0.5))),
                bad(
                        "width * highResFix.scale",
                        "160",
                        r -> r.size(128, 128)
                                .highResFix(new HighResFix(HighResFix.Upscaler.LATENT, 1.25, 0, 0.5))
                                .start()));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("badRequests")
    void areRefused(String field, String value, Consumer<TextToImageRequest> change) {
        assertThatThrownBy(() -> change.accept(sd.textToImage("a star")))
                .isInstanceOfSatisfying(InvalidRequestException.class, e -> {
                    assertThat(e.field()).isEqualTo(field);
                    assertThat(e.value()).isEqualTo(value);
                    assertThat(e.allowed()).isNotBlank();
                    assertThat(e.getMessage()).doesNotContain("\n").contains(field);
                });
    }

    @Test
    void theNearestSizesAreNamed() {
        assertThatThrownBy(() -> sd.textToImage("a star").size(100, 128).start())
                .hasMessage("width must be a multiple of 64 for this model (nearest: 64 or 128), not 100");
        assertThatThrownBy(() -> sd.textToImage("a star").size(20, 128).start()).hasMessageContaining("(nearest: 64)");
    }

    @Test
    void strengthIsBetweenNothingAndEverything() {
        BufferedImage image = new BufferedImage(128, 128, BufferedImage.TYPE_INT_RGB);
        assertThatThrownBy(() -> sd.imageToImage(image, "a star").strength(-0.1))
                .isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> sd.imageToImage(image, "a star").strength(1.1))
                .isInstanceOf(InvalidRequestException.class);
    }

    @Test
    void aMaskFitsItsPicture() {
        BufferedImage image = new BufferedImage(128, 128, BufferedImage.TYPE_INT_RGB);
        BufferedImage mask = new BufferedImage(64, 128, BufferedImage.TYPE_BYTE_GRAY);
        assertThatThrownBy(() -> sd.inpaint(image, mask, "a star"))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage("mask must be as large as the picture, 128x128, not 64x128");
    }

    @Test
    void aPictureOfAnOddSizeNeedsASizeThatTheModelCanDo() {
        BufferedImage image = new BufferedImage(100, 128, BufferedImage.TYPE_INT_RGB);
        assertThatThrownBy(() -> sd.imageToImage(image, "a star").start())
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("width");
        assertThat(sd.imageToImage(image, "a star")
                        .size(128, 128)
                        .steps(2)
                        .generate()
                        .width())
                .isEqualTo(128);
    }

    @Test
    void aPromptThatTheParserChokesOnIsNoCrash() {
        // The runtime reads ".": an uncaught std::invalid_argument without the guard.
        assertThatThrownBy(() -> sd.textToImage("a star (a:.)").steps(1).generate())
                .isInstanceOf(DiffusionException.class);
        assertThat(sd.textToImage("a star").steps(1).generate().width()).isEqualTo(128);
    }

    @Test
    void aMissingLoraIsRefused(@TempDir Path folder) throws Exception {
        assertThatThrownBy(() -> sd.textToImage("a star")
                        .lora(folder.resolve("no.safetensors"), 1)
                        .start())
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("no.safetensors");
        Path text = Files.writeString(folder.resolve("text.safetensors"), "hello");
        assertThatThrownBy(() -> sd.textToImage("a star").lora(text, 1).start()).isInstanceOf(ModelFileException.class);
        assertThatThrownBy(
                        () -> sd.textToImage("a star").lora(DemoModel.path(), 1).start())
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("LoRA");
    }

    @Test
    void filesThatAreNoModelsAreRefused(@TempDir Path folder) throws Exception {
        Path missing = folder.resolve("missing.safetensors");
        assertThatThrownBy(() -> StableDiffusion.open(missing))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining(missing.toString());
        Path text = Files.writeString(folder.resolve("model.ckpt"), "I am not a model");
        assertThatThrownBy(() -> StableDiffusion.open(text))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining(text.toString());
        assertThatThrownBy(() -> StableDiffusion.open(folder)).isInstanceOf(ModelFileException.class);
        assertThatThrownBy(() -> StableDiffusion.options().vae(missing).open(DemoModel.path()))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("missing.safetensors");
        assertThatThrownBy(
                        () -> StableDiffusion.options().embedding("puppy", text).open(DemoModel.path()))
                .isInstanceOf(ModelFileException.class);
    }

    @Test
    void optionsAreChecked() {
        assertThatThrownBy(() -> StableDiffusion.options().threads(0)).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> StableDiffusion.options().vramBudget(-2)).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> StableDiffusion.options().weightTypeRules("(=f16"))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("regular expression");
        assertThatThrownBy(() -> StableDiffusion.options().weightTypeRules("vae=f8"))
                .isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> StableDiffusion.options().embedding("two words", Path.of("x")))
                .isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> StableDiffusion.options().open()).isInstanceOf(InvalidRequestException.class);
    }
}
