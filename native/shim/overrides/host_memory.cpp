/*
 * Memory of the CPU, for weights and computations. Linux promises more than it has and ends the process, or another, when that is
 * used; asked for more than there is, ggml's allocation fails here instead, which the runtime handles. ggml_aligned_malloc takes
 * the place of the one in ggml.c, see native/CMakeLists.txt.
 */
#include "host_memory.h"

#include <algorithm>
#include <cinttypes>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>

#include "ggml-impl.h"

extern "C" void* ggml_aligned_malloc_replaced(size_t size);

namespace {

/* Smaller pieces are not worth asking the system. */
constexpr size_t LEAST_ASKED = 16 << 20;

constexpr int64_t UNKNOWN = std::numeric_limits<int64_t>::max();

/* The number behind that word in a file of lines such as "word 123" or "word: 123 kB"; otherwise what is given. */
int64_t number_in(const std::string& path, const std::string& word, int64_t otherwise) {
    std::ifstream file(path);
    std::string name;
    int64_t number = 0;
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        if (words >> name >> number && name == word) {
            return number;
        }
    }
    return otherwise;
}

/* The number that is all of the file; otherwise, as for "max", what is given. */
int64_t number_of(const std::string& path, int64_t otherwise) {
    std::ifstream file(path);
    int64_t number = 0;
    return file >> number ? number : otherwise;
}

/* How the two versions of control groups name what is asked of them. */
struct GroupFiles {
    const char* limit;
    const char* used;
    const char* inactive_cache;
    const char* active_cache;
};
constexpr GroupFiles VERSION_1 = {"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file", "total_active_file"};
constexpr GroupFiles VERSION_2 = {"memory.max", "memory.current", "inactive_file", "active_file"};

int64_t left_in(const std::string& folder, const GroupFiles& files) {
    const int64_t limit = number_of(folder + "/" + files.limit, UNKNOWN);
    const int64_t used  = number_of(folder + "/" + files.used, UNKNOWN);
    if (limit == UNKNOWN || used == UNKNOWN) {
        return UNKNOWN;
    }
    const std::string counts = folder + "/memory.stat";
    const int64_t cached     = number_in(counts, files.inactive_cache, 0) + number_in(counts, files.active_cache, 0);
    return std::max<int64_t>(0, limit - used + cached);
}

/* What is left in a group and all that it lies in. A container sees its own group at the root, whatever its path outside. */
int64_t left_up_from(const std::string& root, std::string path, const GroupFiles& files) {
    int64_t left = left_in(root, files);
    for (; path.size() > 1; path.erase(path.rfind('/'))) {
        left = std::min(left, left_in(root + path, files));
    }
    return left;
}

int64_t left_in_groups() {
    int64_t left = UNKNOWN;
    std::ifstream groups("/proc/self/cgroup");
    for (std::string line; std::getline(groups, line);) {  // 4:memory:/path, or 0::/path
        const size_t first  = line.find(':');
        const size_t second = line.find(':', first + 1);
        if (second == std::string::npos) {
            continue;
        }
        const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
        const std::string path        = line.substr(second + 1);
        if (controllers == ",,") {
            left = std::min(left, left_up_from("/sys/fs/cgroup", path, VERSION_2));
        } else if (controllers.find(",memory,") != std::string::npos) {
            left = std::min(left, left_up_from("/sys/fs/cgroup/memory", path, VERSION_1));
        }
    }
    return left;
}

}  // namespace

int64_t d4j::free_host_memory() {
    const int64_t available = number_in("/proc/meminfo", "MemAvailable:", UNKNOWN);
    if (available == UNKNOWN) {
        return UNKNOWN;
    }
    const int64_t swap = number_in("/proc/meminfo", "SwapFree:", 0);
    return std::min((available + swap) * 1024, left_in_groups());
}

extern "C" void* ggml_aligned_malloc(size_t size) {
    if (size >= LEAST_ASKED) {
        const int64_t free = d4j::free_host_memory();
        if (size > static_cast<uint64_t>(free)) {
            GGML_LOG_ERROR("failed to allocate %zu MB: this machine has %" PRId64 " MB free\n", size >> 20, free >> 20);
            return nullptr;
        }
    }
    return ggml_aligned_malloc_replaced(size);
}
