/*
 * Functions of ggml that the runtime's units call under another name (see native/CMakeLists.txt), because the shim has
 * to have a say:
 *
 * - ggml_backend_graph_compute: every computation passes here, so a cancelled call stops before the next one on any
 *   device, and within one on the CPU. The runtime takes it for a computation that failed, which it can handle, where an
 *   exception would leave some of its state behind.
 * - ggml_log_set: the runtime redirects ggml's log to itself whenever a model is opened, and then uses the text as a
 *   printf format. The text may come from a model file.
 * - ggml_conv_2d_direct: the runtime takes one way for all convolutions of a part. On the CPU the direct one is faster where
 *   overrides/winograd.cpp or product.cpp does it, and slower elsewhere.
 */
#include "ggml-backend.h"
#include "ggml-cpu.h"
#include "ggml.h"

#include "call.h"
#include "guard.h"
#include "hooks.h"
#include "overrides/product.h"
#include "overrides/winograd.h"

using d4j::Call;

namespace {

bool abort_requested(void* call) {
    return static_cast<Call*>(call)->poll_cancel();
}

/* Makes the CPU backend ask, between two operations, whether to go on. */
class AbortOnCancel {
public:
    AbortOnCancel(ggml_backend_t backend, Call* call) : backend_(ggml_backend_is_cpu(backend) ? backend : nullptr) {
        if (backend_ != nullptr) {
            ggml_backend_cpu_set_abort_callback(backend_, abort_requested, call);
        }
    }
    ~AbortOnCancel() {
        if (backend_ != nullptr) {
            ggml_backend_cpu_set_abort_callback(backend_, nullptr, nullptr);
        }
    }
    AbortOnCancel(const AbortOnCancel&)            = delete;
    AbortOnCancel& operator=(const AbortOnCancel&) = delete;

private:
    ggml_backend_t backend_;
};

/*
 * Whether the graph changes weights in place, as merging a LoRA does. Stopped half-way it would leave a model that is
 * neither with nor without the LoRA.
 */
bool changes_weights(ggml_cgraph* graph) {
    for (int i = 0; i < ggml_graph_n_nodes(graph); i++) {
        const ggml_tensor* node = ggml_graph_node(graph, i);
        const bool writes       = node->op == GGML_OP_ADD || node->op == GGML_OP_CPY;
        if (writes && node->view_src != nullptr && node->view_src->op == GGML_OP_NONE) {
            return true;
        }
    }
    return false;
}

const ggml_tensor* weight_of(const ggml_tensor* kernel) {
    return kernel->view_src != nullptr ? kernel->view_src : kernel;
}

/*
 * A computation on the CPU with its own work buffer. ggml_backend_graph_compute keeps one for the next: where there is no memory
 * for a larger one, it would be left with a pointer to what it has freed, and use that.
 */
class CpuPlan {
public:
    CpuPlan(ggml_backend_t backend, ggml_cgraph* graph) : backend_(backend), plan_(ggml_backend_graph_plan_create(backend, graph)) {}
    ~CpuPlan() { ggml_backend_graph_plan_free(backend_, plan_); }
    CpuPlan(const CpuPlan&)            = delete;
    CpuPlan& operator=(const CpuPlan&) = delete;

    ggml_status compute() {
#if !defined(_OPENMP)
        const d4j::InCpuGraph scope;
#endif
        return ggml_backend_graph_plan_compute(backend_, plan_);
    }

private:
    ggml_backend_t backend_;
    ggml_backend_graph_plan_t plan_;
};

ggml_status compute(ggml_backend_t backend, ggml_cgraph* graph) {
    return ggml_backend_is_cpu(backend) ? CpuPlan(backend, graph).compute() : ggml_backend_graph_compute(backend, graph);
}

}  // namespace

extern "C" ggml_status d4j_hook_graph_compute(ggml_backend_t backend, ggml_cgraph* graph) {
    Call* call = Call::current();
    if (call == nullptr || changes_weights(graph)) {
        return compute(backend, graph);
    }
    if (call->poll_cancel()) {
        call->abort();
        return GGML_STATUS_ABORTED;
    }
    AbortOnCancel scope(backend, call);
    const ggml_status status = compute(backend, graph);
    if (status == GGML_STATUS_ABORTED) {
        call->abort();
    }
    return status;
}

extern "C" ggml_tensor* d4j_hook_conv_2d_direct(
    ggml_context* context, ggml_tensor* kernel, ggml_tensor* image, int s0, int s1, int p0, int p1, int d0, int d1) {
    const int64_t width  = image->ne[0] + 2 * p0 - kernel->ne[0] + 1;  // for steps of one
    const int64_t height = image->ne[1] + 2 * p1 - kernel->ne[1] + 1;
    const bool as_asked  = (weight_of(kernel)->flags & d4j::CONVOLVE_AS_ASKED) != 0;
    const bool is_known  = kernel->type == GGML_TYPE_F16 || kernel->type == GGML_TYPE_F32;
    const bool is_fast   = d4j::is_for_product(kernel, image, s0, s1, p0, p1)
                      || (is_known && d4j::is_for_winograd(kernel->ne[0], kernel->ne[1], s0, s1, d0, d1, width, height, image->ne[3]));
    const auto convolve  = as_asked || is_fast ? ggml_conv_2d_direct : ggml_conv_2d;
    return convolve(context, kernel, image, s0, s1, p0, p1, d0, d1);
}

extern "C" void d4j_hook_log_set(ggml_log_callback /*callback*/, void* /*data*/) {}
