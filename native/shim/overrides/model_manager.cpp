/*
 * Compiles the runtime's model_manager.cpp with our LoRAs in place of its own, and without mapping weights of which the
 * model wants another layout than the file's (see turned_weights.h and pieced_weights.h) into memory as they are.
 */
#include <set>
#include <string>

#include "core/util.h"
#include "lora.h"
#include "model_manager.h"
#include "pieced_weights.h"
#include "turned_weights.h"

namespace {

std::set<std::string> rearranged_weights(const ModelLoader& loader) {
    std::set<std::string> names;
    for (const auto& [name, weight] : loader.get_tensor_storage_map()) {
        if (d4j::is_turned(weight) || d4j::is_pieced(weight)) {
            names.insert(name);
        }
    }
    return names;
}

}  // namespace

#define LoraModel d4j::LoraModel
#define mmap_tensors(tensors, ignored, writable) mmap_tensors(tensors, rearranged_weights(model_loader_), writable)
#include "src/model_manager.cpp"
