package dev.diffusion4j.modelfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.ModelFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which files of a folder of diffusers are the parts of the model. */
@Tag("fast")
class DiffusersFolderTest {

    @TempDir
    private Path folder;

    @BeforeEach
    void writeIndex() throws IOException {
        index("""
                {"_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.42.1",
                 "feature_extractor": [null, null], "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
                 "requires_safety_checker": true, "scheduler": ["diffusers", "PNDMScheduler"],
                 "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
                 "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"]}
                """);
    }

    private void index(String json) throws IOException {
        Files.writeString(folder.resolve("model_index.json"), json);
    }

    private Path file(String name) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.createFile(file);
    }

    private Map<ModelComponent, Path> components() {
        return DiffusersFolder.read(folder, Optional.empty()).components();
    }

    @Test
    void aFolderIsKnownByItsIndex() throws IOException {
        assertThat(DiffusersFolder.isAt(folder)).isTrue();
        assertThat(DiffusersFolder.isAt(folder.resolve("model_index.json"))).isFalse();
        Files.delete(folder.resolve("model_index.json"));
        assertThat(DiffusersFolder.isAt(folder)).isFalse();
        assertThat(DiffusersFolder.isAt(folder.resolve("missing"))).isFalse();
    }

    @Test
    void eachPartHasAFile() throws IOException {
        Path unet = file("unet/diffusion_pytorch_model.safetensors");
        Path vae = file("vae/diffusion_pytorch_model.safetensors");
        Path text = file("text_encoder/model.safetensors");
        assertThat(components())
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        ModelComponent.DIFFUSION_MODEL, unet, ModelComponent.VAE, vae, ModelComponent.CLIP_L, text));
        assertThat(DiffusersFolder.read(folder, Optional.empty()).denoiser()).isEqualTo(unet);
    }

    @Test
    void textEncodersAreToldApartByTheirClasses() throws IOException {
        index("""
                {"transformer": ["diffusers", "SD3Transformer2DModel"], "vae": ["diffusers", "AutoencoderTiny"],
                 "text_encoder": ["transformers", "CLIPTextModelWithProjection"],
                 "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
                 "text_encoder_3": ["transformers", "T5EncoderModel"]}
                """);
        file("transformer/diffusion_pytorch_model.safetensors");
        Path tiny = file("vae/diffusion_pytorch_model.safetensors");
        Path first = file("text_encoder/model.safetensors");
        Path second = file("text_encoder_2/model.safetensors");
        Path third = file("text_encoder_3/model.safetensors");
        assertThat(components())
                .containsEntry(ModelComponent.TINY_AUTOENCODER, tiny)
                .containsEntry(ModelComponent.CLIP_L, first)
                .containsEntry(ModelComponent.CLIP_G, second)
                .containsEntry(ModelComponent.T5, third);

        index("""
                {"transformer": ["diffusers", "ZImageTransformer2DModel"], "text_encoder": ["transformers", "Qwen3Model"]}
                """);
        assertThat(components()).containsEntry(ModelComponent.LLM, first);
    }

    @Test
    void aVariantIsTakenIfItIsAskedForOrTheOnlyOne() throws IOException {
        Path whole = file("unet/diffusion_pytorch_model.safetensors");
        Path half = file("unet/diffusion_pytorch_model.fp16.safetensors");
        file("vae/diffusion_pytorch_model.fp16.safetensors");
        file("text_encoder/model.fp16.safetensors");
        assertThat(components())
                .containsEntry(ModelComponent.DIFFUSION_MODEL, whole)
                .hasSize(3);
        assertThat(DiffusersFolder.read(folder, Optional.of("fp16")).denoiser()).isEqualTo(half);
        assertThatThrownBy(() -> DiffusersFolder.read(folder, Optional.of("bf16")))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("no file of the variant bf16");
        Files.delete(whole);
        file("unet/diffusion_pytorch_model.bf16.safetensors");
        assertThatThrownBy(this::components)
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("more than one variant")
                .hasMessageContaining("bf16.safetensors, ");
    }

    @Test
    void whatCannotBeReadIsSaid() throws IOException {
        file("text_encoder/model.safetensors");
        assertThatThrownBy(this::components)
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("unet");
        file("vae/diffusion_pytorch_model.bin");
        file("unet/diffusion_pytorch_model.safetensors");
        assertThatThrownBy(this::components)
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("vae has no safetensors file");
    }

    @Test
    void whatIsInShardsIsNamedByItsIndex() throws IOException {
        file("vae/diffusion_pytorch_model.safetensors");
        file("text_encoder/model.safetensors");
        file("unet/diffusion_pytorch_model-00001-of-00002.safetensors");
        Path index = file("unet/diffusion_pytorch_model.safetensors.index.json");
        assertThat(components()).containsEntry(ModelComponent.DIFFUSION_MODEL, index);

        file("unet/diffusion_pytorch_model.fp16-00001-of-00002.safetensors");
        Path half = file("unet/diffusion_pytorch_model.safetensors.index.fp16.json");
        Path halfText = file("text_encoder/model.fp16.safetensors");
        file("vae/diffusion_pytorch_model.fp16.safetensors");
        assertThat(components()).containsEntry(ModelComponent.DIFFUSION_MODEL, index);
        assertThat(DiffusersFolder.read(folder, Optional.of("fp16")).components())
                .containsEntry(ModelComponent.DIFFUSION_MODEL, half)
                .containsEntry(ModelComponent.CLIP_L, halfText);

        Path whole = file("unet/diffusion_pytorch_model.safetensors");
        assertThat(components()).containsEntry(ModelComponent.DIFFUSION_MODEL, whole);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "{\"unet\": ", "{}", "{\"unet\": \"x\"}", "{\"unet\": [1, 2]}"})
    void anIndexThatNamesNothingIsRefused(String json) throws IOException {
        index(json);
        assertThatThrownBy(this::components).isInstanceOf(ModelFileException.class);
    }
}
