/* The functions of d4j.h that concern the library and its models. */
#include "d4j.h"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <cstddef>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "call.h"
#include "cuda_settings.h"
#include "devices.h"
#include "guard.h"
#include "open_model.h"
#include "pictures.h"
#include "rpc.h"
#include "runtime.h"
#include "threads.h"
#include "validation.h"

using d4j::Call;
using d4j::Failure;
using d4j::guarded_on;
using d4j::require_pointer;

namespace {

struct StructSize {
    const char* name;
    int64_t bytes;
};

const StructSize STRUCT_SIZES[] = {
#define D4J_STRUCT(type) {#type, static_cast<int64_t>(sizeof(type))},
#define D4J_FIELD(type, field)
#include "struct_fields.inc"
#undef D4J_STRUCT
#undef D4J_FIELD
};

struct FieldOffset {
    const char* type;
    const char* field;
    int64_t offset;
};

const FieldOffset FIELD_OFFSETS[] = {
#define D4J_STRUCT(type)
#define D4J_FIELD(type, field) {#type, #field, static_cast<int64_t>(offsetof(type, field))},
#include "struct_fields.inc"
#undef D4J_STRUCT
#undef D4J_FIELD
};

bool equal(const char* left, const char* right) {
    return left != nullptr && std::strcmp(left, right) == 0;
}

/* What the runtime has made, freed unless it is handed out. */
struct Made {
    sd_image_t* images = nullptr;
    int32_t count      = 0;
    sd_audio_t* audio  = nullptr;

    Made() = default;
    ~Made() {
        free_sd_images(images, count);
        free_sd_audio(audio);
    }
    Made(const Made&)            = delete;
    Made& operator=(const Made&) = delete;

    void hand_out() {
        d4j::hand_out(images, count);
        d4j::hand_out(audio);
        images = nullptr;
        audio  = nullptr;
    }
};

using Generation = std::function<void(sd_ctx_t*, Made&)>;

void generate(d4j_model_t& model, Call& call, const Generation& run, Made& made) {
    if (call.poll_cancel()) {
        throw Failure{D4J_CANCELLED, ""};
    }
    // A generation begins with its LoRAs, which must not find the U-Net holding weights of the last prediction.
    sd_ctx_t* context = model.context.get();
    d4j::settle(context);
    try {
        run(context, made);
    } catch (...) {
        if (d4j::follows_from_cancel(call)) {
            d4j::settle(context);
        }
        throw;
    }
    d4j::settle(context);
    if (call.cancelled()) {
        throw Failure{D4J_CANCELLED, ""};
    }
    if (made.images == nullptr) {
        throw Failure{D4J_FAILED, "the runtime returned nothing"};
    }
    const std::string left_out = call.left_out();
    if (!left_out.empty()) {
        throw Failure{D4J_FAILED, "a file could not be used: " + left_out};
    }
}

/* What pictures and videos are told in the same way. */
template <typename Params>
void prepare(d4j_model_t& model, Call& call, const Params& params, const d4j_lora_t* loras, int32_t lora_count) {
    d4j::validate(params, model.info);
    d4j::check_prompt(params.prompt);
    d4j::check_prompt(params.negative_prompt);
    d4j::validate_loras(loras, lora_count);
    d4j::choose_loras(model.context.get(), loras, lora_count, call);
    model.has_loras_of_generation = lora_count > 0;
}

}  // namespace

int32_t d4j_abi_version() {
    return D4J_ABI_VERSION;
}

int64_t d4j_struct_size(const char* name) {
    for (const StructSize& known : STRUCT_SIZES) {
        if (equal(name, known.name)) {
            return known.bytes;
        }
    }
    return -1;
}

int64_t d4j_field_offset(const char* name, const char* field) {
    for (const FieldOffset& known : FIELD_OFFSETS) {
        if (equal(name, known.type) && equal(field, known.field)) {
            return known.offset;
        }
    }
    return -1;
}

const char* d4j_source_version() {
    return D4J_SOURCE_VERSION;
}

const char* d4j_backends() {
    return D4J_BACKENDS;
}

#ifndef D4J_HAS_CPU_VARIANTS  // Otherwise cpu_variants.cpp knows.
const char* d4j_cpu_variant() {
    return "";
}
#endif

int32_t d4j_default_threads() {
    return d4j::default_threads();
}

int32_t d4j_initialize() {
    return d4j::guarded("the library could not be initialized", nullptr, [](Call&) { d4j::initialize(); });
}

void d4j_set_log_callback(d4j_log_fn callback) {
    d4j::set_log_callback(callback);
}

const char* d4j_last_error() {
    return d4j::last_error();
}

int32_t d4j_model_open(const sd_ctx_params_t* params, const d4j_observer_t* observer, d4j_model_t** model) {
    const d4j_status status = d4j::guarded("the model could not be opened", observer, [&](Call& call) {
        require_pointer("params", params);
        require_pointer("model", model);
        *model = nullptr;
        d4j::validate(*params);
        d4j::choose_cuda_settings();

        sd_ctx_params_t complete = *params;
        if (complete.n_threads <= 0) {
            complete.n_threads = d4j::default_threads();
        }
        const std::string backends = "*=" + d4j::default_device() + "," + (complete.backend == nullptr ? "" : complete.backend);
        complete.backend           = backends.c_str();
        auto opened                = std::make_unique<d4j_model_t>();
        opened->is_remote          = d4j::names_remote_device(backends);
        const auto turn            = opened->is_remote ? d4j::rpc_turn() : std::unique_lock<std::timed_mutex>();
        opened->context.reset(d4j::open(complete, call));
        if (opened->context == nullptr) {
            throw Failure{call.cancelled() ? D4J_CANCELLED : D4J_LOAD_FAILED, "the runtime refused it"};
        }
        const std::string left_out = call.left_out();
        if (!left_out.empty()) {
            throw Failure{D4J_LOAD_FAILED, "a file could not be used: " + left_out};
        }
        opened->is_on_gpu = d4j::is_on_gpu(opened->context.get());
        opened->info      = d4j::describe(opened->context.get());
        opened->parts     = d4j::parts(opened->context.get());
        *model            = opened.release();
    });
    // There is no model yet that an exception could leave usable or poison.
    return status == D4J_FAILED || status == D4J_POISONED ? D4J_LOAD_FAILED : status;
}

int32_t d4j_add_control_net(d4j_model_t* model, const char* path, const d4j_observer_t* observer) {
    return guarded_on(model, "the ControlNet could not be opened", observer, [&](Call& call) {
        d4j::validate_control_net(path);
        d4j::add_control_net(model->context.get(), path);
        const std::string left_out = call.left_out();
        if (!left_out.empty()) {
            throw Failure{D4J_LOAD_FAILED, "a file could not be used: " + left_out};
        }
        model->is_on_gpu = d4j::is_on_gpu(model->context.get());
    });
}

int32_t d4j_model_close(d4j_model_t* model) {
    return d4j::guarded("the model could not be closed", nullptr, [&](Call&) {
        if (model == nullptr) {
            return;
        }
        if (model->busy.exchange(true)) {
            throw Failure{D4J_INVALID, "the model is in use by another thread"};
        }
        const std::unique_ptr<d4j_model_t> closing(model);
        const auto turn = model->is_remote ? d4j::rpc_turn() : std::unique_lock<std::timed_mutex>();
        if (closing->is_beyond_freeing || (closing->is_on_gpu && d4j::has_lost_gpu(closing->context.get()))) {
            closing->context.release();  // Freeing it would end the process.
            d4j::count_as_given_up();
            return;
        }
        closing->context.reset();
#if defined(__GLIBC__)
        // The C library would keep the model's pieces for as long as something small lies between them.
        malloc_trim(0);
#endif
    });
}

int64_t d4j_live_models() {
    return d4j::Opened::live.load();
}

int64_t d4j_leaked_models() {
    return d4j::Opened::leaked.load();
}

int32_t d4j_model_info(d4j_model_t* model, d4j_model_info_t* info) {
    return guarded_on(model, "the model could not be described", nullptr, [&](Call&) {
        require_pointer("info", info);
        *info = model->info;
    });
}

int32_t d4j_set_controls(d4j_model_t* model, const d4j_control_t* controls, int32_t count) {
    return guarded_on(model, "the control pictures could not be taken", nullptr, [&](Call&) {
        d4j::validate_controls(controls, count, d4j::control_net_count(model->context.get()), model->info);
        model->controls.clear();
        for (int32_t i = 0; i < count; i++) {
            model->controls.emplace_back(controls[i]);
        }
    });
}

int32_t d4j_generate_image(d4j_model_t* model,
                           const sd_img_gen_params_t* params,
                           const d4j_lora_t* loras,
                           int32_t lora_count,
                           const d4j_observer_t* observer,
                           sd_image_t** images,
                           int32_t* count) {
    return guarded_on(model, "the picture could not be generated", observer, [&](Call& call) {
        require_pointer("params", params);
        require_pointer("images", images);
        require_pointer("count", count);
        *images = nullptr;
        *count  = 0;
        std::vector<d4j::KeptControl> kept = std::move(model->controls);
        model->controls.clear();
        std::vector<d4j_control_t> controls;
        for (d4j::KeptControl& control : kept) {
            controls.push_back(control.get());
        }
        prepare(*model, call, *params, loras, lora_count);
        Made made;
        const auto run = [params, &controls](sd_ctx_t* context, Made& result) {
            d4j::choose_controls(context, controls);
            result.count  = params->batch_count;
            result.images = generate_image(context, params);
        };
        generate(*model, call, run, made);
        *images = made.images;
        *count  = made.count;
        made.hand_out();
    });
}

int32_t d4j_generate_video(d4j_model_t* model,
                           const sd_vid_gen_params_t* params,
                           const d4j_lora_t* loras,
                           int32_t lora_count,
                           const d4j_observer_t* observer,
                           sd_image_t** frames,
                           int32_t* count,
                           sd_audio_t** audio) {
    return guarded_on(model, "the video could not be generated", observer, [&](Call& call) {
        require_pointer("params", params);
        require_pointer("frames", frames);
        require_pointer("count", count);
        require_pointer("audio", audio);
        *frames = nullptr;
        *count  = 0;
        *audio  = nullptr;
        prepare(*model, call, *params, loras, lora_count);
        Made made;
        const auto run = [params](sd_ctx_t* context, Made& result) {
            int number = 0;
            generate_video(context, params, &result.images, &number, &result.audio);
            result.count = number;
        };
        generate(*model, call, run, made);
        if (made.count != params->video_frames) {
            throw Failure{D4J_FAILED, "the runtime gave " + std::to_string(made.count) + " frames, not " + std::to_string(params->video_frames)};
        }
        *frames = made.images;
        *count  = made.count;
        *audio  = made.audio;
        made.hand_out();
    });
}
