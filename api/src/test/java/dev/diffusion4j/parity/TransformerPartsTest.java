package dev.diffusion4j.parity;

import static dev.diffusion4j.parity.FamilyGoldens.PROMPT;
import static dev.diffusion4j.parity.FamilyGoldens.TOLERANCE;
import static dev.diffusion4j.parity.FamilyGoldens.distance;
import static dev.diffusion4j.parity.FamilyGoldens.options;
import static dev.diffusion4j.parity.FamilyGoldens.requireClose;
import static dev.diffusion4j.parity.FamilyGoldens.requirePrediction;
import static dev.diffusion4j.parity.FamilyGoldens.startingNoise;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.ImageGeneration;
import dev.diffusion4j.ModelOpener;
import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.component.DiffusionTransformer;
import dev.diffusion4j.component.LatentDistribution;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.scheduler.EulerScheduler;
import dev.diffusion4j.scheduler.FlowMatchEulerScheduler;
import dev.diffusion4j.scheduler.PredictionType;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerType;
import dev.diffusion4j.scheduler.Timestep;
import dev.diffusion4j.tensor.ImageTensors;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The pipeline by hand for diffusion transformers: the loop in Java against the native sampler, and what each part takes. */
@Tag("native")
@Timeout(600)
class TransformerPartsTest {

    /** Of 8 bits: only values that round otherwise differ. */
    private static final double LEAST_PSNR = 50;

    private static final Shape LATENTS = Shape.of(1, 16, 8, 16);

    @TempDir
    private Path folder;

    private Path file(String name) {
        return FamilyGoldens.write(name, folder);
    }

    private DiffusionModel openFlux(String name) {
        return options()
                .diffusionModel(file(name))
                .clipL(file("clip-l"))
                .vae(file("vae16"))
                .open();
    }

    private DiffusionModel openZImage() {
        return openZImage(options());
    }

    private DiffusionModel openZImage(ModelOpener options) {
        return options.diffusionModel(file("z-image"))
                .languageModel(file("qwen3"))
                .vae(file("vae16"))
                .open();
    }

    private DiffusionModel openQwenImage() {
        return options()
                .diffusionModel(file("qwen-image"))
                .languageModel(file("qwen2.5"))
                .vae(file("wan-vae"))
                .open();
    }

    private DiffusionModel openKlein() {
        return options()
                .diffusionModel(file("flux2-klein"))
                .languageModel(file("qwen3"))
                .vae(file("vae32"))
                .open();
    }

    // ---- the loop ----

    private static Scheduler euler() {
        return FlowMatchEulerScheduler.builder().build().withSigmas(1, 0.6f, 0.25f, 0);
    }

    private static void requireLoopAsNative(DiffusionModel model, double guidance, String golden) {
        assertThat(distance(golden, requireLoopAsNative(model, guidance))).isLessThan(TOLERANCE);
    }

    private static GeneratedImage requireLoopAsNative(DiffusionModel model, double guidance) {
        ImageGeneration request = FamilyGoldens.as(model.textToImage(PROMPT)).guidanceScale(guidance);
        GeneratedImage ours = request.sampling(Sampling.with(euler())).generate();
        GeneratedImage natives = FamilyGoldens.as(model.textToImage(PROMPT))
                .guidanceScale(guidance)
                .sampling(FamilyGoldens.FLOW)
                .generate();
        assertThat(psnr(ours.pixels(), natives.pixels())).isGreaterThan(LEAST_PSNR);
        return ours;
    }

    private static double psnr(MemorySegment one, MemorySegment other) {
        double squares = 0;
        for (long i = 0; i < one.byteSize(); i++) {
            int difference = Byte.toUnsignedInt(one.get(ValueLayout.JAVA_BYTE, i))
                    - Byte.toUnsignedInt(other.get(ValueLayout.JAVA_BYTE, i));
            squares += difference * difference;
        }
        return squares == 0 ? Double.POSITIVE_INFINITY : 10 * Math.log10(255 * 255 * one.byteSize() / squares);
    }

    @Test
    void zImage() {
        try (DiffusionModel model = openZImage()) {
            assertThat(model.transformer().predictionType()).isEqualTo(PredictionType.FLOW);
            assertThat(model.denoiser()).isSameAs(model.transformer());
            requireLoopAsNative(model, 1, "z-image");
            requirePictureByHand(model);
            requireDefaultsDraw(model);
        }
    }

    /** Qwen's tokenizer composes characters, so both texts are the same to the model. */
    private static void requirePromptsAreComposed(DiffusionModel model) {
        try (Conditioning composed = model.encodePrompt("caf\u00e9");
                Conditioning decomposed = model.encodePrompt("cafe\u0301")) {
            assertThat(decomposed.context().shape())
                    .isEqualTo(composed.context().shape());
            assertThat(decomposed
                            .context()
                            .segment()
                            .mismatch(composed.context().segment()))
                    .isEqualTo(-1);
        }
    }

    @Test
    void zImageInAProcessOfItsOwn() {
        try (DiffusionModel model = openZImage(options().isolated())) {
            requirePromptsAreComposed(model);
            try (Conditioning conditioning = model.encodePrompt(PROMPT)) {
                requireClose("z-image.text", conditioning.context());
                requirePrediction("z-image", model.transformer(), conditioning, 21);
            }
        }
    }

    @Test
    void fluxSchnell() {
        try (DiffusionModel model = openFlux("flux-schnell")) {
            requireLoopAsNative(model, 1, "flux-schnell");
            assertThat(model.transformer().predictionType()).isEqualTo(PredictionType.FLUX_FLOW);
            requireDefaultsDraw(model);
            requireAdviceForWhatItHasNot(model);
            requireRefusals(model);
        }
    }

    /** Without a picture to look at, it is FLUX.1 dev, which is told its guidance. */
    @Test
    void fluxWithDistilledGuidance() {
        try (DiffusionModel model = openFlux("flux-kontext")) {
            requireLoopAsNative(model, 1);
            requireGuidanceThatMatters(model);
        }
    }

    @Test
    void flux2Klein() {
        try (DiffusionModel model = openKlein()) {
            requireLoopAsNative(model, 1, "flux2-klein");
            assertThat(model.transformer().predictionType()).isEqualTo(PredictionType.FLUX2_FLOW);
            assertThat(model.transformer().patchSize()).isEqualTo(1);
            requireEncoding(model, Shape.of(1, 128, 4, 8));
        }
    }

    @Test
    void sd35() {
        try (DiffusionModel model = options().open(file("sd3.5"))) {
            requireLoopAsNative(model, 1, "sd3.5");
            requireLoopAsNative(model, 4, "sd3.5.guided");
            assertThat(model.transformer().vectorSize()).isEqualTo(2048);
            assertThat(model.vae().scalingFactor()).isCloseTo(1.5305, within(1e-6));
            assertThat(model.vae().shiftFactor()).isCloseTo(0.0609, within(1e-6));
            requireNoLargerLatentsThanPositions(model);
        }
    }

    @Test
    void qwenImage() {
        try (DiffusionModel model = openQwenImage()) {
            requireLoopAsNative(model, 1, "qwen-image");
            assertThat(model.transformer().predictionType()).isEqualTo(PredictionType.FLOW);
            requireEncoding(model, LATENTS);
            assertThatThrownBy(() -> model.vae().scalingFactor())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("scalingFactors()");
            assertThat(model.vae().scalingFactors()).hasSize(16);
            assertThat(model.vae().shiftFactors()[0]).isCloseTo(-0.7571f, within(1e-4f));
        }
    }

    // ---- single parts ----

    /** The norm of the difference over the reference's. */
    private static double error(Tensor actual, Tensor expected) {
        assertThat(actual.size()).isEqualTo(expected.size());
        double difference = 0;
        double norm = 0;
        for (long i = 0; i < expected.size(); i++) {
            difference += Math.pow(actual.getFlat(i) - expected.getFlat(i), 2);
            norm += Math.pow(expected.getFlat(i), 2);
        }
        return Math.sqrt(difference / norm);
    }

    /** The loop as a user writes it. */
    private static void requirePictureByHand(DiffusionModel model) {
        DiffusionTransformer transformer = model.transformer();
        Scheduler scheduler = euler().withImageSeqLen(transformer.imageSeqLen(8, 16));
        GeneratedImage expected = FamilyGoldens.as(model.textToImage(PROMPT))
                .sampling(Sampling.with(euler()))
                .generate();
        try (Conditioning prompt = model.encodePrompt(PROMPT);
                Tensor latents = startingNoise(16);
                Tensor velocity = Tensor.zeros(LATENTS)) {
            for (Timestep t : scheduler.timesteps()) {
                transformer.predictNoise(latents, t.value(), prompt, velocity);
                scheduler.step(velocity, t, latents);
            }
            assertThat(model.vae().decodeToImage(latents).getRGB(70, 20))
                    .isEqualTo(expected.toBufferedImage().getRGB(70, 20));
        }
    }

    /** Schedulers by their names, and the native noise levels. */
    private static void requireDefaultsDraw(DiffusionModel model) {
        PredictionType prediction = model.transformer().predictionType();
        float[] levels = model.noiseLevels(NoiseSchedule.SIMPLE, 2, new ImageSize(128, 64));
        assertThat(levels).hasSize(3).startsWith(levels[0]).endsWith(0);
        for (SchedulerType type : SchedulerType.values()) {
            if (type.isFor(prediction)) {
                GeneratedImage image = FamilyGoldens.as(model.textToImage(PROMPT))
                        .steps(2)
                        .sampling(Sampling.with(type.create(prediction)))
                        .generate();
                assertThat(image.report().request().steps()).hasValue(2);
            }
        }
    }

    private static void requireEncoding(DiffusionModel model, Shape shape) {
        try (Tensor picture = ImageTensors.of(FamilyGoldens.picture());
                LatentDistribution encoded = model.vae().encode(picture);
                Tensor latents = encoded.mean();
                Tensor scaled = latents.copy();
                Tensor decoded = model.vae().decode(latents)) {
            assertThat(latents.shape()).isEqualTo(shape);
            assertThat(decoded.shape()).isEqualTo(picture.shape());
            model.vae().toModelScale(scaled);
            assertThat(error(scaled, latents)).isGreaterThan(0.1);
            model.vae().fromModelScale(scaled);
            assertThat(error(scaled, latents)).isLessThan(1e-5);
            assertThatExceptionOfType(InvalidRequestException.class)
                    .isThrownBy(() -> model.vae().decode(picture))
                    .returns("latents", InvalidRequestException::field);
            assertThatExceptionOfType(InvalidRequestException.class)
                    .isThrownBy(() -> model.vae().toModelScale(picture))
                    .returns("latents", InvalidRequestException::field);
        }
    }

    private static void requireGuidanceThatMatters(DiffusionModel model) {
        DiffusionTransformer transformer = model.transformer();
        assertThat(transformer.takesGuidance()).isTrue();
        try (Conditioning conditioning = model.encodePrompt(PROMPT);
                Tensor other = Tensor.zeros(Shape.of(1));
                Tensor two = Tensor.zeros(Shape.of(2));
                Tensor latents = startingNoise(16);
                Tensor usual = Tensor.zeros(LATENTS);
                Tensor changed = Tensor.zeros(LATENTS)) {
            assertThat(conditioning.guidance().orElseThrow().getFlat(0)).isEqualTo(3.5f);
            transformer.predictNoise(latents, 500, conditioning, usual);
            transformer.predictNoise(latents, 500, conditioning.with(Conditioning.GUIDANCE, other), changed);
            assertThat(error(changed, usual)).isGreaterThan(1e-3);
            assertRefused(
                    "guidance",
                    () -> transformer.predictNoise(
                            latents, 500, conditioning.with(Conditioning.GUIDANCE, two), changed));
            Conditioning without = Conditioning.of(conditioning.context())
                    .with(Conditioning.VECTOR, conditioning.vector().orElseThrow());
            assertRefused("guidance", () -> transformer.predictNoise(latents, 500, without, changed));
        }
    }

    // ---- what is refused ----

    private static void requireAdviceForWhatItHasNot(DiffusionModel model) {
        assertThatThrownBy(model::unet).isInstanceOf(ModelFileException.class).hasMessageContaining("transformer()");
        assertThatThrownBy(model::textEncoder)
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("encodePrompt");
        assertThatExceptionOfType(InvalidRequestException.class)
                .isThrownBy(() -> FamilyGoldens.as(model.textToImage(PROMPT))
                        .sampling(Sampling.with(EulerScheduler.stableDiffusion()))
                        .generate())
                .withMessageContaining("predicts flux_flow")
                .withMessageContaining("dpm-solver-multistep, flow-match-euler, flow-match-heun");
    }

    private static void requireRefusals(DiffusionModel model) {
        DiffusionTransformer transformer = model.transformer();
        assertThat(transformer.contextSize()).isEqualTo(4096);
        assertThat(transformer.takesGuidance()).isFalse();
        try (Conditioning text = model.encodePrompt("");
                Conditioning narrow = Conditioning.of(Tensor.zeros(Shape.of(1, 7, 768)));
                Tensor latents = startingNoise(16);
                Tensor ofSd1 = Tensor.zeros(Shape.of(1, 4, 8, 16));
                Tensor other = Tensor.zeros(Shape.of(1, 16, 8, 8));
                Tensor one = Tensor.zeros(Shape.of(1));
                Tensor velocity = Tensor.zeros(LATENTS)) {
            assertThat(text.vector().orElseThrow().shape()).isEqualTo(Shape.of(1, 768));
            assertRefused("latents", () -> transformer.predictNoise(ofSd1, 500, text, ofSd1));
            assertRefused("prediction", () -> transformer.predictNoise(latents, 500, text, other));
            assertRefused("context", () -> transformer.predictNoise(latents, 500, narrow, velocity));
            assertRefused("timestep", () -> transformer.predictNoise(latents, 1000.5, text, velocity));
            assertRefused("timestep", () -> transformer.predictNoise(latents, Double.NaN, text, velocity));
            assertRefused(
                    "vector", () -> transformer.predictNoise(latents, 500, Conditioning.of(text.context()), velocity));
            assertRefused(
                    "vector",
                    () -> transformer.predictNoise(latents, 500, text.with(Conditioning.VECTOR, one), velocity));
            assertRefused(
                    "guidance",
                    () -> transformer.predictNoise(latents, 500, text.with(Conditioning.GUIDANCE, one), velocity));
            assertRefused(
                    "guidanceScale",
                    () -> transformer.predictGuidedNoise(latents, 500, text, text, Double.NaN, velocity));
            assertRefused("prompt", () -> model.encodePrompt("a <lora:x:1>"));
            assertThatThrownBy(() -> model.encodePrompt("(a:.)")).isInstanceOf(InvalidRequestException.class);
            transformer.predictNoise(latents, 1000, text, velocity);
        }
    }

    private static void requireNoLargerLatentsThanPositions(DiffusionModel model) {
        try (Conditioning text = model.encodePrompt("");
                Tensor large = Tensor.zeros(Shape.of(1, 16, 8, 130))) {
            assertRefused("latents", () -> model.transformer().predictNoise(large, 500, text, large));
        }
    }

    private static void assertRefused(String field, Runnable call) {
        assertThatExceptionOfType(InvalidRequestException.class)
                .isThrownBy(call::run)
                .returns(field, InvalidRequestException::field);
    }
}
