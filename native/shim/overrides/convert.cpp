/*
 * Compiles the runtime's convert.cpp with weights as pieced_weights.h puts them together: what is written out is what would
 * have been drawn with, whether its names are converted or not.
 */
#include "core/ggml_extend_backend.h"
#include "model_loader.h"
#include "pieced_weights.h"

#define convert_tensors_name() get_tensor_storage_map(), d4j::convert_names(model_loader)
#define sd_backend_cpu_init() (d4j::fold_scales(model_loader), sd_backend_cpu_init())
#include "src/convert.cpp"
