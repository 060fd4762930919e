/* Names that diffusers gives to weights and that upstream does not know: of SD 3's transformer, and of the VAE of Wan and Qwen-Image. */
#ifndef D4J_DIFFUSERS_NAMES_H
#define D4J_DIFFUSERS_NAMES_H

#include "model_loader.h"

namespace d4j {

/* Whether there is a transformer of SD 3 in these names. */
bool is_sd3_of_diffusers(const String2TensorStorage& all);

/* Gives what upstream would not know the original names. */
void restore_names(String2TensorStorage& all);

}  // namespace d4j

#endif
