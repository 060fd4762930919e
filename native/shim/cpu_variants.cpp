/*
 * Picks the CPU backend for the processor that this runs on, out of those that cmake/CpuVariants.cmake put into a
 * portable library. ggml asks for it by the name of the one backend of other libraries.
 */
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "d4j.h"
#include "ggml-cpu.h"

#define D4J_CPU_VARIANT(name, supported) extern "C" ggml_backend_reg_t d4j_cpu_reg_##name(void);
D4J_CPU_VARIANT(x64, true)
#include "cpu_variants.inc"
#undef D4J_CPU_VARIANT

namespace {

struct Variant {
    const char* name;
    bool supported;
    ggml_backend_reg_t (*reg)();
};

Variant choose() {
    // Unlike the bits of cpuid alone, this asks the operating system too: it has to save the wider registers.
    __builtin_cpu_init();
#define D4J_CPU_VARIANT(name, supported) {#name, (supported) != 0, d4j_cpu_reg_##name},
    const Variant variants[] = {
        D4J_CPU_VARIANT(x64, true)
#include "cpu_variants.inc"
    };
#undef D4J_CPU_VARIANT

    const char* wanted = std::getenv("D4J_CPU_VARIANT");
    Variant best       = variants[0];
    for (const Variant& variant : variants) {
        if (variant.supported) {
            best = variant;
        }
    }
    if (wanted == nullptr || *wanted == '\0') {
        return best;
    }
    for (const Variant& variant : variants) {
        if (std::strcmp(variant.name, wanted) == 0 && variant.supported) {
            return variant;
        }
    }
    std::fprintf(stderr, "diffusion4j: this processor cannot run D4J_CPU_VARIANT=%s; taking %s\n", wanted, best.name);
    return best;
}

const Variant& chosen() {
    static const Variant variant = choose();
    return variant;
}

}  // namespace

extern "C" ggml_backend_reg_t ggml_backend_cpu_reg(void) {
    return chosen().reg();
}

const char* d4j_cpu_variant() {
    return chosen().name;
}
