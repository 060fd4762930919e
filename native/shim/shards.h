/* Models that were split over files, "name-00001-of-00003.safetensors" and so on: whoever loads the first one gets all. */
#ifndef D4J_SHARDS_H
#define D4J_SHARDS_H

#include <functional>
#include <string>

namespace d4j {

/* Loads the files that follow, if this is the first of several. False if one of them could not be loaded. */
bool load_further_shards(const std::string& path, const std::function<bool(const std::string&)>& load);

}  // namespace d4j

#endif
