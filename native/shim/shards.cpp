#include "shards.h"

#include <cctype>
#include <cstdio>
#include <cstdlib>

namespace d4j {

namespace {

const std::string FIRST     = "-00001-of-";
constexpr size_t DIGITS     = 5;
constexpr size_t NUMBER_AT  = 1;

}  // namespace

bool load_further_shards(const std::string& path, const std::function<bool(const std::string&)>& load) {
    const size_t name  = path.rfind('/') + 1;
    const size_t first = path.rfind(FIRST);
    if (first == std::string::npos || first < name) {
        return true;
    }
    const std::string count = path.substr(first + FIRST.size(), DIGITS);
    const std::string rest  = path.substr(first + FIRST.size() + count.size());
    if (count.size() != DIGITS || count.find_first_not_of("0123456789") != std::string::npos || rest.empty() || rest[0] != '.') {
        return true;
    }
    for (int number = 2; number <= std::atoi(count.c_str()); number++) {
        char digits[16];
        std::snprintf(digits, sizeof digits, "%05d", number);
        std::string shard = path;
        if (!load(shard.replace(first + NUMBER_AT, DIGITS, digits))) {
            return false;
        }
    }
    return true;
}

}  // namespace d4j
