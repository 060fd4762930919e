package dev.diffusion4j.parity;

import static dev.diffusion4j.parity.FamilyGoldens.NEGATIVE_PROMPT;
import static dev.diffusion4j.parity.FamilyGoldens.PROMPT;
import static dev.diffusion4j.parity.FamilyGoldens.TOLERANCE;
import static dev.diffusion4j.parity.FamilyGoldens.distance;
import static dev.diffusion4j.parity.FamilyGoldens.effect;
import static dev.diffusion4j.parity.FamilyGoldens.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.ImageGeneration;
import dev.diffusion4j.component.ClipTextEncoder;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.modelfile.Safetensors;
import dev.diffusion4j.request.LoraMode;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.scheduler.EulerScheduler;
import dev.diffusion4j.scheduler.PredictionType;
import dev.diffusion4j.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A single file of SDXL, in the names of the original, against diffusers and transformers. */
@Tag("native")
@Timeout(600)
class SdxlParityTest {

    private static final int STEPS = 3;
    private static final double GUIDANCE = 5;

    private static Path folder;
    private static Path file;
    private static DiffusionModel sd;

    @BeforeAll
    static void open(@TempDir Path temporary) {
        folder = temporary;
        file = FamilyGoldens.write("sdxl", folder);
        sd = options().open(file);
    }

    @AfterAll
    static void close() throws Exception {
        sd.close();
        Files.delete(file);
    }

    private static ImageGeneration request(DiffusionModel model, double guidance) {
        return FamilyGoldens.as(model.textToImage(PROMPT)).guidanceScale(guidance);
    }

    private static GeneratedImage drawNatively(ImageGeneration request) {
        return request.sampling(Sampling.of(Sampler.EULER).withSchedule(NoiseSchedule.DISCRETE))
                .steps(STEPS)
                .generate();
    }

    private static GeneratedImage drawInJava(double guidance, String negativePrompt) {
        return drawInJava(sd.textToImage(PROMPT), guidance, negativePrompt);
    }

    private static GeneratedImage drawInJava(ImageGeneration request, double guidance, String negativePrompt) {
        return request.size(128, 64)
                .seed(42)
                .guidanceScale(guidance)
                .negativePrompt(negativePrompt)
                .sampling(Sampling.with(EulerScheduler.stableDiffusion()
                        .withSigmas(sd.noiseLevels(NoiseSchedule.DISCRETE, STEPS, new ImageSize(128, 64)))))
                .generate();
    }

    @Test
    void theSecondTextEncodersPooledOutput() {
        ClipTextEncoder encoder = sd.textEncoders().get(1);
        try (Tensor pooled = encoder.pooled(encoder.tokenizer().encode(PROMPT));
                Tensor expected = FamilyGoldens.tensor("sdxl.pooled")) {
            double error = 0;
            double norm = 0;
            for (long i = 0; i < expected.size(); i++) {
                error += Math.pow(pooled.getFlat(i) - expected.getFlat(i), 2);
                norm += Math.pow(expected.getFlat(i), 2);
            }
            assertThat(Math.sqrt(error / norm)).isLessThan(2e-3);
        }
    }

    @Test
    void withoutGuidance() {
        assertThat(distance("sdxl", drawNatively(request(sd, 1)))).isLessThan(TOLERANCE);
        assertThat(distance("sdxl", drawInJava(1, ""))).isLessThan(TOLERANCE);
    }

    @Test
    void withoutANegativePrompt() {
        assertThat(distance("sdxl.guided", drawNatively(request(sd, GUIDANCE)))).isLessThan(TOLERANCE);
        assertThat(distance("sdxl.guided", drawInJava(GUIDANCE, ""))).isLessThan(TOLERANCE);
    }

    @Test
    void withANegativePrompt() {
        GeneratedImage image = drawNatively(request(sd, GUIDANCE).negativePrompt(NEGATIVE_PROMPT));
        assertThat(distance("sdxl.negative", image)).isLessThan(TOLERANCE);
        assertThat(distance("sdxl.negative", drawInJava(GUIDANCE, NEGATIVE_PROMPT)))
                .isLessThan(TOLERANCE);
    }

    @Test
    void aModelThatPredictsVelocity() {
        try (DiffusionModel model =
                options().prediction(PredictionType.V_PREDICTION).open(file)) {
            assertThat(distance("sdxl.v", drawNatively(request(model, 1)))).isLessThan(TOLERANCE);
        }
    }

    /** Which has parts of the matrix that the second text encoder's q, k and v are in this file. */
    @Test
    void aLoraOfTheSecondTextEncoder() {
        Path lora = FamilyGoldens.write("lora.sdxl.te2", folder);
        assertThat(distance("sdxl.te2", drawNatively(request(sd, 1).lora(lora, 1))))
                .isLessThan(TOLERANCE);
        try (DiffusionModel model = options().loraMode(LoraMode.AT_RUNTIME).open(file)) {
            assertThat(distance("sdxl.te2", drawNatively(request(model, 1).lora(lora, 1))))
                    .isLessThan(TOLERANCE);
        }
    }

    @Test
    void aLearnedWordHasVectorsForBothTextEncoders() {
        Path word = FamilyGoldens.write("inversion.sdxl", folder);
        try (DiffusionModel model = options().embedding("<cat>", word).open(file)) {
            String prompt = PROMPT.replace("circle", "<cat>");
            ImageGeneration natively =
                    FamilyGoldens.as(model.textToImage(prompt)).guidanceScale(1);
            assertThat(effect("sdxl.inversion")).isGreaterThan(1);
            assertThat(distance("sdxl.inversion", drawNatively(natively))).isLessThan(TOLERANCE);
            assertThat(distance("sdxl.inversion", drawInJava(model.textToImage(prompt), 1, "")))
                    .isLessThan(TOLERANCE);
            assertThat(distance("sdxl", drawNatively(request(model, 1)))).isLessThan(TOLERANCE);
        }
    }

    @Test
    void aWordOfSd1IsRefused() {
        Path word = new Safetensors().floats("<cat>", 1, 768).write(folder.resolve("sd1-word.safetensors"));
        assertThatExceptionOfType(ModelFileException.class)
                .isThrownBy(() -> options().embedding("<cat>", word).open(file))
                .withMessageContaining("has embeddings 768 wide, this model's text encoders take 768 and 1280");
    }
}
