package dev.diffusion4j.parity;

import static dev.diffusion4j.parity.FamilyGoldens.PROMPT;
import static dev.diffusion4j.parity.FamilyGoldens.TOLERANCE;
import static dev.diffusion4j.parity.FamilyGoldens.distance;
import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.ImageGeneration;
import dev.diffusion4j.ModelOpener;
import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.modelfile.ModelFamily;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.scheduler.FlowMatchEulerScheduler;
import dev.diffusion4j.tensor.Shape;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Families that a T5 reads prompts for, with one of XXL's widths and two blocks, against diffusers and transformers. */
@Tag("native")
@Timeout(600)
class T5ParityTest {

    private static Path t5;

    @TempDir
    private Path folder;

    @BeforeAll
    static void write(@TempDir Path temporary) {
        t5 = FamilyGoldens.write("t5", temporary);
    }

    @AfterAll
    static void delete() throws Exception {
        Files.delete(t5);
    }

    private Path file(String name) {
        return FamilyGoldens.write(name, folder);
    }

    private static ModelOpener options() {
        return FamilyGoldens.options().t5(t5);
    }

    private static ImageGeneration request(DiffusionModel model) {
        return FamilyGoldens.as(model.textToImage(PROMPT)).sampling(FamilyGoldens.FLOW);
    }

    private static void requireText(DiffusionModel model, String golden) {
        try (Conditioning conditioning = model.encodePrompt(PROMPT)) {
            FamilyGoldens.requireClose(golden, conditioning.context());
        }
    }

    /** 280 of CLIP's tokens, of which 75 fit into a piece, and 360 of T5's, of which 255 do. */
    private static void requireNothingCutShort(DiffusionModel model) {
        try (Conditioning conditioning = model.encodePrompt((PROMPT + " ").repeat(40))) {
            assertThat(conditioning.context().shape()).isEqualTo(Shape.of(1, 4 * 77 + 2 * 256, 4096));
        }
    }

    @Test
    void sd35() {
        try (DiffusionModel model = options().open(file("sd3.5"))) {
            requireText(model, "sd3.5.t5.text");
            requireNothingCutShort(model);
            assertThat(distance("sd3.5.t5", request(model).guidanceScale(1).generate()))
                    .isLessThan(TOLERANCE);
        }
    }

    @Test
    void fluxSchnell() {
        ModelOpener parts = options()
                .diffusionModel(file("flux-schnell"))
                .clipL(file("clip-l"))
                .vae(file("vae16"));
        try (DiffusionModel model = parts.open()) {
            requireText(model, "flux-schnell.t5.text");
            assertThat(distance("flux-schnell.t5", request(model).generate())).isLessThan(TOLERANCE);
        }
    }

    /** Which masks its padding, in T5 and in the transformer; by hand it is left out. */
    @Test
    void chroma() {
        ModelOpener parts = options().diffusionModel(file("chroma")).vae(file("vae16"));
        try (DiffusionModel model = parts.open()) {
            assertThat(model.family()).isEqualTo(ModelFamily.FLUX);
            requireText(model, "chroma.text");
            try (Conditioning conditioning = model.encodePrompt(PROMPT)) {
                FamilyGoldens.requirePrediction("chroma", model.transformer(), conditioning, 24);
            }
            assertThat(distance("chroma", request(model).guidanceScale(1).generate()))
                    .isLessThan(TOLERANCE);
            Sampling inJava =
                    Sampling.with(FlowMatchEulerScheduler.builder().build().withSigmas(1, 0.6f, 0.25f, 0));
            assertThat(distance(
                            "chroma",
                            request(model).guidanceScale(1).sampling(inJava).generate()))
                    .isLessThan(TOLERANCE);
        }
    }
}
