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
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.Sampling;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** U-Nets with fewer blocks than those that they were distilled from, in the names of diffusers, against diffusers. */
@Tag("native")
@Timeout(600)
class SmallUNetsParityTest {

    /** Shared: the second text encoder of SDXL is large. */
    @TempDir
    private static Path folder;

    private static Path file(String name) {
        return FamilyGoldens.write(name, folder);
    }

    private static ModelOpener unet(String name) {
        return options().diffusionModel(file(name)).clipL(file("clip-l"));
    }

    private static void requireEqual(ModelOpener parts, ModelFamily family, String name) {
        try (DiffusionModel model = parts.open()) {
            assertThat(model.family()).isEqualTo(family);
            GeneratedImage image = FamilyGoldens.as(model.textToImage(PROMPT))
                    .sampling(Sampling.of(Sampler.EULER).withSchedule(NoiseSchedule.DISCRETE))
                    .steps(3)
                    .guidanceScale(1)
                    .generate();
            assertThat(distance(name, image)).isLessThan(TOLERANCE);
        }
    }

    @Test
    void smallSd1() {
        requireEqual(unet("sd1-tiny").vae(file("sd1.vae")), ModelFamily.SD1_TINY, "sd1-tiny");
    }

    @Test
    void sdxs512() {
        requireEqual(unet("sdxs-512").tinyAutoencoder(file("taesd")), ModelFamily.SDXS_512, "sdxs-512");
    }

    @Test
    void ssd1b() {
        requireEqual(unet("ssd-1b").clipG(file("clip-g")).vae(file("sd1.vae")), ModelFamily.SDXL_SSD1B, "ssd-1b");
    }

    @Test
    void vega() {
        requireEqual(unet("vega").clipG(file("clip-g")).vae(file("sd1.vae")), ModelFamily.SDXL_VEGA, "vega");
    }
}
