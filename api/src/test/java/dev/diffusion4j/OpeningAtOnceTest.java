package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.modelfile.Safetensors;
import dev.diffusion4j.testing.process.ChildJvm;
import dev.diffusion4j.testing.process.OpeningAtOnce;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Models that are opened, and given LoRAs, at the same time: what the runtime sets up at its first use, it sets up once. */
@Tag("stress")
@Timeout(300)
class OpeningAtOnceTest {

    private static final int JVMS = 4;
    private static final int RANK = 2;

    @TempDir
    private Path folder;

    private static void addPair(Safetensors file, String name, int inputs, int outputs) {
        file.values(name + ".lora_down.weight", "F32", new float[RANK * inputs], RANK, inputs);
        file.values(name + ".lora_up.weight", "F32", new float[outputs * RANK], outputs, RANK);
    }

    @Test
    void modelsThatAreOpenedAtOnceInAFreshJvmDraw() throws Exception {
        Safetensors file = new Safetensors();
        addPair(file, "lora_te_text_model_encoder_layers_0_mlp_fc1", 768, 3072);
        addPair(file, "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_v", 768, 128);
        Path lora = file.write(folder.resolve("lora.safetensors"));

        List<ChildJvm> jvms = new ArrayList<>();
        for (int i = 0; i < JVMS; i++) {
            jvms.add(ChildJvm.start(OpeningAtOnce.class, List.of(), lora.toString()));
        }
        for (ChildJvm jvm : jvms) {
            ChildJvm.Result result = jvm.end();
            assertThat(result.status()).as(result.output()).isZero();
            assertThat(result.output()).contains("drew with 4 models");
        }
    }
}
