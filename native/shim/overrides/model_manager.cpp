/*
 * Compiles the runtime's model_manager.cpp with our LoRAs in place of its own, and without mapping weights of which the
 * model wants another layout than the file's (see turned_weights.h) into memory as they are.
 */
#include "core/util.h"
#include "lora.h"
#include "model_manager.h"
#include "turned_weights.h"

#define LoraModel d4j::LoraModel
#define mmap_tensors(tensors, ignored, writable) mmap_tensors(tensors, d4j::turned_weights(model_loader_), writable)
#include "src/model_manager.cpp"
