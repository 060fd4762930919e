#include "open_model.h"

#include "guard.h"
#include "rpc.h"

namespace d4j {

namespace {

/* Claims the model for this call: the runtime has no protection of its own against two threads. */
class Use {
public:
    explicit Use(d4j_model_t& model) : model_(model) {
        if (model_.busy.exchange(true)) {
            throw Failure{D4J_INVALID, "the model is in use by another thread"};
        }
    }
    ~Use() { model_.busy.store(false); }
    Use(const Use&)            = delete;
    Use& operator=(const Use&) = delete;

private:
    d4j_model_t& model_;
};

}  // namespace

void require_pointer(const char* name, const void* pointer) {
    if (pointer == nullptr) {
        throw Failure{D4J_INVALID, std::string(name) + " is null"};
    }
}

d4j_status guarded_on(d4j_model_t* model,
                      const char* what_failed,
                      const d4j_observer_t* observer,
                      const std::function<void(Call&)>& body) {
    return guarded(what_failed, observer, [&](Call& call) {
        require_pointer("model", model);
        Use use(*model);
        if (!model->poison.empty()) {
            throw Failure{model->poison_status, "the model became unusable: " + model->poison};
        }
        const auto turn = model->is_remote ? rpc_turn() : std::unique_lock<std::timed_mutex>();
        try {
            body(call);
        } catch (const AssertionFailed& failure) {
            if (!call.cancelled()) {
                model->poison = "an assertion failed: " + failure.assertion;
            }
            throw;
        } catch (const Failure& failure) {
            if (failure.status == D4J_UNAVAILABLE) {
                model->poison        = failure.reason;
                model->poison_status = D4J_UNAVAILABLE;
            }
            throw;
        }
    });
}

}  // namespace d4j
