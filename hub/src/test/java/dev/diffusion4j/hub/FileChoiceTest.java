package dev.diffusion4j.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import org.junit.jupiter.api.Test;

class FileChoiceTest {

    private static List<String> choose(String reference, String... paths) {
        return FileChoice.among(ModelReference.parse(reference), List.of(paths));
    }

    @Test
    void prefersTheUsualQuantizations() {
        assertThat(choose("hf:o/n", "m-Q2_K.gguf", "m-Q8_0.gguf", "m-Q4_K_M.gguf"))
                .containsExactly("m-Q4_K_M.gguf");
        assertThat(choose("hf:o/n", "m-Q2_K.gguf", "m-q8_0.gguf", "README.md")).containsExactly("m-q8_0.gguf");
        assertThat(choose("hf:o/n", "m-Q3_K.gguf", "m-Q2_K.gguf")).containsExactly("m-Q2_K.gguf");
    }

    @Test
    void passesOverCompanions() {
        assertThat(choose("hf:o/n", "mmproj-m-Q4_K_M.gguf", "m.imatrix.gguf", "m-Q2_K.gguf"))
                .containsExactly("m-Q2_K.gguf");
    }

    @Test
    void findsAQuantizationAsAWord() {
        assertThat(choose("hf:o/n:q4_k_m", "m-IQ4_K_M.gguf", "m-Q4_K_M.gguf", "m-Q4_K_M_L.gguf"))
                .containsExactly("m-Q4_K_M.gguf");
        assertThat(choose("hf:o/n:Q8_0", "folder/m.Q8_0.gguf")).containsExactly("folder/m.Q8_0.gguf");
    }

    @Test
    void namesTheQuantizationsThatThereAre() {
        NoSuchQuantException failure = catchThrowableOfType(
                NoSuchQuantException.class,
                () -> choose("hf:o/n:Q5_0", "m-Q8_0.gguf", "m-bf16.gguf", "m-UD-Q2_K_XL.gguf"));
        assertThat(failure.available()).containsExactly("bf16", "Q8_0", "UD-Q2_K_XL");
        assertThat(failure).hasMessage("o/n has no model with the quantization Q5_0; it has bf16, Q8_0, UD-Q2_K_XL");
        assertThatThrownBy(() -> choose("hf:o/n:Q5_0", "README.md"))
                .isInstanceOf(NoSuchQuantException.class)
                .hasMessage("o/n has no model with the quantization Q5_0");
    }

    @Test
    void asksWhichIfTwoHaveTheQuantization() {
        AmbiguousModelException failure = catchThrowableOfType(
                AmbiguousModelException.class, () -> choose("hf:o/n:Q8_0", "a-Q8_0.gguf", "b-Q8_0.gguf"));
        assertThat(failure.candidates()).containsExactly("a-Q8_0.gguf", "b-Q8_0.gguf");
        assertThat(failure).hasMessageContaining("hf:o/n/a-Q8_0.gguf");
    }

    @Test
    void takesAllOfAModelThatIsSplit() {
        assertThat(choose("hf:o/n:Q8_0", "m-Q8_0-00002-of-00002.gguf", "m-Q8_0-00001-of-00002.gguf"))
                .containsExactly("m-Q8_0-00001-of-00002.gguf", "m-Q8_0-00002-of-00002.gguf");
        assertThat(FileChoice.named("x/m-00002-of-00003.gguf"))
                .containsExactly("x/m-00001-of-00003.gguf", "x/m-00002-of-00003.gguf", "x/m-00003-of-00003.gguf");
        assertThat(FileChoice.named("m.gguf")).containsExactly("m.gguf");
        assertThatThrownBy(() -> FileChoice.named("m-00001-of-99999.gguf"))
                .isInstanceOf(InvalidReferenceException.class);
        assertThatThrownBy(() -> FileChoice.named("m-00001-of-00000.gguf"))
                .isInstanceOf(InvalidReferenceException.class);
    }

    @Test
    void takesTheOnlyModelOfTheRoot() {
        assertThat(choose(
                        "hf:o/n",
                        "m.safetensors",
                        "m.fp16.safetensors",
                        "vae.safetensors",
                        "x-lora.safetensors",
                        "unet/u.safetensors",
                        "model_index.json"))
                .containsExactly("m.safetensors");
        assertThat(choose("hf:o/n:fp16", "m.safetensors", "m.fp16.safetensors")).containsExactly("m.fp16.safetensors");
        assertThat(choose("hf:o/n", "m.fp16.safetensors")).containsExactly("m.fp16.safetensors");
    }

    @Test
    void asksWhichOfSeveralModels() {
        AmbiguousModelException failure = catchThrowableOfType(
                AmbiguousModelException.class, () -> choose("hf:o/n", "a.safetensors", "b.safetensors"));
        assertThat(failure.candidates()).containsExactly("a.safetensors", "b.safetensors");
        assertThat(failure).hasMessageContaining("hf:o/n/a.safetensors");
    }

    @Test
    void takesAllShardsOfSafetensors() {
        assertThat(choose("hf:o/n", "m-00002-of-00002.safetensors", "m-00001-of-00002.safetensors"))
                .containsExactly("m-00001-of-00002.safetensors", "m-00002-of-00002.safetensors");
    }

    @Test
    void takesWhatDrawsOfAFolderOfDiffusers() {
        String[] folder = {
            "README.md",
            "model_index.json",
            "scheduler/scheduler_config.json",
            "safety_checker/model.safetensors",
            "text_encoder/config.json",
            "text_encoder/model.fp16.safetensors",
            "text_encoder/model.safetensors",
            "text_encoder/pytorch_model.bin",
            "tokenizer/vocab.json",
            "transformer/diffusion_pytorch_model-00001-of-00002.safetensors",
            "transformer/diffusion_pytorch_model-00002-of-00002.safetensors",
            "transformer/diffusion_pytorch_model.safetensors.index.json",
            "vae/diffusion_pytorch_model.fp16.safetensors"
        };
        List<String> transformer = List.of(folder).subList(9, 12);
        assertThat(choose("hf:o/n", folder))
                .startsWith("model_index.json")
                .containsAll(transformer)
                .contains("vae/diffusion_pytorch_model.fp16.safetensors", "text_encoder/model.safetensors")
                .contains("text_encoder/config.json", "scheduler/scheduler_config.json")
                .hasSize(8);
        assertThat(choose("hf:o/n:fp16", folder))
                .containsAll(transformer)
                .contains("vae/diffusion_pytorch_model.fp16.safetensors", "text_encoder/model.fp16.safetensors")
                .hasSize(8);
        assertThatThrownBy(() -> choose("hf:o/n:bf16", folder))
                .isInstanceOf(NoSuchQuantException.class)
                .hasMessage("o/n is a folder of diffusers without the variant bf16; it has fp16");
    }

    @Test
    void saysThatAFolderOfDiffusersHasNoSafetensors() {
        AmbiguousModelException failure = catchThrowableOfType(
                AmbiguousModelException.class, () -> choose("hf:o/n", "model_index.json", "unet/u.safetensors"));
        assertThat(failure.candidates()).containsExactly("unet/u.safetensors");
        assertThat(failure).hasMessageContaining("diffusers");
    }

    @Test
    void saysThatThereIsNoModel() {
        AmbiguousModelException failure =
                catchThrowableOfType(AmbiguousModelException.class, () -> choose("hf:o/n", "README.md"));
        assertThat(failure.candidates()).isEmpty();
        assertThat(failure).hasMessageContaining("hf:o/n/FILE");
    }
}
