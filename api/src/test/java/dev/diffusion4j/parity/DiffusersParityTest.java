package dev.diffusion4j.parity;

import static dev.diffusion4j.parity.FamilyGoldens.PROMPT;
import static dev.diffusion4j.parity.FamilyGoldens.TOLERANCE;
import static dev.diffusion4j.parity.FamilyGoldens.distance;
import static dev.diffusion4j.parity.FamilyGoldens.options;
import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.ImageGeneration;
import dev.diffusion4j.modelfile.ModelFamily;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Diffusion transformers in diffusers' names, in folders and shards: they draw what their single files draw. */
@Tag("native")
@Timeout(600)
class DiffusersParityTest {

    private static final String TRANSFORMER = "diffusion_pytorch_model";

    @TempDir
    private Path folder;

    private Path file(String name) {
        return FamilyGoldens.write(name, folder);
    }

    private Path part(String name) throws IOException {
        return Files.createDirectories(folder.resolve("model").resolve(name));
    }

    private void index(String parts) throws IOException {
        Files.writeString(folder.resolve("model/model_index.json"), "{" + parts + "}");
    }

    private DiffusionModel openFolder() {
        return options().open(folder.resolve("model"));
    }

    private static ImageGeneration request(DiffusionModel model) {
        return FamilyGoldens.as(model.textToImage(PROMPT)).sampling(FamilyGoldens.FLOW);
    }

    private static void requireEqual(DiffusionModel model, ModelFamily family, String name) {
        assertThat(model.family()).isEqualTo(family);
        assertThat(distance(name, request(model).generate())).isLessThan(TOLERANCE);
    }

    /** Of which q, k and v are in different files. */
    @Test
    void fluxInShards() throws IOException {
        RewrittenModel.asDiffusers("flux-schnell.transformer", file("flux-schnell"))
                .writeShards(part("transformer"), TRANSFORMER, 9);
        RewrittenModel.asDiffusers("vae16", file("vae16")).write(part("vae").resolve(TRANSFORMER + ".safetensors"));
        Files.move(file("clip-l"), part("text_encoder").resolve("model.safetensors"));
        index("""
                "transformer": ["diffusers", "FluxTransformer2DModel"], "vae": ["diffusers", "AutoencoderKL"],
                "text_encoder": ["transformers", "CLIPTextModel"], "text_encoder_2": [null, null]""");
        try (DiffusionModel model = openFolder()) {
            requireEqual(model, ModelFamily.FLUX, "flux-schnell");
        }
    }

    @Test
    void zImage() throws IOException {
        RewrittenModel.asDiffusers("z-image.transformer", file("z-image"))
                .writeShards(part("transformer"), TRANSFORMER, 2);
        RewrittenModel.of(file("qwen3")).writeShards(part("text_encoder"), "model", 3);
        RewrittenModel.asDiffusers("vae16", file("vae16")).write(part("vae").resolve(TRANSFORMER + ".safetensors"));
        index("""
                "transformer": ["diffusers", "ZImageTransformer2DModel"], "vae": ["diffusers", "AutoencoderKL"],
                "text_encoder": ["transformers", "Qwen3Model"]""");
        try (DiffusionModel model = openFolder()) {
            requireEqual(model, ModelFamily.Z_IMAGE, "z-image");
        }
    }

    @Test
    void sd35() throws IOException {
        Path single = file("sd3.5");
        for (String part : new String[] {"transformer", "vae", "text_encoder", "text_encoder_2"}) {
            String name = part.startsWith("text") ? "model" : TRANSFORMER;
            RewrittenModel.asDiffusers("sd3.5." + part, single).write(part(part).resolve(name + ".safetensors"));
        }
        index("""
                "transformer": ["diffusers", "SD3Transformer2DModel"], "vae": ["diffusers", "AutoencoderKL"],
                "text_encoder": ["transformers", "CLIPTextModelWithProjection"],
                "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"], "text_encoder_3": [null, null]""");
        try (DiffusionModel model = openFolder()) {
            assertThat(model.family()).isEqualTo(ModelFamily.SD3);
            assertThat(distance("sd3.5", request(model).guidanceScale(1).generate()))
                    .isLessThan(TOLERANCE);
            assertThat(distance("sd3.5.guided", request(model).guidanceScale(4).generate()))
                    .isLessThan(TOLERANCE);
        }
    }

    @Test
    void qwenImage() throws IOException {
        RewrittenModel.of(file("qwen-image")).writeShards(part("transformer"), TRANSFORMER, 2);
        RewrittenModel.of(file("qwen2.5"))
                .with(weight -> List.of(weight.named(weight.name().replaceFirst("^model\\.", ""))))
                .writeShards(part("text_encoder"), "model", 2);
        RewrittenModel.asDiffusers("qwen-image.vae", file("wan-vae"))
                .write(part("vae").resolve(TRANSFORMER + ".safetensors"));
        index("""
                "transformer": ["diffusers", "QwenImageTransformer2DModel"], "vae": ["diffusers", "AutoencoderKLQwenImage"],
                "text_encoder": ["transformers", "Qwen2_5_VLForConditionalGeneration"]""");
        try (DiffusionModel model = openFolder()) {
            assertThat(model.family()).isEqualTo(ModelFamily.QWEN_IMAGE);
            assertThat(distance("qwen-image", request(model).guidanceScale(1).generate()))
                    .isLessThan(TOLERANCE);
        }
    }
}
