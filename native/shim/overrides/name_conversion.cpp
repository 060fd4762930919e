/*
 * Compiles the runtime's name_conversion.cpp, whose functions fill their tables when they are first called, without any
 * protection: models that were opened at once, or given LoRAs, crashed. Here one thread at a time converts a name.
 */
#include "name_conversion.h"

#include <mutex>

#define convert_tensor_name convert_tensor_name_unlocked
#include "src/name_conversion.cpp"
#undef convert_tensor_name

std::string convert_tensor_name(std::string name, SDVersion version) {
    static std::mutex mutex;
    const std::lock_guard<std::mutex> lock(mutex);
    return convert_tensor_name_unlocked(std::move(name), version);
}
