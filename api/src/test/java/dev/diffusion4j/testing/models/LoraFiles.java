package dev.diffusion4j.testing.models;

import dev.diffusion4j.modelfile.Safetensors;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.nio.file.Path;

/**
 * LoRA files for the demo model. They change layers that it uses: in others its weights are zero, and a LoRA changes nothing.
 */
public final class LoraFiles {

    public static final String TEXT_ENCODER_LAYER = "lora_te_text_model_encoder_layers_0_mlp_fc1";
    public static final String UNET_LAYER = "lora_unet_up_blocks_2_attentions_1_transformer_blocks_0_attn2_to_v";
    public static final String OTHER_UNET_LAYER =
            "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_v";

    private static final int RANK = 4;

    private final Safetensors file = new Safetensors();

    /** The LoRA of a layer of the text encoder. */
    public LoraFiles textEncoder() {
        return pair(TEXT_ENCODER_LAYER, 768, 3072);
    }

    /** The LoRA of two layers of the U-Net. */
    public LoraFiles unet() {
        return pair(UNET_LAYER, 768, 128).pair(OTHER_UNET_LAYER, 768, 128);
    }

    /** What a layer that no model has would be changed by: three tensors. */
    public LoraFiles nowhere(String layer) {
        return pair("lora_unet_" + layer, 768, 128);
    }

    /** The two matrices of a layer and their scale, in the names of kohya's scripts. */
    public LoraFiles pair(String name, int inputs, int outputs) {
        return matrices(name, ".lora_down.weight", ".lora_up.weight", inputs, outputs)
                .scale(name);
    }

    public LoraFiles matrices(String name, String down, String up, int inputs, int outputs) {
        file.values(name + down, "F32", random(RANK * inputs, 1), RANK, inputs);
        file.values(name + up, "F32", random(outputs * RANK, 2), outputs, RANK);
        return this;
    }

    private LoraFiles scale(String name) {
        return tensor(name + ".alpha", new float[] {RANK});
    }

    /** Any other tensor. */
    public LoraFiles tensor(String name, float[] values, long... shape) {
        file.values(name, "F32", values, shape);
        return this;
    }

    public Path write(Path path) {
        return file.write(path);
    }

    private static float[] random(int count, long seed) {
        try (Tensor values = Tensor.randomNormal(Shape.of(count), seed)) {
            values.scale(0.3);
            return values.toArray();
        }
    }
}
