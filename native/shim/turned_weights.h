/*
 * Weights that a file holds transposed. open_clip multiplies by its text projection from the left, where the runtime, and
 * Hugging Face's files, have a linear layer's weight. Upstream loads both alike, and so draws from SDXL's single files
 * what their second text encoder does not mean.
 */
#ifndef D4J_TURNED_WEIGHTS_H
#define D4J_TURNED_WEIGHTS_H

#include "model_io/tensor_storage.h"

namespace d4j {

/* Notes whether a tensor, which still has the name that the file gives it, is one of those. */
void note_layout(TensorStorage& tensor);

/* Brings the values of a tensor, as they were read from the file, into the layout that the model wants. */
void turn_if_noted(const TensorStorage& tensor, char* values);

/* Whether it was noted. */
bool is_turned(const TensorStorage& tensor);

}  // namespace d4j

#endif
