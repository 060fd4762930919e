package dev.diffusion4j.modelfile;

import dev.diffusion4j.internal.format.TensorNames;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Tells what a file holds from its tensors' names and shapes, by the rules of the runtime's loader. */
final class FamilyDetector {

    private static final List<String> LORA_ENDINGS = List.of(
            ".lora_down.weight",
            ".lora_up.weight",
            ".lora.down.weight",
            ".lora.up.weight",
            "_lora.down.weight",
            "_lora.up.weight",
            ".lora_A.weight",
            ".lora_B.weight",
            ".lora_A.default.weight",
            ".lora_B.default.weight",
            ".hada_w1_a",
            ".hada_w2_a",
            ".lokr_w1",
            ".lokr_w1_a",
            ".lokr_w2",
            ".lokr_w2_a",
            ".diff",
            ".diff_b");

    private static final List<Long> EMBEDDING_WIDTHS = List.of(768L, 1024L, 1280L);

    private FamilyDetector() {}

    static ModelFamily detect(Collection<TensorInfo> tensors) {
        // Before LoRAs, as it has one, too.
        if (has(tensors, "fuse_module.mlp1.fc1.weight")) {
            return has(tensors, "qformer_perceiver.token_proj.0.weight")
                            || has(tensors, "qformer_perceiver.token_proj.fc1.weight")
                    ? ModelFamily.PHOTO_MAKER_2
                    : ModelFamily.PHOTO_MAKER;
        }
        if (anyEndsWith(tensors, LORA_ENDINGS)) {
            return ModelFamily.LORA;
        }
        ModelFamily family = wholeModel(tensors);
        if (family == ModelFamily.UNKNOWN) {
            family = part(tensors);
        }
        return family == ModelFamily.UNKNOWN ? bareDiffusionModel(tensors) : family;
    }

    /** Whether the runtime finds the diffusion model only when the file is given as that part of a model. */
    static boolean isBareDiffusionModel(Collection<TensorInfo> tensors) {
        return wholeModel(tensors) == ModelFamily.UNKNOWN && bareDiffusionModel(tensors) != ModelFamily.UNKNOWN;
    }

    /** Like the runtime, looks once at the names as they are and once as it converts them for what it found. */
    private static ModelFamily wholeModel(Collection<TensorInfo> tensors) {
        ModelFamily first = diffusionModel(tensors, UnaryOperator.identity());
        return diffusionModel(
                tensors, first.isUnet() ? TensorNames::withRuntimeUnetNames : TensorNames::withRuntimePrefix);
    }

    private static ModelFamily bareDiffusionModel(Collection<TensorInfo> tensors) {
        return diffusionModel(
                tensors, name -> name.startsWith(TensorNames.DIFFUSION) ? name : TensorNames.DIFFUSION + name);
    }

    private static ModelFamily diffusionModel(Collection<TensorInfo> tensors, UnaryOperator<String> rename) {
        Map<String, TensorInfo> named = new LinkedHashMap<>();
        for (TensorInfo tensor : tensors) {
            named.put(rename.apply(tensor.name()), tensor);
        }
        return new Evidence(named).family();
    }

    private static ModelFamily part(Collection<TensorInfo> tensors) {
        if (has(tensors, "input_hint_block.0.weight") || has(tensors, "controlnet_cond_embedding.conv_in.weight")) {
            return ModelFamily.CONTROL_NET;
        }
        if (UpscalerDetector.detect(tensors).isPresent()) {
            return ModelFamily.UPSCALER;
        }
        if (TinyAutoencoders.isOne(tensors)) {
            return ModelFamily.TINY_AUTOENCODER;
        }
        if (has(tensors, "decoder.conv_in.weight")
                || has(tensors, "decoder.conv1.weight")
                || has(tensors, "decoder.conv_in.conv.weight")) {
            return ModelFamily.VAE;
        }
        ModelFamily encoder = textEncoder(tensors);
        if (encoder != ModelFamily.UNKNOWN) {
            return encoder;
        }
        return isTextualInversion(tensors) ? ModelFamily.TEXTUAL_INVERSION : ModelFamily.UNKNOWN;
    }

    private static ModelFamily textEncoder(Collection<TensorInfo> tensors) {
        for (TensorInfo tensor : tensors) {
            String name = tensor.name();
            if (isNamed(name, "embeddings.token_embedding.weight")
                    || isNamed(name, "model.token_embedding.weight")
                    || name.equals("token_embedding.weight")) {
                return switch ((int) tensor.ne(0)) {
                    case 768 -> ModelFamily.CLIP_L;
                    case 1024 -> ModelFamily.CLIP_H;
                    case 1280 -> ModelFamily.CLIP_G;
                    default -> ModelFamily.UNKNOWN;
                };
            }
        }
        if (has(tensors, "encoder.block.0.layer.0.SelfAttention.q.weight") || has(tensors, "enc.blk.0.attn_q.weight")) {
            return ModelFamily.T5;
        }
        if (has(tensors, "vision_model.encoder.layers.0.self_attn.q_proj.weight")) {
            return ModelFamily.CLIP_VISION;
        }
        if (has(tensors, "layers.0.self_attn.q_proj.weight") || has(tensors, "blk.0.attn_q.weight")) {
            return ModelFamily.LLM;
        }
        return ModelFamily.UNKNOWN;
    }

    private static boolean isTextualInversion(Collection<TensorInfo> tensors) {
        return !tensors.isEmpty()
                && tensors.size() <= 4
                && tensors.stream()
                        .allMatch(tensor ->
                                (tensor.shape().size() == 1 || tensor.shape().size() == 2)
                                        && EMBEDDING_WIDTHS.contains(tensor.ne(0))
                                        && !tensor.name().endsWith(".weight")
                                        && !tensor.name().endsWith(".bias"));
    }

    private static boolean has(Collection<TensorInfo> tensors, String ending) {
        return tensors.stream().anyMatch(tensor -> isNamed(tensor.name(), ending));
    }

    /** Whether the name is {@code ending}, alone or after a dot. */
    private static boolean isNamed(String name, String ending) {
        return name.endsWith(ending)
                && (name.length() == ending.length() || name.charAt(name.length() - ending.length() - 1) == '.');
    }

    private static boolean anyEndsWith(Collection<TensorInfo> tensors, List<String> endings) {
        return tensors.stream().anyMatch(tensor -> endings.stream().anyMatch(tensor.name()::endsWith));
    }

    /** What has been seen so far; the names of its fields and their use follow the runtime's loader. */
    private static final class Evidence {

        private static final List<String> TOKEN_EMBEDDINGS = List.of(
                "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight",
                "cond_stage_model.model.token_embedding.weight",
                "text_model.embeddings.token_embedding.weight",
                "te.text_model.embeddings.token_embedding.weight",
                "conditioner.embedders.0.model.token_embedding.weight",
                "conditioner.embedders.0.transformer.text_model.embeddings.token_embedding.weight");

        private final Map<String, TensorInfo> tensors;
        private boolean unet;
        private boolean diffusersUnet;
        private boolean multipleEncoders;
        private boolean flux;
        private boolean flux2;
        private boolean singleBlock47;
        private boolean wan;
        private boolean imageEmbedding;
        private boolean middleBlock1;
        private boolean outputBlock311;
        private boolean outputBlock71;
        private boolean attention1024;
        private long patchChannels;
        private long tokenWidth;
        private long attentionWidth;
        private long contextIn;
        private long inputWidth;
        private long inputChannels;

        Evidence(Map<String, TensorInfo> tensors) {
            this.tensors = tensors;
        }

        ModelFamily family() {
            for (Map.Entry<String, TensorInfo> entry : tensors.entrySet()) {
                ModelFamily settled = settledBy(entry.getKey());
                if (settled != ModelFamily.UNKNOWN) {
                    return settled;
                }
                add(entry.getKey(), entry.getValue());
            }
            if (wan) {
                return wan();
            }
            if (unet && multipleEncoders) {
                return sdxl();
            }
            if (flux2) {
                return singleBlock47 ? ModelFamily.FLUX2 : ModelFamily.FLUX2_KLEIN;
            }
            if (flux) {
                return flux();
            }
            // A text encoder alone would do for the runtime, but it is no model yet.
            return unet || diffusersUnet ? stableDiffusion() : ModelFamily.UNKNOWN;
        }

        private void add(String name, TensorInfo tensor) {
            flux |= name.contains("model.diffusion_model.double_blocks.")
                    || name.contains("model.diffusion_model.single_transformer_blocks.");
            flux2 |= name.contains("model.diffusion_model.double_stream_modulation_img.lin.weight")
                    || name.contains("model.diffusion_model.double_stream_modulation_img.linear.weight");
            singleBlock47 |= name.contains("single_blocks.47.linear1.weight");
            wan |= name.contains("model.diffusion_model.blocks.0.cross_attn.norm_k.weight");
            imageEmbedding |= name.contains("model.diffusion_model.img_emb");
            if (name.contains("model.diffusion_model.patch_embedding.weight")) {
                patchChannels = tensor.ne(3);
            }
            addUnet(name, tensor);
            if (TOKEN_EMBEDDINGS.contains(name)) {
                tokenWidth = tensor.ne(0);
            }
            if (name.equals("model.diffusion_model.input_blocks.0.0.weight")
                    || name.equals("model.diffusion_model.img_in.weight")
                    || name.equals("model.diffusion_model.x_embedder.weight")
                    || name.equals("model.diffusion_model.conv_in.weight")
                    || name.equals("unet.conv_in.weight")) {
                inputWidth = tensor.ne(0);
                inputChannels = tensor.ne(2);
            }
            if (name.equals("model.diffusion_model.txt_in.weight")
                    || name.equals("model.diffusion_model.context_embedder.weight")) {
                contextIn = tensor.ne(0);
            }
        }

        private void addUnet(String name, TensorInfo tensor) {
            unet |= name.contains("model.diffusion_model.input_blocks.") || name.contains("unet.down_blocks.");
            diffusersUnet |= name.startsWith("model.diffusion_model.down_blocks.");
            multipleEncoders |= name.contains("conditioner.embedders.1")
                    || name.contains("cond_stage_model.1")
                    || name.contains("te.1");
            middleBlock1 |= name.contains("model.diffusion_model.middle_block.1.")
                    || name.contains("unet.mid_block.resnets.1.")
                    || name.contains("model.diffusion_model.mid_block.resnets.1.");
            outputBlock311 |= name.contains("model.diffusion_model.output_blocks.3.1.transformer_blocks.1")
                    || name.contains("unet.up_blocks.1.attentions.0.transformer_blocks.1")
                    || name.contains("model.diffusion_model.up_blocks.1.attentions.0.transformer_blocks.1");
            outputBlock71 |= name.contains("model.diffusion_model.output_blocks.7.1")
                    || name.contains("unet.up_blocks.2.attentions.1")
                    || name.contains("model.diffusion_model.up_blocks.2.attentions.1");
            attention1024 |=
                    name.contains("model.diffusion_model.output_blocks.7.1.transformer_blocks.0.attn1.to_k.weight")
                            && tensor.ne(0) == 1024;
            if (name.endsWith("attn2.to_k.weight")) {
                attentionWidth = tensor.ne(0);
            }
        }

        private ModelFamily wan() {
            if (imageEmbedding) {
                return ModelFamily.WAN2;
            }
            return switch ((int) patchChannels) {
                case 184_320 -> ModelFamily.WAN2_2_I2V;
                case 147_456 -> ModelFamily.WAN2_2_TI2V;
                default -> ModelFamily.WAN2;
            };
        }

        private ModelFamily sdxl() {
            if (inputChannels == 9) {
                return ModelFamily.SDXL_INPAINT;
            }
            if (inputChannels == 8) {
                return ModelFamily.SDXL_PIX2PIX;
            }
            if (middleBlock1) {
                return ModelFamily.SDXL;
            }
            return outputBlock311 ? ModelFamily.SDXL_SSD1B : ModelFamily.SDXL_VEGA;
        }

        private ModelFamily flux() {
            if (contextIn == 3584) {
                return ModelFamily.LONGCAT;
            }
            return switch ((int) inputWidth) {
                case 384 -> ModelFamily.FLUX_FILL;
                case 128 -> ModelFamily.FLUX_CONTROL;
                case 196 -> ModelFamily.FLEX_2;
                default -> ModelFamily.FLUX;
            };
        }

        private ModelFamily stableDiffusion() {
            // Without a text encoder the runtime is at a loss; the cross-attention's width says what is missing.
            return switch ((int) (tokenWidth != 0 ? tokenWidth : attentionWidth)) {
                case 768 -> stableDiffusion1();
                case 1024 -> stableDiffusion2();
                case 1280 -> ModelFamily.SDXL_REFINER;
                case 2048 -> sdxl();
                default -> ModelFamily.UNKNOWN;
            };
        }

        private ModelFamily stableDiffusion1() {
            if (inputChannels == 9) {
                return ModelFamily.SD1_INPAINT;
            }
            if (inputChannels == 8) {
                return ModelFamily.SD1_PIX2PIX;
            }
            if (middleBlock1) {
                return ModelFamily.SD1;
            }
            return outputBlock71 ? ModelFamily.SD1_TINY : ModelFamily.SDXS_512;
        }

        private ModelFamily stableDiffusion2() {
            if (inputChannels == 9) {
                return ModelFamily.SD2_INPAINT;
            }
            if (middleBlock1) {
                return ModelFamily.SD2;
            }
            return attention1024 ? ModelFamily.SDXS_09 : ModelFamily.SD2_TINY;
        }

        private ModelFamily settledBy(String name) {
            if (name.contains("model.diffusion_model.net.lq_proj.latent_proj.0.weight")) {
                return ModelFamily.PID;
            }
            if (name.contains("embed_image_indicator.weight")) {
                return ModelFamily.IDEOGRAM_4;
            }
            if (name.contains("model.diffusion_model.nerf_final_layer_conv.")) {
                return ModelFamily.CHROMA_RADIANCE;
            }
            if (name.contains("model.diffusion_model.joint_blocks.")
                    || name.equals("model.diffusion_model.pos_embed.proj.weight")
                            && tensors.containsKey(
                                    "model.diffusion_model.transformer_blocks.0.norm1_context.linear.weight")) {
                return ModelFamily.SD3;
            }
            if (name.contains("model.x_embedder.proj1.weight")
                    && tensors.containsKey("model.language_model.layers.0.self_attn.q_proj.weight")) {
                return ModelFamily.HIDREAM_O1;
            }
            if (name.contains("model.diffusion_model.transformer_blocks.0.attn.norm_added_q.weight")
                    && tensors.containsKey("model.diffusion_model.transformer_blocks.0.img_mlp.w1.weight")) {
                return ModelFamily.LENS;
            }
            if (name.contains("model.diffusion_model.transformer_blocks.0.img_mod.1.weight")) {
                return ModelFamily.QWEN_IMAGE;
            }
            if (name.contains("llm_adapter.blocks.0.cross_attn.q_proj.weight")) {
                return ModelFamily.ANIMA;
            }
            if (name.contains("model.diffusion_model.double_blocks.0.img_mlp.gate_proj.weight")) {
                return ModelFamily.OVIS_IMAGE;
            }
            if (name.contains("model.diffusion_model.cap_embedder.0.weight")) {
                return ModelFamily.Z_IMAGE;
            }
            if (name.contains("model.diffusion_model.layers.0.adaLN_sa_ln.weight")) {
                return ModelFamily.ERNIE_IMAGE;
            }
            if (name.contains("model.diffusion_model.adaln_single.emb.timestep_embedder.linear_1.bias")) {
                return ModelFamily.LTXAV;
            }
            if (name.contains("model.diffusion_model.input_blocks.8.0.time_mixer.mix_factor")) {
                return ModelFamily.SVD;
            }
            return ModelFamily.UNKNOWN;
        }
    }
}
