/* Which weights the layers of LoRA files are of, in the words of several tools. What they draw is tested from Java. */
#include <cstdio>
#include <string>

#include "model.h"
#include "name_conversion.h"

struct Case {
    SDVersion version;
    const char* name;
    const char* converted;
};

static const Case CASES[] = {
    {VERSION_SD3, "lora_unet_joint_blocks_3_x_block_attn_qkv.alpha", "model.diffusion_model.joint_blocks.3.x_block.attn.qkv.weight.alpha"},
    {VERSION_SD3, "lora_transformer_transformer_blocks_3_attn_to_k.alpha", "model.diffusion_model.joint_blocks.3.x_block.attn.qkv.weight.1.alpha"},
    {VERSION_SD3, "lora_te1_text_model_encoder_layers_3_self_attn_q_proj.alpha",
     "text_encoders.clip_l.transformer.text_model.encoder.layers.3.self_attn.q_proj.weight.alpha"},
    {VERSION_SD3, "lora_te2_text_model_encoder_layers_3_mlp_fc1.alpha",
     "text_encoders.clip_g.transformer.text_model.encoder.layers.3.mlp.fc1.weight.alpha"},
    {VERSION_FLUX, "lora_transformer_single_transformer_blocks_37_proj_mlp.alpha", "model.diffusion_model.single_blocks.37.linear1.weight.3.alpha"},
    {VERSION_FLUX, "lora_unet_single_blocks_37_modulation_lin.alpha", "model.diffusion_model.single_blocks.37.modulation.lin.weight.alpha"},
    // FLUX.2 dev has more single blocks than FLUX.1.
    {VERSION_FLUX2, "transformer.single_transformer_blocks.47.attn.to_out.alpha", "model.diffusion_model.single_blocks.47.linear2.weight.alpha"},
    {VERSION_FLUX2, "transformer.single_transformer_blocks.47.attn.to_qkv_mlp_proj.alpha", "model.diffusion_model.single_blocks.47.linear1.weight.alpha"},
    {VERSION_FLUX2, "lycoris_transformer_blocks_7_ff_context_linear_in.alpha", "model.diffusion_model.double_blocks.7.txt_mlp.0.weight.alpha"},
    {VERSION_FLUX2, "transformer.single_stream_modulation.linear.alpha", "model.diffusion_model.single_stream_modulation.lin.weight.alpha"},
    {VERSION_Z_IMAGE, "lora_unet_noise_refiner_1_attention_to_out_0.alpha", "model.diffusion_model.noise_refiner.1.attention.out.weight.alpha"},
    {VERSION_Z_IMAGE, "lora_unet_layers_29_adaLN_modulation_0.alpha", "model.diffusion_model.layers.29.adaLN_modulation.0.weight.alpha"},
    {VERSION_QWEN_IMAGE, "lora_unet_transformer_blocks_59_txt_mlp_net_0_proj.alpha", "model.diffusion_model.transformer_blocks.59.txt_mlp.net.0.proj.weight.alpha"},
    {VERSION_WAN2, "lora_unet_blocks_3_cross_attn_k.alpha", "model.diffusion_model.blocks.3.cross_attn.k.weight.alpha"},
    {VERSION_SD1, "lora_unet_mid_block_attentions_0_proj_in.alpha", "model.diffusion_model.middle_block.1.proj_in.weight.alpha"},
    // PhotoMaker, as published and as its checkpoint is read.
    {VERSION_SDXL, "lora_weights.unet.mid_block.attentions.0.transformer_blocks.0.attn2.processor.to_k_lora.down.weight",
     "model.diffusion_model.middle_block.1.transformer_blocks.0.attn2.to_k.weight.lora_down"},
    {VERSION_SDXL, "id_encoder.fuse_module.mlp1.fc1.weight", "pmid.id.encoder.fuse.module.mlp1.fc1.weight"},
    {VERSION_SDXL, "vision_model.embeddings.class_embedding", "pmid.vision.model.embeddings.class.embedding"},
};

/* Of PhotoMaker's identity encoder. */
const Case IDENTITY_CASES[] = {
    {VERSION_SDXL, "id_encoder.vision_model.pre_layrnorm.weight", "vision_model.pre_layernorm.weight"},
    {VERSION_SDXL, "id_encoder.visual_projection.weight", "visual_projection.weight"},
    {VERSION_SDXL, "id_encoder.qformer_perceiver.token_proj.0.bias", "qformer_perceiver.token_proj.fc1.bias"},
    {VERSION_SDXL, "lora_weights.unet.mid_block.attentions.0.proj_in.lora_A.weight", "unet.mid_block.attentions.0.proj_in.lora_A.weight"},
    {VERSION_SDXL, "fuse_module.mlp1.fc1.weight", "fuse_module.mlp1.fc1.weight"},
};

/* How many names with this prefix are not converted as they should be. */
template <size_t Count>
static int failures_of(const std::string& prefix, const Case (&cases)[Count]) {
    int failures = 0;
    for (const Case& known : cases) {
        const std::string converted = convert_tensor_name(prefix + known.name, known.version);
        if (converted != prefix + known.converted) {
            std::fprintf(stderr, "%s\n  is %s\n", known.name, converted.c_str());
            failures++;
        }
    }
    return failures;
}

int main() {
    return failures_of("lora.", CASES) + failures_of("pmid.", IDENTITY_CASES) == 0 ? 0 : 1;
}
