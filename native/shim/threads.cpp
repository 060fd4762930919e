#include "threads.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#if defined(__linux__)
#include <sched.h>
#endif

#include "stable-diffusion.h"

namespace d4j {

namespace {

constexpr int32_t NO_LIMIT = INT32_MAX;

#if defined(__linux__)
int32_t cpus_of_this_process() {
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    return sched_getaffinity(0, sizeof(cpus), &cpus) == 0 ? std::max(CPU_COUNT(&cpus), 1) : NO_LIMIT;
}

/* Containers are limited by a share of time, "cpu.max", rather than by a set of processors. */
int32_t cpus_of_the_container() {
    double quota  = 0;
    double period = 0;
    if (FILE* file = std::fopen("/sys/fs/cgroup/cpu.max", "r")) {
        const int fields = std::fscanf(file, "%lf %lf", &quota, &period);  // "max 100000" when there is no limit
        std::fclose(file);
        if (fields == 2 && quota > 0 && period > 0) {
            return std::max(static_cast<int32_t>(std::ceil(quota / period)), 1);
        }
    }
    return NO_LIMIT;
}
#else
int32_t cpus_of_this_process() {
    return NO_LIMIT;
}

int32_t cpus_of_the_container() {
    return NO_LIMIT;
}
#endif

}  // namespace

int32_t default_threads() {
    return std::max(1, std::min({sd_get_num_physical_cores(), cpus_of_this_process(), cpus_of_the_container()}));
}

}  // namespace d4j
