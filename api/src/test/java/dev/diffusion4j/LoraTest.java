package dev.diffusion4j;

import static dev.diffusion4j.testing.DrawnPicture.psnr;
import static dev.diffusion4j.testing.Tensors.distance;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.scheduler.EulerScheduler;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import dev.diffusion4j.testing.models.LoraFiles;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A LoRA of text encoder and U-Net on the native path, in the loop in Java, and for the parts by themselves. */
@Tag("native")
@Timeout(300)
class LoraTest {

    private static final String PROMPT = "a red circle on a white background";
    private static final int STEPS = 5;

    private static DiffusionModel sd;
    private static Path lora;

    @BeforeAll
    static void open(@TempDir Path folder) {
        sd = DiffusionModel.open(DemoModel.path());
        lora = new LoraFiles().textEncoder().unet().write(folder.resolve("lora.safetensors"));
    }

    @AfterAll
    static void close() {
        sd.close();
    }

    private static BufferedImage drawNatively(boolean withLora) {
        ImageGeneration request = sd.textToImage(PROMPT)
                .sampling(Sampling.of(Sampler.EULER).withSchedule(NoiseSchedule.DISCRETE))
                .steps(STEPS)
                .seed(3);
        return (withLora ? request.lora(lora, 0.8) : request).generate().toBufferedImage();
    }

    private static ImageGeneration inJava() {
        Scheduler scheduler = EulerScheduler.stableDiffusion()
                .withSigmas(sd.noiseLevels(NoiseSchedule.DISCRETE, STEPS, sd.nativeSize()));
        return sd.textToImage(PROMPT).sampling(Sampling.with(scheduler)).seed(3);
    }

    @Test
    void bothPathsDrawWithItAndTheNextRunWithoutIt() {
        GeneratedImage plain = inJava().generate();
        GeneratedImage changed = inJava().lora(lora, 0.8).generate();
        GeneratedImage plainAgain = inJava().generate();

        assertThat(psnr(plain.toBufferedImage(), changed.toBufferedImage())).isLessThan(30);
        assertThat(plainAgain.pixels().mismatch(plain.pixels())).isEqualTo(-1);
        assertThat(psnr(drawNatively(true), changed.toBufferedImage())).isGreaterThan(35);
        assertThat(psnr(drawNatively(false), plain.toBufferedImage())).isGreaterThan(35);
    }

    @Test
    void itsStrengthCounts() {
        GeneratedImage plain = inJava().generate();

        assertThat(inJava().lora(lora, 0).generate().pixels().mismatch(plain.pixels()))
                .isEqualTo(-1);
        assertThat(inJava().lora(lora, 0.8).lora(lora, -0.8).generate().toBufferedImage())
                .satisfies(image ->
                        assertThat(psnr(image, plain.toBufferedImage())).isGreaterThan(35));
    }

    @Test
    void thePartsDoNotSeeThatOfAGeneration() {
        Tensor latents = Tensor.randomNormal(Shape.of(1, 4, 16, 16), 1);
        try (latents;
                Conditioning before = sd.encodePrompt(PROMPT);
                Tensor noiseBefore = sd.unet().predictNoise(latents, 500, before.context())) {
            drawNatively(true);
            assertPartsGive(latents, before, noiseBefore);

            inJava().lora(lora, 0.8).generate();
            assertPartsGive(latents, before, noiseBefore);

            IllegalStateException failure = new IllegalStateException("no more");
            assertThatThrownBy(() -> inJava().lora(lora, 0.8)
                            .onStep(step -> {
                                throw failure;
                            })
                            .generate())
                    .isSameAs(failure);
            assertPartsGive(latents, before, noiseBefore);
        }
    }

    private static void assertPartsGive(Tensor latents, Conditioning text, Tensor noise) {
        try (Tensor noiseAgain = sd.unet().predictNoise(latents, 500, text.context());
                Conditioning textAgain = sd.encodePrompt(PROMPT)) {
            assertThat(distance(noiseAgain, noise)).isZero();
            assertThat(distance(textAgain.context(), text.context())).isZero();
        }
    }

    @Test
    void aListenerOfTheLoopSeesThePartsWithIt() {
        try (Tensor latents = Tensor.randomNormal(Shape.of(1, 4, 16, 16), 1);
                Conditioning plain = sd.encodePrompt(PROMPT);
                Tensor noise = sd.unet().predictNoise(latents, 500, plain.context())) {
            inJava().lora(lora, 0.8)
                    .onStep(step -> {
                        try (Conditioning changed = sd.encodePrompt(PROMPT);
                                Tensor changedNoise = sd.unet().predictNoise(latents, 500, plain.context())) {
                            assertThat(distance(changed.context(), plain.context()))
                                    .isGreaterThan(1e-3);
                            assertThat(distance(changedNoise, noise)).isGreaterThan(1e-3);
                        }
                    })
                    .generate();
        }
    }
}
