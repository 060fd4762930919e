#include "cuda_settings.h"

#include <cstdlib>
#include <cstring>
#include <mutex>

#include "ggml-backend.h"

namespace d4j {

namespace {

void set_by_default(const char* variable) {
    setenv(variable, "1", 0);
}

}  // namespace

void choose_cuda_settings() {
    static std::once_flag once;
    std::call_once(once, [] {
        bool has_cuda    = false;
        bool has_geforce = false;
        for (size_t i = 0; i < ggml_backend_dev_count(); i++) {
            ggml_backend_dev_t device = ggml_backend_dev_get(i);
            if (std::strcmp(ggml_backend_reg_name(ggml_backend_dev_backend_reg(device)), "CUDA") == 0) {
                has_cuda = true;
                has_geforce |= std::strstr(ggml_backend_dev_description(device), "GeForce") != nullptr;
            }
        }
        if (!has_cuda) {
            return;
        }
        if (!has_geforce && std::getenv("GGML_CUDA_FORCE_CUBLAS_COMPUTE_16F") == nullptr) {
            set_by_default("GGML_CUDA_FORCE_CUBLAS_COMPUTE_32F");
        }
        const char* graphs = std::getenv("D4J_CUDA_GRAPHS");
        if (graphs == nullptr || std::strcmp(graphs, "1") != 0) {
            set_by_default("GGML_CUDA_DISABLE_GRAPHS");
        }
    });
}

}  // namespace d4j
