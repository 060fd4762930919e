package dev.diffusion4j.parity;

import static dev.diffusion4j.parity.FamilyGoldens.PROMPT;
import static dev.diffusion4j.parity.FamilyGoldens.TOLERANCE;
import static dev.diffusion4j.parity.FamilyGoldens.distance;
import static dev.diffusion4j.parity.FamilyGoldens.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.ImageGeneration;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.modelfile.ModelFamily;
import dev.diffusion4j.modelfile.Safetensors;
import dev.diffusion4j.request.InitImage;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.scheduler.PredictionType;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** SD 2.x, and SD 1.x for inpainting and for instructions, in single files against diffusers and transformers. */
@Tag("native")
@Timeout(600)
class UNetFamiliesParityTest {

    private static final double GUIDANCE = 5;

    @TempDir
    private Path folder;

    private Path file(String name) {
        return FamilyGoldens.write(name, folder);
    }

    private static ImageGeneration as(ImageGeneration request) {
        return FamilyGoldens.as(request)
                .sampling(Sampling.of(Sampler.EULER).withSchedule(NoiseSchedule.DISCRETE))
                .steps(3)
                .guidanceScale(1);
    }

    @Test
    void sd2() {
        Path file = file("sd2");
        try (DiffusionModel model = options().prediction(PredictionType.EPSILON).open(file)) {
            assertThat(model.family()).isEqualTo(ModelFamily.SD2);
            assertThat(distance("sd2", as(model.textToImage(PROMPT)).generate()))
                    .isLessThan(TOLERANCE);
            assertThat(distance(
                            "sd2.guided",
                            as(model.textToImage(PROMPT))
                                    .guidanceScale(GUIDANCE)
                                    .generate()))
                    .isLessThan(TOLERANCE);
        }
        try (DiffusionModel model =
                options().prediction(PredictionType.V_PREDICTION).open(file)) {
            assertThat(distance("sd2.v", as(model.textToImage(PROMPT)).generate()))
                    .isLessThan(TOLERANCE);
        }
    }

    @Test
    void sd2WithALearnedWord() {
        Path file = file("sd2");
        Path word = file("inversion.sd2");
        try (DiffusionModel model = options()
                .prediction(PredictionType.EPSILON)
                .embedding("<cat>", word)
                .open(file)) {
            assertThat(distance(
                            "sd2.inversion",
                            as(model.textToImage(PROMPT.replace("circle", "<cat>")))
                                    .generate()))
                    .isLessThan(TOLERANCE);
        }
        Path narrow = new Safetensors().floats("<cat>", 1, 768).write(folder.resolve("sd1-word.safetensors"));
        assertThatExceptionOfType(ModelFileException.class)
                .isThrownBy(() -> options().embedding("<cat>", narrow).open(file))
                .withMessageContaining("has embeddings 768 wide, this model's text encoder takes 1024");
    }

    /** The single file of the same weights is {@link LoraParityTest}'s. */
    @Test
    void sd1InAFolderOfDiffusers() throws IOException {
        Path model = Files.createDirectory(folder.resolve("sd1"));
        Files.writeString(model.resolve("model_index.json"), """
                {"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet2DConditionModel"],
                 "vae": ["diffusers", "AutoencoderKL"], "text_encoder": ["transformers", "CLIPTextModel"]}
                """);
        for (String part : List.of("unet", "vae", "text_encoder")) {
            Path into = Files.createDirectory(model.resolve(part));
            String name = part.equals("text_encoder") ? "model.fp16" : "diffusion_pytorch_model.fp16";
            Files.move(file("sd1." + part), into.resolve(name + ".safetensors"));
        }
        try (DiffusionModel sd = options().variant("fp16").open(model)) {
            assertThat(sd.family()).isEqualTo(ModelFamily.SD1);
            assertThat(sd.name()).isEqualTo("sd1");
            assertThat(distance("sd1", as(sd.textToImage(PROMPT)).generate())).isLessThan(TOLERANCE);
            try (Tensor context = sd.textEncoder().encode(sd.tokenizer().encode(PROMPT))) {
                assertThat(context.shape()).isEqualTo(Shape.of(1, 77, 768));
            }
        }
    }

    private Path folderOfDiffusers(String name, String textEncoders, String... parts) throws IOException {
        Path model = Files.createDirectory(folder.resolve(name + "-folder"));
        Files.writeString(model.resolve("model_index.json"), """
                {"unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"], %s}
                """.formatted(textEncoders));
        for (String part : parts) {
            Path into = Files.createDirectory(model.resolve(part));
            String weights = part.startsWith("text_encoder") ? "model" : "diffusion_pytorch_model";
            RewrittenModel.asDiffusers(name + "." + part, file(name)).write(into.resolve(weights + ".safetensors"));
        }
        return model;
    }

    @Test
    void sd2InAFolderOfDiffusers() throws IOException {
        Path model = folderOfDiffusers(
                "sd2", "\"text_encoder\": [\"transformers\", \"CLIPTextModel\"]", "unet", "vae", "text_encoder");
        try (DiffusionModel sd = options().prediction(PredictionType.EPSILON).open(model)) {
            assertThat(sd.family()).isEqualTo(ModelFamily.SD2);
            assertThat(distance("sd2", as(sd.textToImage(PROMPT)).generate())).isLessThan(TOLERANCE);
        }
    }

    @Test
    void sdxlInAFolderOfDiffusers() throws IOException {
        Path model = folderOfDiffusers("sdxl", """
                "text_encoder": ["transformers", "CLIPTextModel"],
                "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"]""", "unet", "vae", "text_encoder", "text_encoder_2");
        try (DiffusionModel sdxl = options().open(model)) {
            assertThat(sdxl.family()).isEqualTo(ModelFamily.SDXL);
            assertThat(distance("sdxl", as(sdxl.textToImage(PROMPT)).generate()))
                    .isLessThan(TOLERANCE);
        }
    }

    @Test
    void sd1ForInpainting() {
        try (DiffusionModel model = options().open(file("sd1-inpaint"))) {
            assertThat(model.family()).isEqualTo(ModelFamily.SD1_INPAINT);
            InitImage init = InitImage.of(FamilyGoldens.picture())
                    .withMask(FamilyGoldens.mask())
                    .withStrength(1);
            assertThat(distance(
                            "sd1-inpaint", as(model.imageToImage(init, PROMPT)).generate()))
                    .isLessThan(TOLERANCE);
        }
    }

    @Test
    void sd1ForInstructions() {
        try (DiffusionModel model = options().open(file("sd1-pix2pix"))) {
            assertThat(model.family()).isEqualTo(ModelFamily.SD1_PIX2PIX);
            assertThat(distance(
                            "sd1-pix2pix",
                            as(model.edit(FamilyGoldens.picture(), PROMPT)).generate()))
                    .isLessThan(TOLERANCE);
        }
    }
}
