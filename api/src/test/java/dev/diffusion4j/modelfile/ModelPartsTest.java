package dev.diffusion4j.modelfile;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which parts a file lacks to be drawn with. */
@Tag("fast")
class ModelPartsTest {

    @TempDir
    private Path folder;

    private ModelFile read(Safetensors model) {
        return ModelFile.read(model.write(folder.resolve("model.safetensors")));
    }

    private static Safetensors named(String... names) {
        Safetensors model = new Safetensors();
        for (String name : names) {
            model.floats(name, 4, 4);
        }
        return model;
    }

    @Test
    void wholeModelsLackNothing() {
        assertThat(read(Models.sd1(320)).missingComponents()).isEmpty();
        assertThat(read(Models.sdxl()).missingComponents()).isEmpty();
    }

    @Test
    void unetsLackTheirTextEncodersAndVae() {
        Safetensors unet = new Safetensors()
                .floats("down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight", 320, 2048)
                .floats("mid_block.resnets.1.conv1.weight", 4)
                .floats("conv_in.weight", 320, 4, 3, 3);
        assertThat(read(unet).missingComponents())
                .containsExactly(ModelComponent.CLIP_L, ModelComponent.CLIP_G, ModelComponent.VAE);
    }

    @Test
    void transformersLackWhatTheirFamilyReadsTextWith() {
        String flux = "double_blocks.0.img_attn.qkv.weight";
        assertThat(read(named(flux, "vector_in.in_layer.weight")).missingComponents())
                .containsExactly(ModelComponent.CLIP_L, ModelComponent.T5, ModelComponent.VAE);
        assertThat(read(named(flux, "distilled_guidance_layer.in_proj.weight")).missingComponents())
                .as("Chroma")
                .containsExactly(ModelComponent.T5, ModelComponent.VAE);
        assertThat(read(named("cap_embedder.0.weight")).missingComponents())
                .containsExactly(ModelComponent.LLM, ModelComponent.VAE);
        Safetensors sd3 = named(
                "model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight",
                "first_stage_model.decoder.conv_in.weight",
                "text_encoders.clip_l.transformer.text_model.final_layer_norm.weight",
                "text_encoders.clip_g.transformer.text_model.final_layer_norm.weight");
        assertThat(read(sd3).missingComponents()).containsExactly(ModelComponent.T5);
    }

    @Test
    void partsLackNothing() {
        assertThat(read(Models.vae(new Safetensors(), "")).missingComponents()).isEmpty();
        assertThat(read(Models.lora(768, 320)).missingComponents()).isEmpty();
    }
}
