package dev.diffusion4j.parity;

import static dev.diffusion4j.parity.FamilyGoldens.PROMPT;
import static dev.diffusion4j.parity.FamilyGoldens.TOLERANCE;
import static dev.diffusion4j.parity.FamilyGoldens.distance;
import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.ImageGeneration;
import dev.diffusion4j.ModelOpener;
import dev.diffusion4j.modelfile.ModelFamily;
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

    @Test
    void sd35() {
        try (DiffusionModel model = options().open(file("sd3.5"))) {
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
            assertThat(distance("flux-schnell.t5", request(model).generate())).isLessThan(TOLERANCE);
        }
    }

    /** Which masks its padding, in T5 and in the transformer. */
    @Test
    void chroma() {
        ModelOpener parts = options().diffusionModel(file("chroma")).vae(file("vae16"));
        try (DiffusionModel model = parts.open()) {
            assertThat(model.family()).isEqualTo(ModelFamily.FLUX);
            assertThat(distance("chroma", request(model).guidanceScale(1).generate()))
                    .isLessThan(TOLERANCE);
        }
    }
}
