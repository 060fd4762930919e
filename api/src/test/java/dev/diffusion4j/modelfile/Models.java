package dev.diffusion4j.modelfile;

import java.util.Map;

/** The tensors by which families of models are known, in their real shapes. */
final class Models {

    static final String TOKEN_EMBEDDING = "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight";

    private Models() {}

    /** Stable Diffusion 1.x as far as the checks look, with a U-Net of that many channels. */
    static Safetensors sd1(long channels) {
        Safetensors model = new Safetensors().floats(TOKEN_EMBEDDING, 49_408, 768);
        return vae(unet(model, channels, 4, 768), "first_stage_model.");
    }

    static Safetensors unet(Safetensors model, long channels, long inputs, long context) {
        return unet(model, channels, inputs, context, true);
    }

    static Safetensors unet(Safetensors model, long channels, long inputs, long context, boolean middle) {
        unetExcept(model, "", channels, inputs, context);
        return middle ? model.floats("model.diffusion_model.middle_block.1.norm.weight", 4 * channels) : model;
    }

    /** A U-Net in which one tensor is left out, for the test to put another in its place. */
    static Safetensors unetExcept(Safetensors model, String except, long channels, long inputs, long context) {
        Map<String, long[]> tensors = Map.of(
                "input_blocks.0.0.weight", new long[] {channels, inputs, 3, 3},
                "time_embed.0.weight", new long[] {4 * channels, channels},
                "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight", new long[] {channels, context},
                "out.2.weight", new long[] {4, channels, 3, 3});
        tensors.forEach((name, shape) -> {
            if (!except.endsWith(name)) {
                model.floats("model.diffusion_model." + name, shape);
            }
        });
        return model;
    }

    static Safetensors sdxl() {
        Safetensors model = new Safetensors()
                .floats("conditioner.embedders.0.transformer.text_model.embeddings.token_embedding.weight", 49_408, 768)
                .floats("conditioner.embedders.1.model.token_embedding.weight", 49_408, 1280)
                .floats("model.diffusion_model.label_emb.0.0.weight", 1280, 2816);
        return vae(unet(model, 320, 4, 2048), "first_stage_model.");
    }

    static Safetensors vae(Safetensors model, String prefix) {
        return model.floats(prefix + "decoder.conv_in.weight", 512, 4, 3, 3)
                .floats(prefix + "decoder.conv_out.weight", 3, 128, 3, 3)
                .floats(prefix + "encoder.conv_in.weight", 128, 3, 3, 3);
    }

    static Safetensors tinyAutoencoder() {
        return tinyAutoencoder(4);
    }

    static Safetensors tinyAutoencoder(long channels) {
        return new Safetensors()
                .floats("decoder.layers.0.weight", 64, channels, 3, 3)
                .floats("encoder.layers.0.weight", 64, 3, 3, 3);
    }

    /** TAEHV. */
    static Safetensors tinyVideoAutoencoder(long channels) {
        return new Safetensors()
                .floats("decoder.1.weight", 256, channels, 3, 3)
                .floats("decoder.3.conv.0.weight", 256, 512, 3, 3)
                .floats("encoder.0.weight", 64, 3, 3, 3);
    }

    /** A LoRA on cross-attention, in the names that most training tools write. */
    static Safetensors lora(long context, long channels) {
        String stem = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k";
        return new Safetensors()
                .floats(stem + ".lora_down.weight", 8, context)
                .floats(stem + ".lora_up.weight", channels, 8)
                .floats(stem + ".alpha");
    }
}
