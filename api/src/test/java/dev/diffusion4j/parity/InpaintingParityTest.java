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
import dev.diffusion4j.request.InitImage;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.scheduler.FlowMatchEulerScheduler;
import dev.diffusion4j.scheduler.TimestepSpacing;
import java.awt.Rectangle;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Pictures made from a picture and a mask, against diffusers and transformers. SD 1.x is {@link UNetFamiliesParityTest}'s. */
@Tag("native")
@Timeout(600)
class InpaintingParityTest {

    @TempDir
    private Path folder;

    private Path file(String name) {
        return FamilyGoldens.write(name, folder);
    }

    /** With the distilled guidance that is usual, 30, and a mask whose sides are not those of latents. */
    @Test
    void fluxFill() {
        ModelOpener parts = options()
                .diffusionModel(file("flux-fill"))
                .clipL(file("clip-l"))
                .vae(file("vae16"));
        InitImage init = InitImage.of(FamilyGoldens.picture())
                .withMask(FamilyGoldens.mask(new Rectangle(37, 13, 54, 32)))
                .withStrength(1);
        try (DiffusionModel model = parts.open()) {
            assertThat(model.family()).isEqualTo(ModelFamily.FLUX_FILL);
            assertThat(distance(
                            "flux-fill",
                            FamilyGoldens.as(model.imageToImage(init, PROMPT))
                                    .sampling(FamilyGoldens.FLOW)
                                    .generate()))
                    .isLessThan(TOLERANCE);
        }
    }

    /** With guidance, and without a negative prompt. */
    @Test
    void sdxl() {
        InitImage init = InitImage.of(FamilyGoldens.picture())
                .withMask(FamilyGoldens.mask())
                .withStrength(1);
        try (DiffusionModel model = options().open(FamilyGoldens.write("sdxl-inpaint", "sdxl", folder))) {
            assertThat(model.family()).isEqualTo(ModelFamily.SDXL_INPAINT);
            assertThat(distance(
                            "sdxl-inpaint",
                            FamilyGoldens.as(model.imageToImage(init, PROMPT))
                                    .sampling(Sampling.of(Sampler.EULER).withSchedule(NoiseSchedule.DISCRETE))
                                    .steps(3)
                                    .guidanceScale(5)
                                    .generate()))
                    .isLessThan(TOLERANCE);
        }
    }

    /** A model that is not made for it, in the loop in Java. */
    @Test
    void fluxSchnell() {
        ModelOpener parts = options()
                .diffusionModel(file("flux-schnell"))
                .clipL(file("clip-l"))
                .vae(file("vae16"));
        InitImage init = InitImage.of(FamilyGoldens.picture()).withStrength(0.7);
        try (DiffusionModel model = parts.open()) {
            assertThat(distance("flux-schnell.img2img", drawInJava(model, init)))
                    .isLessThan(TOLERANCE);
            assertThat(distance("flux-schnell.inpaint", drawInJava(model, init.withMask(FamilyGoldens.mask()))))
                    .isLessThan(TOLERANCE);
        }
    }

    private static GeneratedImage drawInJava(DiffusionModel model, InitImage init) {
        return FamilyGoldens.as(model.imageToImage(init, PROMPT))
                .sampling(Sampling.with(FlowMatchEulerScheduler.builder()
                        .timestepSpacing(TimestepSpacing.TRAILING)
                        .build()))
                .steps(5)
                .generate();
    }
}
