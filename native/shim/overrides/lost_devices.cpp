/*
 * Freeing what lies on a GPU, which ggml does in destructors. After an illegal access or when the driver was reset CUDA fails at
 * that too, and an exception on its way out through such a destructor would end the process. What a thread frees after
 * d4j_give_up_devices is left where it is then. The functions take the place of those of the same names in ggml-backend.cpp, see
 * native/CMakeLists.txt.
 */
#include "lost_devices.h"

#include "ggml-backend-impl.h"

extern "C" {
void ggml_backend_buffer_free_replaced(ggml_backend_buffer_t buffer);
void ggml_backend_free_replaced(ggml_backend_t backend);
}

namespace {

thread_local bool are_given_up = false;

bool is_given_up(ggml_backend_dev_t device) {
    return are_given_up && device != nullptr && ggml_backend_dev_type(device) != GGML_BACKEND_DEVICE_TYPE_CPU;
}

}  // namespace

void d4j_give_up_devices(bool given_up) {
    are_given_up = given_up;
}

void ggml_backend_buffer_free(ggml_backend_buffer_t buffer) {
    if (buffer == nullptr || !is_given_up(ggml_backend_buft_get_device(buffer->buft))) {
        ggml_backend_buffer_free_replaced(buffer);
    }
}

void ggml_backend_free(ggml_backend_t backend) {
    if (backend == nullptr || !is_given_up(backend->device)) {
        ggml_backend_free_replaced(backend);
    }
}
