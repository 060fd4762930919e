package dev.diffusion4j.parity;

import static dev.diffusion4j.parity.FamilyGoldens.PROMPT;
import static dev.diffusion4j.parity.FamilyGoldens.options;
import static dev.diffusion4j.parity.FamilyGoldens.requireClose;
import static dev.diffusion4j.parity.FamilyGoldens.requirePrediction;
import static dev.diffusion4j.parity.FamilyGoldens.startingNoise;
import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.component.LatentDistribution;
import dev.diffusion4j.component.Vae;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.tensor.ImageTensors;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.nio.file.Path;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Each part of each family by itself against diffusers and transformers: what the text encoders make of a prompt, one call of the
 * denoiser, and what the VAE encodes and decodes. Of SD 1.x {@link ComponentParityTest} does that, of T5 and Chroma {@link
 * T5ParityTest}.
 */
@Tag("native")
@Timeout(600)
class FamilyPartsTest {

    private enum Family {
        SD2("sd2", "sd2", 77, files -> options().open(files.apply("sd2"))),
        SDXL("sdxl", "sdxl", 77, files -> options().open(files.apply("sdxl"))),
        SD35("sd3.5", "sd3.5", 77, files -> options().open(files.apply("sd3.5"))),
        FLUX_SCHNELL("flux-schnell", "vae16", 256, files -> openFlux("flux-schnell", files)),
        /** Without a picture to look at, it is FLUX.1 dev, which is told its guidance. */
        FLUX_KONTEXT("flux-kontext", "vae16", 256, files -> openFlux("flux-kontext", files)),
        FLUX2_KLEIN(
                "flux2-klein",
                "vae32",
                40,
                files -> options()
                        .diffusionModel(files.apply("flux2-klein"))
                        .languageModel(files.apply("qwen3"))
                        .vae(files.apply("vae32"))
                        .open()),
        Z_IMAGE(
                "z-image",
                "vae16",
                21,
                files -> options()
                        .diffusionModel(files.apply("z-image"))
                        .languageModel(files.apply("qwen3"))
                        .vae(files.apply("vae16"))
                        .open()),
        QWEN_IMAGE(
                "qwen-image",
                "wan-vae",
                23,
                files -> options()
                        .diffusionModel(files.apply("qwen-image"))
                        .languageModel(files.apply("qwen2.5"))
                        .vae(files.apply("wan-vae"))
                        .open());

        private final String name;
        private final String vae;
        private final int tokens;
        private final Function<Function<String, Path>, DiffusionModel> opener;

        /**
         * @param tokens of the context that the denoiser is given
         * @param opener of the model, given a function that writes files by their names
         */
        Family(String name, String vae, int tokens, Function<Function<String, Path>, DiffusionModel> opener) {
            this.name = name;
            this.vae = vae;
            this.tokens = tokens;
            this.opener = opener;
        }

        private static DiffusionModel openFlux(String name, Function<String, Path> files) {
            return options()
                    .diffusionModel(files.apply(name))
                    .clipL(files.apply("clip-l"))
                    .vae(files.apply("vae16"))
                    .open();
        }
    }

    @TempDir
    private Path folder;

    @ParameterizedTest
    @EnumSource
    void equalsTheReference(Family family) {
        try (DiffusionModel model = family.opener.apply(name -> FamilyGoldens.write(name, folder));
                Conditioning conditioning = encode(model)) {
            requireText(family, conditioning);
            requirePrediction(family.name, model.denoiser(), conditioning, family.tokens);
            requireVae(family.vae, model.vae());
        }
    }

    private static void requireText(Family family, Conditioning conditioning) {
        boolean hasText = family != Family.FLUX_SCHNELL && family != Family.FLUX_KONTEXT;
        if (hasText) {
            requireClose(family.name + ".text", conditioning.context());
        } else {
            // Zeros in place of T5's, as many as diffusers gives it tokens.
            int tokens = family == Family.FLUX_SCHNELL ? 256 : 512;
            assertThat(conditioning.context().shape()).isEqualTo(Shape.of(1, tokens, 4096));
            assertThat(conditioning.context().toArray()).containsOnly(0);
        }
        conditioning.vector().ifPresent(vector -> requirePooled(family.name, vector));
    }

    /** The first numbers of the vector; in SDXL's the size of the picture follows. */
    private static void requirePooled(String name, Tensor vector) {
        try (Tensor numbers = vector.view(Shape.of(vector.size()));
                Tensor pooled = numbers.slice(0, name.equals("sdxl") ? 1280 : vector.size())) {
            requireClose(name + ".pooled", pooled);
        }
    }

    private static void requireVae(String name, Vae vae) {
        try (Tensor latents = startingNoise(vae.latentChannels());
                Tensor decoded = vae.decode(latents);
                Tensor picture = ImageTensors.of(FamilyGoldens.picture());
                LatentDistribution encoded = vae.encode(picture);
                Tensor mean = encoded.mean()) {
            requireClose(name + ".decoded", decoded);
            requireClose(name + ".encoded", mean);
        }
    }

    /** SDXL is told the size of the picture. */
    private static Conditioning encode(DiffusionModel model) {
        return model.denoiser().predictionType().isFlow()
                ? model.encodePrompt(PROMPT)
                : model.encodePrompt(PROMPT, 2, new ImageSize(128, 64));
    }
}
