package dev.diffusion4j.parity;

import static dev.diffusion4j.parity.FamilyGoldens.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.ModelOpener;
import dev.diffusion4j.component.LatentDistribution;
import dev.diffusion4j.component.Vae;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.modelfile.TensorType;
import dev.diffusion4j.request.InitImage;
import dev.diffusion4j.request.PreviewMode;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.tensor.ImageTensors;
import dev.diffusion4j.tensor.NormalGenerator;
import dev.diffusion4j.tensor.RandomSource;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tiny autoencoders of each format of latents against {@code tools/parity/tiny_autoencoders.py}. They take unscaled latents, so
 * the models' own weights do not matter: those are zeros, unless something is drawn.
 */
@Tag("native")
@Timeout(300)
class TinyAutoencoderParityTest {

    /** The norm of the error over the reference's; weights and what they are multiplied with are rounded to f16. */
    private static final double TOLERANCE = 2e-3;

    @TempDir
    private Path folder;

    private Path file(String name) {
        return FamilyGoldens.write(name, folder);
    }

    private Path zeros(String name) {
        Path file = folder.resolve(name + ".zeros.safetensors");
        if (!Files.exists(file)) {
            SyntheticModel.read(FamilyGoldens.open(name + ".tsv")).writeZeros(file, TensorType.F16);
        }
        return file;
    }

    private ModelOpener flux() {
        return options().diffusionModel(zeros("flux-schnell")).clipL(zeros("clip-l"));
    }

    @Test
    void stableDiffusion() {
        try (DiffusionModel model = options().tinyAutoencoder(file("taesd")).open(DemoModel.path())) {
            requireDecoding(model.vae(), "taesd", Shape.of(1, 4, 8, 16));
            requireEncoding(model.vae(), "taesd");
        }
    }

    @Test
    void sixteenChannels() {
        try (DiffusionModel model = flux().tinyAutoencoder(file("taef1")).open()) {
            requireDecoding(model.vae(), "taef1", Shape.of(1, 16, 8, 16));
            requireEncoding(model.vae(), "taef1");
            assertThat(model.vae().scalingFactor()).isEqualTo(1);
            assertThat(model.vae().shiftFactor()).isZero();
        }
    }

    @Test
    void flux2() {
        try (DiffusionModel model = options()
                .diffusionModel(zeros("flux2-klein"))
                .languageModel(zeros("qwen3"))
                .tinyAutoencoder(file("taef2"))
                .open()) {
            requireDecoding(model.vae(), "taef2", Shape.of(1, 128, 4, 8));
            requireEncoding(model.vae(), "taef2");
        }
    }

    @Test
    void qwenImage() {
        try (DiffusionModel model = options()
                .diffusionModel(zeros("qwen-image"))
                .languageModel(zeros("qwen2.5"))
                .tinyAutoencoder(file("taew2_1"))
                .open()) {
            requireDecoding(model.vae(), "taew2_1", Shape.of(1, 16, 8, 16));
            assertThat(model.vae().hasEncoder()).isFalse();
            assertThatExceptionOfType(ModelFileException.class)
                    .isThrownBy(() -> model.imageToImage(InitImage.of(FamilyGoldens.picture()), "a"))
                    .withMessageContaining("has a decoder alone");
        }
    }

    @Test
    void drawsAndShowsPreviews() {
        try (DiffusionModel model = flux().tinyAutoencoder(file("taef1")).open()) {
            assertThat(previewSizes(model)).containsExactly(new ImageSize(128, 64), new ImageSize(128, 64));
        }
        // Previews are decoded alone.
        Path decoder = RewrittenModel.of(file("taef1"))
                .with(weight -> weight.name().startsWith("decoder.") ? List.of(weight) : List.of())
                .write(folder.resolve("decoder.safetensors"));
        try (DiffusionModel model =
                flux().vae(file("vae16")).previewAutoencoder(decoder).open()) {
            assertThat(previewSizes(model)).containsExactly(new ImageSize(128, 64), new ImageSize(128, 64));
        }
    }

    private static List<ImageSize> previewSizes(DiffusionModel model) {
        List<ImageSize> sizes = new ArrayList<>();
        FamilyGoldens.as(model.textToImage("a"))
                .sampling(Sampling.of(Sampler.EULER).withSigmas(1, 0.5, 0))
                .guidanceScale(1)
                .onPreview(
                        PreviewMode.TINY_AUTOENCODER,
                        1,
                        preview -> sizes.add(new ImageSize(
                                preview.image().getWidth(), preview.image().getHeight())))
                .generate();
        return sizes;
    }

    private static void requireDecoding(Vae vae, String name, Shape shape) {
        try (Tensor latents = Tensor.zeros(shape)) {
            NormalGenerator.of(RandomSource.CPU, 42).fill(latents);
            try (Tensor decoded = vae.decode(latents)) {
                assertThat(decoded.shape()).isEqualTo(Shape.of(1, 3, 64, 128));
                requireClose(decoded, name + ".decoded");
            }
        }
    }

    private static void requireEncoding(Vae vae, String name) {
        try (Tensor picture = ImageTensors.of(FamilyGoldens.picture());
                LatentDistribution encoded = vae.encode(picture);
                Tensor latents = encoded.mean()) {
            requireClose(latents, name + ".encoded");
        }
    }

    /** Of the reference every n-th value is there. */
    private static void requireClose(Tensor actual, String golden) {
        double difference = 0;
        double norm = 0;
        try (Tensor expected = FamilyGoldens.tensor(golden)) {
            long stride = Math.ceilDiv(actual.size(), expected.size());
            assertThat(expected.size()).isEqualTo(Math.ceilDiv(actual.size(), stride));
            for (long i = 0; i < expected.size(); i++) {
                difference += Math.pow(actual.getFlat(i * stride) - expected.getFlat(i), 2);
                norm += Math.pow(expected.getFlat(i), 2);
            }
        }
        assertThat(Math.sqrt(difference / norm)).as(golden).isLessThan(TOLERANCE);
    }
}
