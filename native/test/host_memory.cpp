/*
 * More memory than there is: ggml's allocation fails, and says why, where Linux would have promised it and ended a process later.
 * The limit of a control group counts, too, where one can be made here (by root, with the first version's files).
 */
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

#include "ggml.h"

#include "overrides/host_memory.h"

extern "C" void* ggml_aligned_malloc(size_t size);
extern "C" void ggml_aligned_free(void* memory, size_t size);

namespace {

constexpr int64_t MIB = 1 << 20;

std::string log_text;

void require(bool holds, const char* what) {
    if (!holds) {
        std::fprintf(stderr, "FAILED: %s\n%s", what, log_text.c_str());
        std::exit(1);
    }
}

void* allocate(int64_t size) {
    log_text.clear();
    return ggml_aligned_malloc(static_cast<size_t>(size));
}

void require_limit_of_group() {
    namespace fs          = std::filesystem;
    const fs::path folder = "/sys/fs/cgroup/memory/diffusion4j-test-" + std::to_string(getpid());
    std::error_code error;
    if (!fs::create_directory(folder, error)) {
        std::puts("no control group can be made here: its limit is not tested");
        return;
    }
    std::ofstream(folder / "memory.limit_in_bytes") << 256 * MIB;
    const pid_t child = fork();
    if (child == 0) {
        std::ofstream(folder / "cgroup.procs") << getpid();
        require(d4j::free_host_memory() <= 256 * MIB, "the limit of the group is what is free");
        require(allocate(257 * MIB) == nullptr, "more than the group may have is refused");
        std::_Exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    fs::remove(folder, error);
    require(status == 0, "in a group");
}

}  // namespace

int main() {
    ggml_log_set([](ggml_log_level, const char* text, void*) { log_text += text; }, nullptr);
    const int64_t free = d4j::free_host_memory();
    if (free == std::numeric_limits<int64_t>::max()) {
        std::puts("this system does not tell: nothing is refused");
        return 0;
    }
    require(free > 0, "something is free");
    require(free <= int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGE_SIZE) * 16, "no more is free than this machine can have");

    require(allocate(free + 1024 * MIB) == nullptr, "more than there is is refused");
    require(log_text.find("failed to allocate") != std::string::npos && log_text.find(" MB free") != std::string::npos, "and it is said why");

    void* memory = allocate(32 * MIB);
    require(memory != nullptr, "what there is is given");
    ggml_aligned_free(memory, 32 * MIB);

    require_limit_of_group();
}
