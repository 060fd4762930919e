/*
 * Weights whose values a file has in another order than the model:
 *
 * - open_clip multiplies by its text projection from the left, where the runtime, and Hugging Face's files, have a linear
 *   layer's weight. Upstream loads both alike, and so draws from SDXL's single files what their second text encoder does not
 *   mean.
 * - Rows of queries and keys of Mistral's language models are rotated in pairs: of neighbours in llama.cpp's files, of a row in
 *   a head's first half and one in its second in Hugging Face's. Upstream takes the first order for granted for FLUX.2's
 *   and the second one for ERNIE-Image's, whatever the file.
 */
#ifndef D4J_TURNED_WEIGHTS_H
#define D4J_TURNED_WEIGHTS_H

#include "model_io/tensor_storage.h"
#include "model_loader.h"

namespace d4j {

/* Notes whether a tensor, which still has the name that the file gives it, is one of those. */
void note_layout(TensorStorage& tensor);

/* Notes which rows of Mistral's queries and keys are in the other order, when all files are known and no name is converted yet. */
void note_rows(ModelLoader& loader);

/* Brings the values of a tensor, as they were read from the file, into the layout that the model wants. */
void turn_if_noted(const TensorStorage& tensor, char* values);

/* Whether it was noted. */
bool is_turned(const TensorStorage& tensor);

}  // namespace d4j

#endif
