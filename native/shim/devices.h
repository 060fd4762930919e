/* Which device a model runs on. */
#ifndef D4J_DEVICES_H
#define D4J_DEVICES_H

#include <string>

#include "ggml-backend.h"

namespace d4j {

/* The name of the first GPU of this machine, else of its CPU. Unlike the runtime's choice, never another machine's. */
std::string default_device();

/* Whether a "CUDA0" or "*=RPC0,te=CPU" names a device of another machine. */
bool names_remote_device(const std::string& spec);

/* Whether a GPU of this machine computes there; null is none. */
bool is_gpu_of_this_machine(ggml_backend_t backend);

/* Whether it is one that does nothing any more. Says in the log why. */
bool is_lost_gpu(ggml_backend_t backend);

}  // namespace d4j

#endif
