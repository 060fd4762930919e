/*
 * Compiles the runtime's name_conversion.cpp, whose functions fill their tables when they are first called, without any
 * protection: models that were opened at once, or given LoRAs, crashed. Here one thread at a time converts a name. Names
 * of LoRAs and of PhotoMaker that it does not know are first brought into a form that it does (see lora_names.h).
 */
#include "name_conversion.h"

#include <mutex>

#include "lora_names.h"

#define convert_tensor_name convert_tensor_name_unlocked
#include "src/name_conversion.cpp"
#undef convert_tensor_name

std::string convert_tensor_name(std::string name, SDVersion version) {
    static std::mutex mutex;
    const std::lock_guard<std::mutex> lock(mutex);
    return convert_tensor_name_unlocked(d4j::common_photomaker_name(d4j::common_lora_name(std::move(name), version)), version);
}
