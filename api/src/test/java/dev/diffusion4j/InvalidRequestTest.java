package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.request.HighResFix;
import dev.diffusion4j.request.MemoryBudget;
import dev.diffusion4j.request.NativeSampling;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.SamplerChoice;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.request.VaeTiling;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Requests out of range are refused with the field, the value and what is allowed. Those on which the runtime crashes are
 * {@link BadInputTest}'s.
 */
@Tag("native")
class InvalidRequestTest {

    private static DiffusionModel sd;

    @BeforeAll
    static void open() {
        sd = DiffusionModel.open(DemoModel.path());
    }

    @AfterAll
    static void close() {
        sd.close();
    }

    private static Arguments bad(String field, String value, Consumer<ImageGeneration> change) {
        return Arguments.of(field, value, change);
    }

    static Stream<Arguments> badRequests() {
        return Stream.of(
                bad("width", "1000000", r -> r.size(1_000_000, 64)),
                bad("steps", "100000", r -> r.steps(100_000)),
                bad("guidanceScale", "-1", r -> r.guidanceScale(-1)),
                bad("guidanceScale", "NaN", r -> r.guidanceScale(Double.NaN)),
                bad("guidanceScale", "Infinity", r -> r.guidanceScale(Double.POSITIVE_INFINITY)),
                bad("eta", "-0.5", r -> r.sampling(Sampling.standard().withEta(-0.5))),
                bad("seed", "-1", r -> r.seed(-1)),
                bad("batchCount", "0", r -> r.batchCount(0)),
                bad("clipSkip", "13", r -> r.clipSkip(13)),
                bad("sigmas", "1 values", r -> r.sampling(Sampling.standard().withSigmas(14.6))),
                bad("sigmas[1]", "15.0", r -> r.sampling(Sampling.standard().withSigmas(14.6, 15, 0))),
                bad("sigmas[1]", "NaN", r -> r.sampling(Sampling.standard().withSigmas(14.6, Double.NaN, 0))),
                bad("flowShift", "0.0", r -> r.sampling(Sampling.standard().withFlowShift(0))),
                bad(
                        "samplerArguments",
                        "a b",
                        r -> r.sampling(Sampling.standard().withArguments("a b"))),
                bad("negativePrompt", "text with a NUL character", r -> r.negativePrompt("a\0b")),
                bad("negativePrompt", "100001 characters", r -> r.negativePrompt("a".repeat(100_001))),
                bad("lora.multiplier", "NaN", r -> r.lora(Path.of("x.safetensors"), Double.NaN)),
                bad("vaeTiling.tileWidth", "-1", r -> r.vaeTiling(new VaeTiling(-1, 0, 0.5))),
                bad("vaeTiling.overlap", "0.9", r -> r.vaeTiling(new VaeTiling(0, 0, 0.9))),
                bad(
                        "highResFix.scale",
                        "1.0",
                        r -> r.sampling(Sampling.standard()
                                .withHighResFix(new HighResFix(HighResFix.Upscaler.LATENT, 1, 0, 0.5)))),
                bad(
                        "width * highResFix.scale",
                        "160",
                        r -> r.size(128, 128)
                                .sampling(Sampling.standard()
                                        .withHighResFix(new HighResFix(HighResFix.Upscaler.LATENT, 1.25, 0, 0.5)))
                                .start()));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("badRequests")
    void areRefused(String field, String value, Consumer<ImageGeneration> change) {
        assertThatThrownBy(() -> change.accept(sd.textToImage("a star")))
                .isInstanceOfSatisfying(InvalidRequestException.class, e -> {
                    assertThat(e.field()).isEqualTo(field);
                    assertThat(e.value()).isEqualTo(value);
                    assertThat(e.allowed()).isNotBlank();
                    assertThat(e.getMessage()).doesNotContain("\n").contains(field);
                });
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
    void theNameOfASamplerMayGiveTheSchedule() {
        ImageGeneration request = sd.textToImage("a star").size(64, 64).steps(2);
        NativeSampling named = sampling(request.sampling(Sampling.of(SamplerChoice.of("DPM++ 2M Karras"))));
        assertThat(named.sampler()).contains(Sampler.DPMPP_2M);
        assertThat(named.schedule()).contains(NoiseSchedule.KARRAS);

        NativeSampling alone = sampling(request.sampling(Sampling.of(Sampler.DPMPP_2M)));
        assertThat(alone.schedule()).contains(sd.defaultSchedule(Sampler.DPMPP_2M));
    }

    private static NativeSampling sampling(ImageGeneration request) {
        return (NativeSampling) request.generate().report().request().sampling();
    }

    @Test
    void sigmasAndScheduleDoNotGoTogether() {
        NativeSampling sigmas = Sampling.standard().withSigmas(14, 7, 0);
        NativeSampling schedule = Sampling.of(NoiseSchedule.KARRAS);

        assertThatThrownBy(() -> sigmas.withSchedule(NoiseSchedule.KARRAS)).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> schedule.withSigmas(14, 7, 0)).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(
                        () -> sd.textToImage("a star").sampling(sigmas).steps(3).start())
                .isInstanceOfSatisfying(
                        InvalidRequestException.class,
                        e -> assertThat(e.field()).isEqualTo("steps"));
    }

    @Test
    void aModelThatLooksAtNoOtherPicturesRefusesThem() {
        BufferedImage image = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
        assertThatThrownBy(() -> sd.edit(image, "make it a star").start())
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("references")
                .hasMessageContaining("SD 1.x");
    }

    @Test
    void optionsAreChecked() {
        assertThatThrownBy(() -> DiffusionModel.options().threads(0)).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> MemoryBudget.gib(-2)).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> DiffusionModel.options().embedding("two words", Path.of("x")))
                .isInstanceOf(InvalidRequestException.class);
    }
}
