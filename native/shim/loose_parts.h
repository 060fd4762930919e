/*
 * Parts of a model with a U-Net that are files of their own: the folders of diffusers, and denoisers that were published
 * alone. Upstream asks which family it has before it has seen a text encoder, and so takes them for a transformer's. And
 * text encoders that were saved without the name of what is inside: language models without what makes words of their output,
 * and CLIPs.
 */
#ifndef D4J_LOOSE_PARTS_H
#define D4J_LOOSE_PARTS_H

#include <string>
#include <vector>

#include "model_io/tensor_storage.h"
#include "model_loader.h"

namespace d4j {

/* The prefix for the names of a part's tensors, in place of the one that upstream has chosen, for all that was loaded before. */
std::string prefix_of_part(const std::vector<TensorStorage>& part, const String2TensorStorage& loaded,
                           const std::string& chosen);

}  // namespace d4j

#endif
