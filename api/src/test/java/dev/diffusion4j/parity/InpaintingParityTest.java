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
import dev.diffusion4j.request.InitImage;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.scheduler.FlowMatchEulerScheduler;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.TimestepSpacing;
import java.awt.Rectangle;
import java.nio.file.Path;
import java.util.stream.DoubleStream;
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

    /** Models that are not made for it, in the loop in Java and natively, over the same noise levels. */
    @Test
    void fluxSchnell() {
        ModelOpener parts = options()
                .diffusionModel(file("flux-schnell"))
                .clipL(file("clip-l"))
                .vae(file("vae16"));
        try (DiffusionModel model = parts.open()) {
            requireRedrawn(
                    model,
                    "flux-schnell",
                    FlowMatchEulerScheduler.builder()
                            .timestepSpacing(TimestepSpacing.TRAILING)
                            .build());
        }
    }

    @Test
    void sd35() {
        try (DiffusionModel model = options().open(file("sd3.5"))) {
            requireRedrawn(
                    model, "sd3.5", FlowMatchEulerScheduler.builder().shift(3).build());
        }
    }

    private static void requireRedrawn(DiffusionModel model, String name, Scheduler scheduler) {
        InitImage init = InitImage.of(FamilyGoldens.picture()).withStrength(0.7);
        assertThat(distance(name + ".img2img", drawInJava(model, init, scheduler)))
                .isLessThan(TOLERANCE);
        assertThat(distance(name + ".inpaint", drawInJava(model, init.withMask(FamilyGoldens.mask()), scheduler)))
                .isLessThan(TOLERANCE);
        DoubleStream levels =
                scheduler.withSteps(5).timesteps().stream().mapToDouble(timestep -> timestep.value() / 1000);
        Sampling natively = Sampling.of(Sampler.EULER)
                .withSigmas(DoubleStream.concat(levels, DoubleStream.of(0)).toArray());
        assertThat(distance(
                        name + ".img2img.native",
                        request(model, init).sampling(natively).generate()))
                .isLessThan(TOLERANCE);
    }

    private static GeneratedImage drawInJava(DiffusionModel model, InitImage init, Scheduler scheduler) {
        return request(model, init).sampling(Sampling.with(scheduler)).steps(5).generate();
    }

    private static ImageGeneration request(DiffusionModel model, InitImage init) {
        return FamilyGoldens.as(model.imageToImage(init, PROMPT)).guidanceScale(1);
    }
}
