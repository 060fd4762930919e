/* How CUDA's part of ggml computes: by variables of the environment, which it reads when it computes for the first time. */
#ifndef D4J_CUDA_SETTINGS_H
#define D4J_CUDA_SETTINGS_H

namespace d4j {

/*
 * Sets, once and where there is an NVIDIA GPU, what the user did not:
 *
 * GGML_CUDA_FORCE_CUBLAS_COMPUTE_32F: products of half precision weights are summed in single precision. In half precision SDXL's
 * VAE overflows, and by NVIDIA's figures GPUs for data centres are as fast either way. A GeForce is twice as fast; there it stays.
 *
 * GGML_CUDA_DISABLE_GRAPHS: unless D4J_CUDA_GRAPHS is 1. The runtime builds its graphs anew for every step, which CUDA would
 * record again, and a failure while it records leaves a lock behind.
 */
void choose_cuda_settings();

}  // namespace d4j

#endif
