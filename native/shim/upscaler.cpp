/* The functions of d4j.h that concern upscalers. */
#include "upscaler.h"

#include <cstdlib>
#include <memory>
#include <string>

#include "cuda_settings.h"
#include "devices.h"
#include "guard.h"
#include "open_model.h"
#include "overrides/host_memory.h"
#include "pictures.h"
#include "rpc.h"
#include "threads.h"
#include "validation.h"

using d4j::Call;
using d4j::Failure;
using d4j::guarded_on;
using d4j::require_pointer;

struct d4j_upscaler_t : d4j::Opened {
    std::unique_ptr<UpscalerGGML> upscaler;
};

namespace {

ggml_backend_t backend_of(UpscalerGGML& upscaler) {
    return upscaler.backend_manager.runtime_backend(SDBackendModule::UPSCALER);
}

int32_t scale_of(const d4j_upscaler_t& upscaler) {
    return upscaler.upscaler->esrgan_upscaler->config.scale;
}

/* The tensors of the picture and its enlargement are plain memory, which Linux promises without having it. */
void require_memory(const sd_image_t& picture, int64_t scale) {
    const int64_t pixels = static_cast<int64_t>(picture.width) * picture.height;
    const int64_t needed = pixels * 3 * sizeof(float) + pixels * scale * scale * 3 * (sizeof(float) + 1);
    const int64_t free   = d4j::free_host_memory();
    if (needed > free) {
        throw Failure{D4J_OUT_OF_MEMORY, "the enlarged picture needs " + std::to_string(needed >> 20) + " MB, and this machine has " +
                                             std::to_string(free >> 20) + " MB free"};
    }
}

sd_image_t* array_of_one() {
    auto* array = static_cast<sd_image_t*>(std::calloc(1, sizeof(sd_image_t)));
    if (array == nullptr) {
        throw std::bad_alloc();
    }
    return array;
}

}  // namespace

int32_t d4j_upscaler_open(
    const char* path, const char* device, int32_t threads, const d4j_observer_t* observer, d4j_upscaler_t** upscaler) {
    const d4j_status status = d4j::guarded("the upscaler could not be opened", observer, [&](Call& call) {
        require_pointer("upscaler", upscaler);
        *upscaler = nullptr;
        d4j::validate_upscaler(path, threads);
        d4j::choose_cuda_settings();

        const bool is_named       = device != nullptr && device[0] != '\0';
        const std::string backend = is_named ? device : d4j::default_device();
        auto opened               = std::make_unique<d4j_upscaler_t>();
        opened->is_remote         = d4j::names_remote_device(backend);
        const auto turn           = opened->is_remote ? d4j::rpc_turn() : std::unique_lock<std::timed_mutex>();
        const int used            = threads > 0 ? threads : d4j::default_threads();
        // Not new_upscaler_ctx, which leaves everything behind when something throws while it loads.
        opened->upscaler = std::make_unique<UpscalerGGML>(used, false, 0, backend);
        if (!opened->upscaler->load_from_file(path, used)) {
            throw Failure{call.cancelled() ? D4J_CANCELLED : D4J_LOAD_FAILED, "the runtime refused it"};
        }
        // As for a model's parts: on the CPU the hook picks out the convolutions for which the direct way is good.
        opened->upscaler->esrgan_upscaler->set_conv2d_direct_enabled(sd_backend_is_cpu(backend_of(*opened->upscaler)));
        opened->is_on_gpu = d4j::is_gpu_of_this_machine(backend_of(*opened->upscaler));
        *upscaler         = opened.release();
    });
    // There is no upscaler yet that an exception could leave usable or poison.
    return status == D4J_FAILED || status == D4J_POISONED ? D4J_LOAD_FAILED : status;
}

int32_t d4j_upscaler_close(d4j_upscaler_t* upscaler) {
    return d4j::guarded("the upscaler could not be closed", nullptr, [&](Call&) {
        if (upscaler == nullptr) {
            return;
        }
        if (upscaler->busy.exchange(true)) {
            throw Failure{D4J_INVALID, "the upscaler is in use by another thread"};
        }
        const std::unique_ptr<d4j_upscaler_t> closing(upscaler);
        const auto turn = upscaler->is_remote ? d4j::rpc_turn() : std::unique_lock<std::timed_mutex>();
        if (closing->is_beyond_freeing || (closing->is_on_gpu && d4j::is_lost_gpu(backend_of(*closing->upscaler)))) {
            closing->upscaler.release();  // Freeing it would end the process.
            d4j::count_as_given_up();
            return;
        }
        closing->upscaler.reset();
    });
}

int32_t d4j_upscaler_scale(d4j_upscaler_t* upscaler, int32_t* scale) {
    return guarded_on(upscaler, "the upscaler could not be described", nullptr, [&](Call&) {
        require_pointer("scale", scale);
        *scale = scale_of(*upscaler);
    });
}

int32_t d4j_upscale(d4j_upscaler_t* upscaler,
                    const sd_image_t* picture,
                    int32_t tile_size,
                    const d4j_observer_t* observer,
                    sd_image_t** images) {
    return guarded_on(upscaler, "the picture could not be enlarged", observer, [&](Call& call) {
        require_pointer("picture", picture);
        require_pointer("images", images);
        *images = nullptr;
        d4j::validate_upscaling(*picture, tile_size, scale_of(*upscaler));
        if (call.poll_cancel()) {
            throw Failure{D4J_CANCELLED, ""};
        }
        require_memory(*picture, scale_of(*upscaler));
        std::unique_ptr<sd_image_t, decltype(&std::free)> array(array_of_one(), std::free);
        upscaler->upscaler->tile_size = tile_size;
        // The runtime looks at no other factor than the model's own.
        const sd_image_t enlarged = upscaler->upscaler->upscale(*picture, static_cast<uint32_t>(scale_of(*upscaler)));
        if (call.cancelled()) {
            std::free(enlarged.data);
            throw Failure{D4J_CANCELLED, ""};
        }
        if (enlarged.data == nullptr) {
            throw Failure{D4J_FAILED, "the runtime returned nothing"};
        }
        *array = enlarged;
        d4j::hand_out(array.get(), 1);
        *images = array.release();
    });
}
