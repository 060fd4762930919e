/*
 * Ends the process while a thread draws a picture. exit() may take nothing away that the thread still uses: this program's
 * handler, which is the last that exit() calls, waits for the picture and compares it with one that was drawn before.
 *
 *     exiting <library> <model.safetensors>
 */
#include <dlfcn.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "d4j.h"

namespace {

constexpr int SIZE  = 64;
constexpr int STEPS = 4;

struct Drawing {
    int32_t status = D4J_FAILED;
    std::vector<uint8_t> pixels;
};

void* library = nullptr;
std::atomic<int> steps_done{0};

// Never destroyed, as they are used while exit() runs.
Drawing& expected   = *new Drawing();
Drawing& drawing    = *new Drawing();
std::thread& drawer = *new std::thread();

template <typename Function>
Function* function(Function* /*of this type*/, const char* name) {
    void* address = dlsym(library, name);
    if (address == nullptr) {
        std::fprintf(stderr, "%s\n", dlerror());
        std::abort();
    }
    return reinterpret_cast<Function*>(address);
}

#define D4J(name) function(static_cast<decltype(&name)>(nullptr), #name)

void on_progress(int32_t kind, int32_t step, int32_t /*of*/, float /*seconds*/) {
    if (kind == D4J_PROGRESS_SAMPLING) {
        steps_done = step;
    }
}

void draw(d4j_model_t* model, Drawing& result) {
    sd_img_gen_params_t params;
    D4J(sd_img_gen_params_init)(&params);
    params.prompt                     = "a red circle on a white background";
    params.width                      = SIZE;
    params.height                     = SIZE;
    params.seed                       = 42;
    params.sample_params.sample_steps = STEPS;
    const d4j_observer_t observer     = {on_progress, nullptr, PREVIEW_NONE, 0, nullptr, nullptr};
    sd_image_t* images                = nullptr;
    int32_t count                     = 0;
    result.status                     = D4J(d4j_generate_image)(model, &params, nullptr, 0, &observer, &images, &count);
    if (result.status == D4J_OK) {
        result.pixels.assign(images[0].data, images[0].data + SIZE * SIZE * 3);
        D4J(d4j_pixels_free)(images[0].data);
        D4J(d4j_image_array_free)(images);
    } else {
        std::fprintf(stderr, "%s\n", D4J(d4j_last_error)());
    }
}

void wait_for_the_picture() {
    const int steps_before = steps_done;
    drawer.join();
    std::fprintf(stderr, "exit() came after step %d of %d\n", steps_before, STEPS);
    if (steps_before == STEPS || drawing.status != D4J_OK || drawing.pixels != expected.pixels) {
        std::fprintf(stderr, "the picture was not drawn to its end, or not during exit(), or is another one\n");
        std::_Exit(1);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: exiting <library> <model file>\n");
        return 2;
    }
    // exit() goes backwards: whatever the library registers is called before this.
    std::atexit(wait_for_the_picture);
    library = dlopen(argv[1], RTLD_NOW);
    if (library == nullptr) {
        std::fprintf(stderr, "%s\n", dlerror());
        std::_Exit(2);
    }
    sd_ctx_params_t params;
    D4J(sd_ctx_params_init)(&params);
    params.model_path  = argv[2];
    d4j_model_t* model = nullptr;
    if (D4J(d4j_initialize)() != D4J_OK || D4J(d4j_model_open)(&params, nullptr, &model) != D4J_OK) {
        std::fprintf(stderr, "%s\n", D4J(d4j_last_error)());
        std::_Exit(2);
    }
    draw(model, expected);
    steps_done = 0;
    drawer     = std::thread([model] {
        draw(model, drawing);
        D4J(d4j_model_close)(model);
    });
    while (steps_done == 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return 0;
}
