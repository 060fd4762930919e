#include "open_model.h"

#include "guard.h"
#include "log.h"
#include "rpc.h"

namespace d4j {

namespace {

/* Claims the model for this call: the runtime has no protection of its own against two threads. */
class Use {
public:
    explicit Use(Opened& model) : model_(model) {
        if (model_.busy.exchange(true)) {
            throw Failure{D4J_INVALID, "the model is in use by another thread"};
        }
    }
    ~Use() { model_.busy.store(false); }
    Use(const Use&)            = delete;
    Use& operator=(const Use&) = delete;

private:
    Opened& model_;
};

}  // namespace

void count_as_given_up() {
    Opened::leaked++;
    log_formatted(SD_LOG_WARN, "a model whose GPU failed is given up: its memory stays taken until the process ends");
}

void require_pointer(const char* name, const void* pointer) {
    if (pointer == nullptr) {
        throw Failure{D4J_INVALID, std::string(name) + " is null"};
    }
}

d4j_status guarded_on(Opened* model,
                      const char* what_failed,
                      const d4j_observer_t* observer,
                      const std::function<void(Call&)>& body) {
    bool broke              = false;
    const d4j_status status = guarded(what_failed, observer, [&](Call& call) {
        require_pointer("model", model);
        Use use(*model);
        if (!model->poison.empty()) {
            throw Failure{model->poison_status, "the model became unusable: " + model->poison};
        }
        const auto turn = model->is_remote ? rpc_turn() : std::unique_lock<std::timed_mutex>();
        try {
            body(call);
        } catch (const Failure& failure) {
            if (failure.status == D4J_UNAVAILABLE) {
                model->poison        = failure.reason;
                model->poison_status = D4J_UNAVAILABLE;
            }
            throw;
        } catch (...) {
            if (!follows_from_cancel(call)) {
                broke                    = true;
                model->poison            = exception_text();
                model->is_beyond_freeing = model->is_on_gpu && !tells_of_memory(call);
            }
            throw;
        }
    });
    return broke && status == D4J_FAILED ? D4J_POISONED : status;
}

}  // namespace d4j
