package dev.diffusion4j.parity;

import static dev.diffusion4j.parity.FamilyGoldens.PROMPT;
import static dev.diffusion4j.parity.FamilyGoldens.TOLERANCE;
import static dev.diffusion4j.parity.FamilyGoldens.distance;
import static dev.diffusion4j.parity.FamilyGoldens.options;
import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.ModelOpener;
import dev.diffusion4j.modelfile.ModelFamily;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Further families that a language model reads prompts for, against diffusers and transformers. */
@Tag("native")
@Timeout(600)
class LanguageModelFamiliesTest {

    @TempDir
    private Path folder;

    private Path file(String name) {
        return FamilyGoldens.write(name, folder);
    }

    private ModelOpener parts(String transformer, String languageModel, String vae) {
        return options()
                .diffusionModel(file(transformer))
                .languageModel(file(languageModel))
                .vae(file(vae));
    }

    private static void requireEqual(ModelOpener parts, ModelFamily family, String name, String prompt) {
        try (DiffusionModel model = parts.open()) {
            assertThat(model.family()).isEqualTo(family);
            GeneratedImage image = FamilyGoldens.as(model.textToImage(prompt))
                    .sampling(FamilyGoldens.FLOW)
                    .guidanceScale(1)
                    .generate();
            assertThat(distance(name, image)).isLessThan(TOLERANCE);
        }
    }

    @Test
    void flux2Dev() {
        requireEqual(parts("flux2-dev", "mistral-small", "vae32"), ModelFamily.FLUX2, "flux2-dev", PROMPT);
    }

    @Test
    void ovisImage() {
        requireEqual(parts("ovis-image", "qwen3", "vae16"), ModelFamily.OVIS_IMAGE, "ovis-image", PROMPT);
    }

    @Test
    void longCatImage() {
        requireEqual(
                parts("longcat-image", "qwen2.5", "vae16"),
                ModelFamily.LONGCAT,
                "longcat-image",
                "a red sign that says 'Hi 5' on a white wall");
    }

    @Test
    void ernieImage() {
        requireEqual(parts("ernie-image", "ministral", "vae32"), ModelFamily.ERNIE_IMAGE, "ernie-image", PROMPT);
    }

    @Test
    void anima() {
        requireEqual(parts("anima", "qwen3-1024", "wan-vae"), ModelFamily.ANIMA, "anima", PROMPT);
    }
}
