/*
 * What the shim's kernels need before ggml's CPU backend turns to its own: the size of their work memory when a graph is
 * planned, and operations that are theirs altogether. ggml asks these two functions about every operation, for hardware that has ways
 * of its own; see native/CMakeLists.txt.
 */
#include <cstddef>

#include "ggml-cpu-impl.h"
#include "ggml-cpu.h"
#include "ggml.h"

#include "product.h"
#include "winograd.h"

extern "C" bool ggml_cpu_extra_work_size_replaced(int threads, const ggml_tensor* op, size_t* size);
extern "C" bool ggml_cpu_extra_compute_forward_replaced(ggml_compute_params* params, ggml_tensor* op);

namespace {

bool may_be_product(const ggml_tensor* op) {
    return op->op == GGML_OP_MUL_MAT || op->op == GGML_OP_CONV_2D;
}

size_t work_size(const ggml_tensor* op, int threads) {
    const size_t product = may_be_product(op) ? d4j::product_work_size(op, threads) : 0;
    return product == 0 && op->op == GGML_OP_CONV_2D ? d4j::winograd_work_size(op, threads) : product;
}

}  // namespace

extern "C" bool ggml_cpu_extra_work_size(int threads, const ggml_tensor* op, size_t* size) {
    const size_t ours = work_size(op, threads);
    if (ours == 0) {
        return ggml_cpu_extra_work_size_replaced(threads, op, size);
    }
    *size = ours;
    return true;
}

extern "C" bool ggml_cpu_extra_compute_forward(ggml_compute_params* params, ggml_tensor* op) {
    return (may_be_product(op) && d4j::multiply(params, op)) || ggml_cpu_extra_compute_forward_replaced(params, op);
}
