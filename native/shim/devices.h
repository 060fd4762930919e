/* Which device a model runs on. */
#ifndef D4J_DEVICES_H
#define D4J_DEVICES_H

#include <string>

namespace d4j {

/* The name of the first GPU of this machine, else of its CPU. Unlike the runtime's choice, never another machine's. */
std::string default_device();

/* Whether a "CUDA0" or "*=RPC0,te=CPU" names a device of another machine. */
bool names_remote_device(const std::string& spec);

}  // namespace d4j

#endif
