package dev.diffusion4j.internal.format;

import java.util.List;
import java.util.Map;

/** The parts of the runtime's name conversion that decide what a file is and whether it is complete. */
public final class TensorNames {

    public static final String DIFFUSION = "model.diffusion_model.";
    public static final String FIRST_STAGE = "first_stage_model.";

    private record Rename(String from, String to) {}

    /** The longest prefix first, where one begins another. */
    private static final List<Rename> PREFIXES = List.of(
            new Rename("diffusion_model.", DIFFUSION),
            new Rename("unet.", DIFFUSION),
            new Rename("transformer.", DIFFUSION),
            new Rename("vae.", FIRST_STAGE),
            new Rename("text_encoder.2.", "cond_stage_model.1.transformer."),
            new Rename("text_encoder.", "cond_stage_model.transformer."),
            new Rename("te.", "cond_stage_model.transformer."),
            new Rename("conditioner.embedders.0.open_clip.", "cond_stage_model."),
            new Rename("conditioner.embedders.0.", "cond_stage_model."),
            new Rename("conditioner.embedders.1.", "cond_stage_model.1."),
            new Rename("te2.", "cond_stage_model.1.transformer."),
            new Rename("te1.", "cond_stage_model.transformer."),
            new Rename("te3.", "text_encoders.t5xxl.transformer."));

    private static final List<Rename> UNET_BLOCKS = List.of(
            new Rename(DIFFUSION + "conv_in.", DIFFUSION + "input_blocks.0.0."),
            new Rename(DIFFUSION + "down_blocks.", DIFFUSION + "input_blocks."),
            new Rename(DIFFUSION + "mid_block.attentions.0.", DIFFUSION + "middle_block.1."),
            new Rename(DIFFUSION + "up_blocks.1.attentions.0.", DIFFUSION + "output_blocks.3.1."),
            new Rename(DIFFUSION + "up_blocks.2.attentions.1.", DIFFUSION + "output_blocks.7.1."));

    private static final Map<String, String> UNET = Map.ofEntries(
            Map.entry("conv_in.weight", "input_blocks.0.0.weight"),
            Map.entry("conv_out.weight", "out.2.weight"),
            Map.entry("time_embedding.linear_1.weight", "time_embed.0.weight"),
            Map.entry("add_embedding.linear_1.weight", "label_emb.0.0.weight"));

    private static final Map<String, String> OPEN_CLIP = Map.of(
            "model.token_embedding.weight", "transformer.text_model.embeddings.token_embedding.weight",
            "model.positional_embedding", "transformer.text_model.embeddings.position_embedding.weight",
            "model.ln_final.weight", "transformer.text_model.final_layer_norm.weight");

    private static final List<String> TEXT_ENCODERS = List.of("cond_stage_model.1.", "cond_stage_model.");

    /** Tensors that the runtime skips, by how their names begin. */
    private static final List<String> UNUSED = List.of(
            "betas",
            "alphas_cumprod_prev",
            "sqrt_alphas_cumprod",
            "sqrt_one_minus_alphas_cumprod",
            "log_one_minus_alphas_cumprod",
            "sqrt_recip_alphas_cumprod",
            "sqrt_recipm1_alphas_cumprod",
            "posterior_variance",
            "posterior_log_variance_clipped",
            "posterior_mean_coef1",
            "posterior_mean_coef2",
            "model_ema.",
            "embedding_manager",
            "denoiser.sigmas",
            "text_encoders.t5xxl.transformer.encoder.embed_tokens.weight",
            "ztsnr",
            "edm_vpred.sigma_min",
            "text_encoders.llm.output.weight",
            "text_encoders.llm.lm_head.");

    /** Counters that training leaves behind. The runtime never asks for them. */
    private static final List<String> COUNTERS =
            List.of("position_ids", "num_batches_tracked", "num_updates", "global_step", "step", "epoch", "iteration");

    private TensorNames() {}

    /** The prefix replaced as the runtime does it, everything else as it is. */
    public static String withRuntimePrefix(String name) {
        for (Rename rename : PREFIXES) {
            if (name.startsWith(rename.from)) {
                return rename.to + name.substring(rename.from.length());
            }
        }
        return name;
    }

    /** The prefix replaced, and of a U-Net in diffusers' layout the names by which families are told apart. */
    public static String withRuntimeUnetNames(String name) {
        String prefixed = withRuntimePrefix(name);
        for (Rename rename : UNET_BLOCKS) {
            if (prefixed.startsWith(rename.from)) {
                return rename.to + prefixed.substring(rename.from.length());
            }
        }
        return prefixed;
    }

    /** The name under which the runtime looks for the tensor, as far as checks ask for it. */
    public static String canonical(String name) {
        String prefixed = withRuntimePrefix(name);
        if (prefixed.startsWith(DIFFUSION)) {
            String rest = prefixed.substring(DIFFUSION.length());
            return DIFFUSION + UNET.getOrDefault(rest, rest);
        }
        for (String prefix : TEXT_ENCODERS) {
            if (prefixed.startsWith(prefix)) {
                String rest = prefixed.substring(prefix.length());
                return prefix + OPEN_CLIP.getOrDefault(rest, rest);
            }
        }
        return prefixed;
    }

    /** Whether the runtime leaves the tensor alone whatever it holds. */
    public static boolean isUnused(String name) {
        String last = name.substring(name.lastIndexOf('.') + 1);
        return COUNTERS.contains(last) || UNUSED.stream().anyMatch(name::startsWith);
    }
}
