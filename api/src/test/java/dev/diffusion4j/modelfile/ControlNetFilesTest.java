package dev.diffusion4j.modelfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.internal.check.ModelFileValidator;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which ControlNets a model can be opened with: told from the headers, as the runtime would fail in the middle of a step. */
@Tag("fast")
class ControlNetFilesTest {

    @TempDir
    private Path folder;

    private ModelFile model(String prefix, long channels, long context) {
        return ModelFile.read(new Safetensors()
                .floats("cond_stage_model.transformer.text_model.embeddings.token_embedding.weight", 49_408, 768)
                .floats(prefix + "input_blocks.0.0.weight", channels, 4, 3, 3)
                .floats(prefix + "time_embed.0.weight", 4 * channels, channels)
                .floats(prefix + "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight", channels, context)
                .floats(prefix + "middle_block.1.norm.weight", 4 * channels)
                .floats(prefix + "out.2.weight", 4, channels, 3, 3)
                .write(folder.resolve("model.safetensors")));
    }

    private ModelFile model(long channels) {
        return model("model.diffusion_model.", channels, 768);
    }

    private ModelFile original(String prefix, long channels, long context) {
        return ModelFile.read(new Safetensors()
                .floats(prefix + "input_hint_block.0.weight", 16, 3, 3, 3)
                .floats(prefix + "input_blocks.0.0.weight", channels, 4, 3, 3)
                .floats(prefix + "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight", channels, context)
                .write(folder.resolve("net.safetensors")));
    }

    private ModelFile ofDiffusers(long channels, long context) {
        return ModelFile.read(new Safetensors()
                .floats("controlnet_cond_embedding.conv_in.weight", 16, 3, 3, 3)
                .floats("conv_in.weight", channels, 4, 3, 3)
                .floats("down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight", channels, context)
                .write(folder.resolve("net.safetensors")));
    }

    @Test
    void thoseOfTheSameWidthsFitUnderAllNames() {
        assertThat(ofDiffusers(64, 768).family()).isEqualTo(ModelFamily.CONTROL_NET);
        for (ModelFile net :
                new ModelFile[] {original("", 64, 768), original("control_model.", 64, 768), ofDiffusers(64, 768)}) {
            assertThatCode(() -> ModelFileValidator.requireControlNet(net, model(64)))
                    .doesNotThrowAnyException();
        }
    }

    @Test
    void otherChannelsAreRefused() {
        assertThatThrownBy(() -> ModelFileValidator.requireControlNet(original("", 320, 768), model(64)))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining(
                        "net.safetensors is a ControlNet for a U-Net with 320 base channels and a context of 768;")
                .hasMessageEndingWith("model.safetensors has 64 base channels and a context of 768")
                .hasMessageNotContaining("\n");
    }

    @Test
    void anotherContextIsRefused() {
        assertThatThrownBy(() -> ModelFileValidator.requireControlNet(ofDiffusers(320, 1024), model(320)))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("a context of 1024");
    }

    @Test
    void aModelIsNoControlNet() {
        assertThatThrownBy(() -> ModelFileValidator.requireControlNet(model(64), model(64)))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("is not a ControlNet");
    }

    @Test
    void otherFamiliesHaveNone() {
        ModelFile flux = ModelFile.read(new Safetensors()
                .floats("model.diffusion_model.double_blocks.0.img_attn.norm.key_norm.scale", 128)
                .floats("model.diffusion_model.img_in.weight", 3072, 64)
                .write(folder.resolve("flux.safetensors")));

        assertThatThrownBy(() -> ModelFileValidator.requireControlNet(original("", 320, 768), flux))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("SD 1.x and SD 2.x")
                .hasMessageContaining("is a Flux model");
    }
}
