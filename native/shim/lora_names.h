/* Names of tensors of LoRAs and PhotoMaker that the runtime's name conversion does not know, in spellings that it does. */
#ifndef D4J_LORA_NAMES_H
#define D4J_LORA_NAMES_H

#include <string>

#include "model.h"

namespace d4j {

/*
 * Takes and returns the name of any tensor as name_conversion.h's convert_tensor_name does; only those that begin with
 * "lora." are changed:
 * - PEFT's wrapper "base_model.model." goes;
 * - names without a part ("down_blocks.0...", as old diffusers wrote them) get that of the diffusion model, and those of
 *   a bare text model that of the first text encoder;
 * - text encoders in diffusers' words ("text_encoder_2.") get the words of kohya's files ("te2.");
 * - words joined by underscores ("lora_unet_joint_blocks_0_x_block_attn_qkv") get dots where a family has a transformer;
 * - FLUX.2's layers in diffusers' words get those of the original;
 * - the layers of old diffusers' attention processors ("attn1.processor.to_out_lora.up.weight") get their own names;
 * - of a PhotoMaker file, "lora_weights." goes, and what is not its LoRA gets "pmid.".
 */
std::string common_lora_name(std::string name, SDVersion version);

/*
 * Likewise, of names that begin with "pmid.": those of PhotoMaker as it was published ("id_encoder.", "lora_weights.") lose
 * these beginnings.
 */
std::string common_photomaker_name(std::string name);

}  // namespace d4j

#endif
