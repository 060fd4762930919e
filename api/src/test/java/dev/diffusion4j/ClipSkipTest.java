package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.modelfile.ModelFamily;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.modelfile.Safetensors;
import dev.diffusion4j.testing.engine.FakeEngine;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where a clip skip has an effect, and that it is said where it has none. */
@Tag("fast")
class ClipSkipTest {

    private static final String DENOISER = "model.diffusion_model.";

    @TempDir
    private Path folder;

    private DiffusionModel open(ModelFamily family, Safetensors tensors) {
        ModelFile file = ModelFile.read(tensors.write(folder.resolve("model.safetensors")));
        assertThat(file.family()).isEqualTo(family);
        FakeEngine engine = new FakeEngine((request, _, _, _) -> FakeEngine.picture(request));
        return FakeModels.open(engine, file, 1);
    }

    private static Safetensors with(String name) {
        return new Safetensors().floats(DENOISER + name, 4, 4);
    }

    @ParameterizedTest
    @CsvSource({
        "FLUX, double_blocks.0.img_attn.qkv.weight",
        "CHROMA_RADIANCE, nerf_final_layer_conv.weight",
        "FLUX2_KLEIN, double_stream_modulation_img.lin.weight",
        "Z_IMAGE, cap_embedder.0.weight",
        "QWEN_IMAGE, transformer_blocks.0.img_mod.1.weight",
        "ANIMA, net.llm_adapter.blocks.0.cross_attn.q_proj.weight",
        "OVIS_IMAGE, double_blocks.0.img_mlp.gate_proj.weight",
        "ERNIE_IMAGE, layers.0.adaLN_sa_ln.weight",
        "IDEOGRAM_4, embed_image_indicator.weight"
    })
    void familiesWithoutHiddenStatesOfAClipSaySo(ModelFamily family, String tensor) {
        try (DiffusionModel model = open(family, with(tensor))) {
            assertThat(model.textToImage("a cat").clipSkip(2).generate().warnings())
                    .singleElement()
                    .isEqualTo("the clip skip has no effect: a model of the family " + family.displayName()
                            + " is told no hidden states of a CLIP");
            assertThat(model.textToImage("a cat").generate().warnings()).isEmpty();
            assertThatExceptionOfType(InvalidRequestException.class)
                    .isThrownBy(() -> encode(model))
                    .withMessage("clipSkip must be absent: a model of the family " + family.displayName()
                            + " is told no hidden states of a CLIP, not 2");
        }
    }

    private static void encode(DiffusionModel model) {
        try (Conditioning conditioning = model.encodePrompt("a cat", 2, model.nativeSize())) {
            assertThat(conditioning).isNull();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "SD1, 768, cond_stage_model.transformer.text_model.embeddings.token_embedding.weight",
        "SD2, 1024, cond_stage_model.model.token_embedding.weight",
    })
    void familiesWithACLIPTakeIt(ModelFamily family, long width, String text) {
        Safetensors tensors = with("x")
                .floats(text, 49_408, width)
                .floats(DENOISER + "input_blocks.0.0.weight", 32, 4, 3, 3)
                .floats(DENOISER + "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight", 32, width)
                .floats(DENOISER + "middle_block.1.norm.weight", 128);
        requireTaken(family, tensors);
    }

    @ParameterizedTest
    @CsvSource("SD3, joint_blocks.0.x_block.attn.qkv.weight")
    void soDoesSd3(ModelFamily family, String tensor) {
        requireTaken(family, with(tensor));
    }

    private void requireTaken(ModelFamily family, Safetensors tensors) {
        try (DiffusionModel model = open(family, tensors)) {
            assertThat(model.textToImage("a cat").clipSkip(2).generate().warnings())
                    .isEmpty();
        }
    }
}
