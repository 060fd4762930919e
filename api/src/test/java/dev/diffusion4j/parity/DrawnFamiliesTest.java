package dev.diffusion4j.parity;

import static dev.diffusion4j.parity.FamilyGoldens.NEGATIVE_PROMPT;
import static dev.diffusion4j.parity.FamilyGoldens.PROMPT;
import static dev.diffusion4j.parity.FamilyGoldens.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.ModelOpener;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.modelfile.ModelFamily;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Families that nothing here can be compared with: opened by what they are known by, and drawn. */
@Tag("native")
@Timeout(600)
class DrawnFamiliesTest {

    @TempDir
    private Path folder;

    private Path file(String name) {
        return FamilyGoldens.write(name, folder);
    }

    private static GeneratedImage draw(DiffusionModel model, String prompt, int seed, int steps) {
        return model.textToImage(prompt)
                .size(96, 64)
                .seed(seed)
                .steps(steps)
                .guidanceScale(1)
                .generate();
    }

    /** A picture of its size with more than one colour, which another prompt changes, and so do other noise and further steps. */
    private static void requireDraws(ModelOpener parts, ModelFamily family) {
        try (DiffusionModel model = parts.open()) {
            assertThat(model.family()).isEqualTo(family);
            GeneratedImage image = draw(model, PROMPT, 1, 1);
            assertThat(image.width()).isEqualTo(96);
            assertThat(image.height()).isEqualTo(64);
            assertThat(deviation(image)).isGreaterThan(5);
            assertThat(distance(image, draw(model, NEGATIVE_PROMPT, 1, 1))).isPositive();
            assertThat(distance(image, draw(model, PROMPT, 2, 2))).isGreaterThan(1);
        }
    }

    private static int value(GeneratedImage image, long i) {
        return Byte.toUnsignedInt(image.pixels().get(ValueLayout.JAVA_BYTE, i));
    }

    private static double deviation(GeneratedImage image) {
        long count = image.pixels().byteSize();
        double sum = 0;
        double squares = 0;
        for (long i = 0; i < count; i++) {
            sum += value(image, i);
            squares += (double) value(image, i) * value(image, i);
        }
        return Math.sqrt(squares / count - sum / count * sum / count);
    }

    private static double distance(GeneratedImage one, GeneratedImage other) {
        long count = one.pixels().byteSize();
        double sum = 0;
        for (long i = 0; i < count; i++) {
            sum += Math.abs(value(one, i) - value(other, i));
        }
        return sum / count;
    }

    @Test
    void chromaRadiance() {
        ModelOpener transformer = options().diffusionModel(file("chroma-radiance"));
        assertThatExceptionOfType(ModelFileException.class)
                .isThrownBy(transformer::open)
                .withMessageContaining("has no T5 text encoder, which reads the prompts for Chroma Radiance");
        ModelOpener parts = transformer.t5(file("t5"));
        try (DiffusionModel model = parts.open()) {
            assertThat(model.sizeMultiple()).isEqualTo(16);
        }
        requireDraws(parts, ModelFamily.CHROMA_RADIANCE);
    }

    @Test
    void fluxControlWithoutAPicture() {
        ModelOpener transformer = options().diffusionModel(file("flux-control")).clipL(file("clip-l"));
        assertThatExceptionOfType(ModelFileException.class)
                .isThrownBy(transformer::open)
                .withMessageContaining("has no VAE");
        requireDraws(transformer.vae(file("vae16")), ModelFamily.FLUX_CONTROL);
    }

    @Test
    void flex2WithoutAPicture() {
        requireDraws(
                options().diffusionModel(file("flex-2")).clipL(file("clip-l")).vae(file("vae16")), ModelFamily.FLEX_2);
    }
}
