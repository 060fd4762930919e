/*
 * Weights that the model wants otherwise than the file has them:
 *
 * - q, k and v, which diffusers names apart in transformers whose original layout has them in one matrix, of FLUX.1's single
 *   blocks with what goes into the MLP;
 * - the last modulation of such a transformer, whose halves, shift and scale, change places in diffusers' names;
 * - fp8 with a scale for each tensor, as ComfyUI and others save it.
 *
 * Each is read piece by piece from where it is, straight into the memory that it is loaded to.
 */
#ifndef D4J_PIECED_WEIGHTS_H
#define D4J_PIECED_WEIGHTS_H

#include <string>
#include <vector>

#include "model_io/tensor_storage.h"
#include "model_loader.h"

namespace d4j {

/* In place of ModelLoader::convert_tensors_name, when all files are known. */
void convert_names(ModelLoader& loader);

/* Whether a weight has to be read by read_pieces. */
bool is_pieced(const TensorStorage& weight);

/* Reads it, in the type that its storage says, from the loader's files. Throws std::runtime_error. */
void read_pieces(const TensorStorage& weight, const std::vector<std::string>& files, char* to);

}  // namespace d4j

#endif
