/* An open model, and how functions of d4j.h run on one. */
#ifndef D4J_OPEN_MODEL_H
#define D4J_OPEN_MODEL_H

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "call.h"
#include "d4j.h"
#include "runtime.h"

namespace d4j {

/* A control picture of the next generation, with pixels of its own. */
struct KeptControl {
    d4j_control_t control;
    std::vector<uint8_t> pixels;

    explicit KeptControl(const d4j_control_t& given)
        : control(given), pixels(given.picture.data, given.picture.data + int64_t{3} * given.picture.width * given.picture.height) {}

    d4j_control_t get() {
        control.picture.data = pixels.data();
        return control;
    }
};


/* What is open, whatever it is: counted, used by one thread at a time, and perhaps no longer usable. */
struct Opened {
    Opened() { live++; }
    ~Opened() { live--; }
    Opened(const Opened&)            = delete;
    Opened& operator=(const Opened&) = delete;

    static inline std::atomic<int64_t> live{0};
    static inline std::atomic<int64_t> leaked{0};
    /* What made it unusable, and its status; empty while it is usable. */
    std::string poison;
    d4j_status poison_status = D4J_POISONED;
    /* A part runs on a GPU of this machine. */
    bool is_on_gpu = false;
    /* Freeing it would end the process: a GPU that failed fails again, in destructors. */
    bool is_beyond_freeing = false;
    /* A part runs on another machine. */
    bool is_remote = false;
    std::atomic<bool> busy{false};
};

}  // namespace d4j

struct d4j_model_t : d4j::Opened {
    struct FreeContext {
        void operator()(sd_ctx_t* context) const { free_sd_ctx(context); }
    };

    std::unique_ptr<sd_ctx_t, FreeContext> context;
    d4j_model_info_t info = {};
    d4j_parts_t parts     = {};
    /* Of a prompt.encode that has just been. */
    d4j::Prompt prompt;
    std::vector<d4j::KeptControl> controls;
    /* The last generation left its LoRAs on the weights, where the next one would have replaced them. */
    bool has_loras_of_generation = false;
};

namespace d4j {

/* Counts something that is leaked in place of being freed, and says so in the log. */
void count_as_given_up();

/* Throws Failure (D4J_INVALID). */
void require_pointer(const char* name, const void* pointer);

/*
 * guarded(), for what runs on an open model: refuses a model that another thread uses or that became unusable. That it does by
 * whatever the runtime throws, which leaves its own things half done, and by a device that was lost.
 */
d4j_status guarded_on(Opened* model,
                      const char* what_failed,
                      const d4j_observer_t* observer,
                      const std::function<void(Call&)>& body);

}  // namespace d4j

#endif
