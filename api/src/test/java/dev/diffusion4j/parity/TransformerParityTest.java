package dev.diffusion4j.parity;

import static dev.diffusion4j.parity.FamilyGoldens.PROMPT;
import static dev.diffusion4j.parity.FamilyGoldens.TOLERANCE;
import static dev.diffusion4j.parity.FamilyGoldens.distance;
import static dev.diffusion4j.parity.FamilyGoldens.options;
import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.ImageGeneration;
import dev.diffusion4j.ModelOpener;
import dev.diffusion4j.modelfile.ModelFamily;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Diffusion transformers, in one file or in several, against diffusers and transformers. */
@Tag("native")
@Timeout(600)
class TransformerParityTest {

    @TempDir
    private Path folder;

    private Path file(String name) {
        return FamilyGoldens.write(name, folder);
    }

    /** With the guidance that is usual for the family. */
    private static ImageGeneration request(DiffusionModel model) {
        return as(model.textToImage(PROMPT));
    }

    private static ImageGeneration edit(DiffusionModel model) {
        return as(model.edit(FamilyGoldens.picture(), PROMPT));
    }

    private static ImageGeneration as(ImageGeneration request) {
        return FamilyGoldens.as(request).sampling(FamilyGoldens.FLOW);
    }

    private static void requireEqual(DiffusionModel model, ModelFamily family, String name) {
        assertThat(model.family()).isEqualTo(family);
        GeneratedImage image = request(model).generate();
        assertThat(distance(name, image)).isLessThan(TOLERANCE);
    }

    @Test
    void zImage() {
        ModelOpener parts = options()
                .diffusionModel(file("z-image"))
                .languageModel(file("qwen3"))
                .vae(file("vae16"));
        try (DiffusionModel model = parts.open()) {
            requireEqual(model, ModelFamily.Z_IMAGE, "z-image");
        }
    }

    @Test
    void fluxSchnell() {
        ModelOpener parts = options()
                .diffusionModel(file("flux-schnell"))
                .clipL(file("clip-l"))
                .vae(file("vae16"));
        try (DiffusionModel model = parts.open()) {
            requireEqual(model, ModelFamily.FLUX, "flux-schnell");
        }
    }

    @Test
    void fluxKontext() {
        ModelOpener parts = options()
                .diffusionModel(file("flux-kontext"))
                .clipL(file("clip-l"))
                .vae(file("vae16"));
        try (DiffusionModel model = parts.open()) {
            assertThat(distance("flux-kontext", edit(model).generate())).isLessThan(TOLERANCE);
        }
    }

    @Test
    void flux2Klein() {
        ModelOpener parts = options()
                .diffusionModel(file("flux2-klein"))
                .languageModel(file("qwen3"))
                .vae(file("vae32"));
        try (DiffusionModel model = parts.open()) {
            requireEqual(model, ModelFamily.FLUX2_KLEIN, "flux2-klein");
            assertThat(distance("flux2-klein.edit", edit(model).generate())).isLessThan(TOLERANCE);
        }
    }

    @Test
    void sd35InOneFile() {
        try (DiffusionModel model = options().open(file("sd3.5"))) {
            assertThat(model.family()).isEqualTo(ModelFamily.SD3);
            assertThat(distance("sd3.5", request(model).guidanceScale(1).generate()))
                    .isLessThan(TOLERANCE);
            assertThat(distance("sd3.5.guided", request(model).guidanceScale(4).generate()))
                    .isLessThan(TOLERANCE);
        }
    }

    @Test
    void qwenImage() {
        ModelOpener parts = options()
                .diffusionModel(file("qwen-image"))
                .languageModel(file("qwen2.5"))
                .vae(file("wan-vae"));
        try (DiffusionModel model = parts.open()) {
            assertThat(model.family()).isEqualTo(ModelFamily.QWEN_IMAGE);
            assertThat(distance("qwen-image", request(model).guidanceScale(1).generate()))
                    .isLessThan(TOLERANCE);
            assertThat(distance("qwen-image.edit", edit(model).guidanceScale(1).generate()))
                    .isLessThan(TOLERANCE);
        }
    }
}
