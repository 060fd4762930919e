/*
 * What the shim makes of failures: of a GPU, which a device of this program plays that computes on the CPU, and of memory, for
 * which this program's operator new stands in. Linked with the shim's objects rather than with the library, which shows neither.
 *
 *     faults <model.safetensors>
 */
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "d4j.h"
#include "ggml-backend-impl.h"
#include "ggml-cpu.h"
#include "ggml-impl.h"
#include "may_leak.h"

// ---- memory ----

namespace {

/* An allocation of at least so many bytes fails, once. */
std::atomic<size_t> failing_size{SIZE_MAX};

void* allocate(size_t size) {
    size_t failing = failing_size.load();
    if (size >= failing && failing_size.compare_exchange_strong(failing, SIZE_MAX)) {
        throw std::bad_alloc();
    }
    void* memory = std::malloc(size > 0 ? size : 1);
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
    return memory;
}

}  // namespace

void* operator new(size_t size) {
    return allocate(size);
}
void* operator new[](size_t size) {
    return allocate(size);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete[](void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, size_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, size_t) noexcept {
    std::free(memory);
}

namespace {

constexpr int SIZE  = 64;
constexpr int STEPS = 2;

int failures = 0;

#define CHECK(condition) check((condition), #condition, __LINE__)

void check(bool condition, const char* what, int line) {
    if (!condition) {
        failures++;
        std::fprintf(stderr, "failed in line %d: %s; last error: \"%s\"\n", line, what, d4j_last_error());
    }
}

bool last_error_says(const char* part) {
    return std::strstr(d4j_last_error(), part) != nullptr;
}

// ---- a GPU ----

struct Gpu {
    std::string name;
    std::string description;
    int memory_queries     = 0;
    int backends_made      = 0;
    int backends_freed     = 0;
    int convolutions       = 0;
    int patches            = 0;
    /* Everything that is asked of it fails from now on, also to free what lies there. */
    bool is_lost           = false;
    std::function<void()> before_graph = [] {};
    std::function<void()> when_named   = [] {};
};

Gpu& gpu_of(ggml_backend_dev_t device) {
    return *static_cast<Gpu*>(device->context);
}

const char* gpu_name(ggml_backend_dev_t device) {
    gpu_of(device).when_named();
    return gpu_of(device).name.c_str();
}

const char* gpu_description(ggml_backend_dev_t device) {
    return gpu_of(device).description.c_str();
}

const char* registry_name(ggml_backend_reg_t) {
    return "CUDA";
}

void gpu_memory(ggml_backend_dev_t device, size_t* free, size_t* total) {
    gpu_of(device).memory_queries++;
    *free  = 1 << 30;
    *total = 2 << 29;
}

enum ggml_backend_dev_type gpu_type(ggml_backend_dev_t) {
    return GGML_BACKEND_DEVICE_TYPE_GPU;
}

void gpu_props(ggml_backend_dev_t device, ggml_backend_dev_props* props) {
    *props             = {};
    props->name        = gpu_name(device);
    props->description = gpu_description(device);
    props->type        = GGML_BACKEND_DEVICE_TYPE_GPU;
}

const char* buffer_type_name(ggml_backend_buffer_type_t type) {
    return gpu_name(type->device);
}

void free_buffer(ggml_backend_buffer_t buffer) {
    if (gpu_of(buffer->buft->device).is_lost) {
        GGML_ABORT("CUDA error");
    }
    ggml_aligned_free(buffer->context, buffer->size);
}

/* The CPU's memory; who frees it is the device. */
ggml_backend_buffer_t allocate_buffer(ggml_backend_buffer_type_t type, size_t size) {
    ggml_backend_buffer_t buffer = ggml_backend_buft_alloc_buffer(ggml_backend_cpu_buffer_type(), size);
    if (buffer != nullptr) {
        buffer->buft              = type;
        buffer->iface.free_buffer = free_buffer;
    }
    return buffer;
}

ggml_backend_buffer_type_t gpu_buffer_type(ggml_backend_dev_t device) {
    static std::map<ggml_backend_dev_t, ggml_backend_buffer_type> types;
    static std::mutex mutex;
    const std::lock_guard<std::mutex> lock(mutex);
    auto entry = types.find(device);
    if (entry == types.end()) {
        ggml_backend_buffer_type type = *ggml_backend_cpu_buffer_type();
        type.device                   = device;
        type.iface.get_name           = buffer_type_name;
        type.iface.alloc_buffer       = allocate_buffer;
        entry                         = types.emplace(device, type).first;
    }
    return &entry->second;
}

bool gpu_supports_op(ggml_backend_dev_t, const ggml_tensor*) {
    return true;
}

bool gpu_supports_buffer_type(ggml_backend_dev_t, ggml_backend_buffer_type_t type) {
    return ggml_backend_buft_is_host(type);
}

const char* backend_name(ggml_backend_t backend) {
    return gpu_name(backend->device);
}

void free_backend(ggml_backend_t backend) {
    gpu_of(backend->device).backends_freed++;
    ggml_backend_free(static_cast<ggml_backend_t>(backend->context));
    delete backend;
}

ggml_status compute(ggml_backend_t backend, ggml_cgraph* graph) {
    Gpu& gpu = gpu_of(backend->device);
    for (int i = 0; i < ggml_graph_n_nodes(graph); i++) {
        gpu.convolutions += ggml_graph_node(graph, i)->op == GGML_OP_CONV_2D;
        gpu.patches += ggml_graph_node(graph, i)->op == GGML_OP_IM2COL;
    }
    gpu.before_graph();
    return ggml_backend_graph_compute(static_cast<ggml_backend_t>(backend->context), graph);
}

void synchronize(ggml_backend_t backend) {
    if (gpu_of(backend->device).is_lost) {
        GGML_ABORT("CUDA error");
    }
}

ggml_backend_t init_backend(ggml_backend_dev_t device, const char*) {
    gpu_of(device).backends_made++;
    static uint8_t guid[16]  = {'f', 'a', 'k', 'e'};
    ggml_backend_i interface = {};
    interface.get_name       = backend_name;
    interface.free           = free_backend;
    interface.synchronize    = synchronize;
    interface.graph_compute  = compute;
    return new ggml_backend{&guid, interface, device, ggml_backend_cpu_init()};
}

Gpu& register_gpu(const std::string& name) {
    const MayLeak registered;
    static ggml_backend_reg registry = [] {
        ggml_backend_reg copy = *ggml_backend_cpu_reg();
        copy.iface.get_name   = registry_name;
        return copy;
    }();
    ggml_backend_device_i interface = {};
    interface.get_name              = gpu_name;
    interface.get_description       = gpu_description;
    interface.get_memory            = gpu_memory;
    interface.get_type              = gpu_type;
    interface.get_props             = gpu_props;
    interface.init_backend          = init_backend;
    interface.get_buffer_type       = gpu_buffer_type;
    interface.supports_op           = gpu_supports_op;
    interface.supports_buft         = gpu_supports_buffer_type;
    auto* gpu                       = new Gpu();
    gpu->name                       = name;
    gpu->description                = "a GPU for data centres";
    ggml_backend_device_register(new ggml_backend_device{interface, &registry, gpu});
    return *gpu;
}

// ---- calls ----

thread_local int32_t cancel = 0;
std::function<void(int32_t step)> after_step = [](int32_t) {};

void on_progress(int32_t kind, int32_t step, int32_t, float) {
    if (kind == D4J_PROGRESS_SAMPLING) {
        after_step(step);
    }
}

d4j_model_t* open(const char* path, const char* backend, const std::function<void(sd_ctx_params_t&)>& change = [](sd_ctx_params_t&) {}) {
    sd_ctx_params_t params;
    sd_ctx_params_init(&params);
    params.model_path = path;
    params.backend    = backend;
    params.n_threads  = 1;
    change(params);
    d4j_model_t* model = nullptr;
    CHECK(d4j_model_open(&params, nullptr, &model) == D4J_OK && model != nullptr);
    return model;
}

int32_t draw(d4j_model_t* model, std::vector<uint8_t>* pixels = nullptr) {
    sd_img_gen_params_t params;
    sd_img_gen_params_init(&params);
    params.prompt                     = "a red circle on a white background";
    params.width                      = SIZE;
    params.height                     = SIZE;
    params.seed                       = 42;
    params.sample_params.sample_steps = STEPS;
    cancel                            = 0;
    d4j_observer_t observer           = {};
    observer.cancel                   = &cancel;
    observer.progress                 = on_progress;
    sd_image_t* images                = nullptr;
    int32_t count                     = 0;
    const int32_t status              = d4j_generate_image(model, &params, nullptr, 0, &observer, &images, &count);
    if (status == D4J_OK) {
        if (pixels != nullptr) {
            pixels->assign(images[0].data, images[0].data + SIZE * SIZE * 3);
        }
        d4j_pixels_free(images[0].data);
        d4j_image_array_free(images);
    }
    return status;
}

// ---- tests ----

void test_listing_asks_for_no_memory(Gpu& gpu) {
    int32_t count = 0;
    int32_t gpus  = 0;
    CHECK(d4j_device_count(&count) == D4J_OK);
    for (int32_t i = 0; i < count; i++) {
        d4j_device_t device;
        CHECK(d4j_device(i, &device) == D4J_OK);
        gpus += device.type == D4J_DEVICE_GPU;
    }
    CHECK(gpus == 1 && gpu.memory_queries == 0);
    int64_t total = 0;
    int64_t free  = 0;
    CHECK(d4j_device_memory("FAKE0", &total, &free) == D4J_OK && total == 1 << 30 && gpu.memory_queries == 1);
}

/* Found out when the runtime has made the rest of the model. */
void test_a_model_without_its_vae_is_freed(const char* path, Gpu& gpu) {
    const char* no_vae = "no-vae.safetensors";
    FILE* file         = std::fopen(no_vae, "wb");
    CHECK(file != nullptr && std::fputs("I am no VAE", file) >= 0 && std::fclose(file) == 0);
    sd_ctx_params_t params;
    sd_ctx_params_init(&params);
    params.model_path  = path;
    params.vae_path    = no_vae;
    params.backend     = "FAKE0";
    gpu.backends_made  = 0;
    gpu.backends_freed = 0;
    d4j_model_t* model = nullptr;
    CHECK(d4j_model_open(&params, nullptr, &model) == D4J_LOAD_FAILED && last_error_says("loading vae from") && model == nullptr);
    CHECK(gpu.backends_made > 0 && gpu.backends_freed == gpu.backends_made && d4j_live_models() == 0);
    std::remove(no_vae);
}

void test_settings_of_cuda_are_chosen_when_a_model_is_opened(const char* path) {
    CHECK(std::getenv("GGML_CUDA_FORCE_CUBLAS_COMPUTE_32F") == nullptr && std::getenv("GGML_CUDA_DISABLE_GRAPHS") == nullptr);
    CHECK(d4j_model_close(open(path, "CPU")) == D4J_OK);
    CHECK(std::getenv("GGML_CUDA_FORCE_CUBLAS_COMPUTE_32F") != nullptr && std::getenv("GGML_CUDA_DISABLE_GRAPHS") != nullptr);
}

void test_convolutions_are_as_asked_on_a_gpu(const char* path, Gpu& gpu) {
    gpu.convolutions   = 0;
    gpu.patches        = 0;
    d4j_model_t* model = open(path, "FAKE0");
    CHECK(draw(model) == D4J_OK && gpu.convolutions == 0 && gpu.patches > 0);
    CHECK(d4j_model_close(model) == D4J_OK);

    gpu.patches = 0;
    model       = open(path, "FAKE0", [](sd_ctx_params_t& params) {
        params.diffusion_conv_direct = true;
        params.vae_conv_direct       = true;
    });
    CHECK(draw(model) == D4J_OK && gpu.convolutions > 0 && gpu.patches == 0);
    CHECK(d4j_model_close(model) == D4J_OK);
}

void test_a_gpu_that_fails(const char* path, Gpu& gpu) {
    const MayLeak given_up;
    d4j_model_t* model = open(path, "FAKE0");
    CHECK(draw(model) == D4J_OK);
    gpu.backends_freed   = 0;
    const int64_t leaked = d4j_leaked_models();

    gpu.before_graph = [] { GGML_ABORT("CUDA error"); };
    CHECK(draw(model) == D4J_POISONED && last_error_says("CUDA error"));
    gpu.before_graph = [] {};
    CHECK(draw(model) == D4J_POISONED && last_error_says("became unusable"));
    CHECK(d4j_model_close(model) == D4J_OK);
    CHECK(d4j_leaked_models() == leaked + 1 && gpu.backends_freed == 0 && d4j_live_models() == 0);
}

/* A process without this goes on freeing, in destructors, and ends. */
void test_a_gpu_that_fails_at_everything(const char* path, Gpu& gpu) {
    const MayLeak given_up;
    d4j_model_t* drawing = open(path, "FAKE0");
    d4j_model_t* idle    = open(path, "FAKE0");
    CHECK(draw(drawing) == D4J_OK && draw(idle) == D4J_OK);
    gpu.backends_freed   = 0;
    const int64_t leaked = d4j_leaked_models();

    gpu.before_graph = [&gpu] {
        gpu.is_lost = true;
        GGML_ABORT("CUDA error");
    };
    CHECK(draw(drawing) == D4J_POISONED && last_error_says("CUDA error"));
    gpu.before_graph = [] {};
    CHECK(d4j_model_close(drawing) == D4J_OK && d4j_leaked_models() == leaked + 1);
    CHECK(d4j_model_close(idle) == D4J_OK && d4j_leaked_models() == leaked + 2);
    CHECK(gpu.backends_freed == 0 && d4j_live_models() == 0);
    gpu.is_lost = false;

    d4j_model_t* next = open(path, "FAKE0");
    CHECK(draw(next) == D4J_OK);
    CHECK(d4j_model_close(next) == D4J_OK && gpu.backends_freed == 1);
}

void test_a_gpu_without_memory_is_freed(const char* path, Gpu& gpu) {
    d4j_model_t* model   = open(path, "FAKE0");
    gpu.backends_freed   = 0;
    const int64_t leaked = d4j_leaked_models();
    gpu.before_graph     = [] {
        GGML_LOG_ERROR("CUDA error: out of memory\n");
        GGML_ABORT("CUDA error");
    };
    CHECK(draw(model) == D4J_OUT_OF_MEMORY);
    gpu.before_graph = [] {};
    CHECK(draw(model) == D4J_POISONED);
    CHECK(d4j_model_close(model) == D4J_OK);
    CHECK(d4j_leaked_models() == leaked && gpu.backends_freed == 1);
}

void test_a_cancel_is_no_excuse_for_a_gpu_that_fails(const char* path, Gpu& gpu) {
    const MayLeak given_up;
    d4j_model_t* model = open(path, "FAKE0");
    std::vector<uint8_t> expected;
    CHECK(draw(model, &expected) == D4J_OK);

    gpu.before_graph = [] { cancel = 1; };
    CHECK(draw(model) == D4J_CANCELLED);
    gpu.before_graph = [] {};
    std::vector<uint8_t> pixels;
    CHECK(draw(model, &pixels) == D4J_OK && pixels == expected);

    gpu.before_graph = [] {
        cancel = 1;
        GGML_ABORT("an invariant of the device's does not hold");
    };
    CHECK(draw(model) == D4J_POISONED && last_error_says("invariant"));
    gpu.before_graph = [] {};
    CHECK(draw(model) == D4J_POISONED);
    CHECK(d4j_model_close(model) == D4J_OK);

    // It fails when what was cancelled is tidied up.
    model      = open(path, "FAKE0");
    after_step = [&gpu](int32_t step) {
        cancel      = step == 1;
        gpu.is_lost = step == 1;
    };
    CHECK(draw(model) == D4J_POISONED && last_error_says("CUDA error"));
    after_step = [](int32_t) {};
    CHECK(draw(model) == D4J_POISONED);
    CHECK(d4j_model_close(model) == D4J_OK);
    gpu.is_lost = false;
}

/* ggml's CPU backend used to keep a pointer to the work buffer that it had freed before it asked for a larger one. */
void test_no_memory_for_a_work_buffer(const char* path) {
    // ggml forgets the plan whose buffer there is no memory for, 152 bytes.
    const MayLeak plan;
    d4j_model_t* model = open(path, "CPU");
    // It has a buffer by then, of the text encoder.
    failing_size = 8 << 20;
    CHECK(draw(model) == D4J_OUT_OF_MEMORY);
    CHECK(failing_size == SIZE_MAX);
    CHECK(draw(model) == D4J_POISONED && last_error_says("out of memory"));
    CHECK(d4j_model_close(model) == D4J_OK);
}

/* Weights that are converted pass through a buffer of a thread that the runtime starts. */
void test_no_memory_on_a_loading_thread(const char* path) {
    d4j_model_t* model = open(path, "CPU", [](sd_ctx_params_t& params) { params.wtype = SD_TYPE_Q8_0; });
    failing_size       = 1 << 20;
    CHECK(draw(model) == D4J_OUT_OF_MEMORY);
    CHECK(failing_size == SIZE_MAX);
    CHECK(d4j_model_close(model) == D4J_OK);
    failing_size = SIZE_MAX;
}

void test_a_weight_that_is_no_number_harms_nothing(const char* path) {
    d4j_model_t* model = open(path, "CPU");
    sd_img_gen_params_t params;
    sd_img_gen_params_init(&params);
    params.width       = SIZE;
    params.height      = SIZE;
    params.seed        = 42;
    sd_image_t* images = nullptr;
    int32_t count      = 0;
    for (const std::string& prompt : {std::string("(a:.)"), "(a:" + std::string(60, '9') + ")"}) {
        params.prompt = prompt.c_str();
        CHECK(d4j_generate_image(model, &params, nullptr, 0, nullptr, &images, &count) == D4J_INVALID && last_error_says("no number"));
    }
    CHECK(draw(model) == D4J_OK);
    CHECK(d4j_model_close(model) == D4J_OK);
}

/* Whoever looks for a device goes through the list and asks for names. */
void test_no_device_is_added_while_another_is_looked_for(Gpu& gpu) {
    std::atomic<bool> added{false};
    bool was_added = false;
    std::thread adding;
    gpu.when_named = [&] {
        if (!adding.joinable()) {
            adding = std::thread([&] {
                register_gpu("ADDED");
                added = true;
            });
            std::this_thread::sleep_for(std::chrono::milliseconds(200));
            was_added = added;
        }
    };
    int64_t total = 0;
    int64_t free  = 0;
    CHECK(d4j_device_memory("none", &total, &free) == D4J_UNAVAILABLE);
    gpu.when_named = [] {};
    adding.join();
    CHECK(!was_added && added);
    CHECK(d4j_device_memory("ADDED", &total, &free) == D4J_OK);
}

void test_devices_are_listed_while_others_are_added() {
    constexpr int ADDED = 300;
    std::atomic<bool> done{false};
    std::atomic<int> wrong{0};
    std::vector<std::thread> listing;
    for (int i = 0; i < 3; i++) {
        listing.emplace_back([&] {
            while (!done) {
                int32_t count = 0;
                d4j_device_t device;
                wrong += d4j_device_count(&count) != D4J_OK || d4j_device(count - 1, &device) != D4J_OK;
            }
        });
    }
    for (int i = 1; i <= ADDED; i++) {
        register_gpu("FAKE" + std::to_string(i));
    }
    done = true;
    for (std::thread& thread : listing) {
        thread.join();
    }
    int32_t count = 0;
    CHECK(d4j_device_count(&count) == D4J_OK && count >= ADDED && wrong == 0);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: faults <model file>\n");
        return 2;
    }
    const char* path = argv[1];
    CHECK(d4j_initialize() == D4J_OK);
    Gpu& gpu = register_gpu("FAKE0");
    test_listing_asks_for_no_memory(gpu);
    test_settings_of_cuda_are_chosen_when_a_model_is_opened(path);
    test_a_model_without_its_vae_is_freed(path, gpu);
    test_convolutions_are_as_asked_on_a_gpu(path, gpu);
    test_a_gpu_that_fails(path, gpu);
    test_a_gpu_that_fails_at_everything(path, gpu);
    test_a_gpu_without_memory_is_freed(path, gpu);
    test_a_cancel_is_no_excuse_for_a_gpu_that_fails(path, gpu);
    test_no_memory_for_a_work_buffer(path);
    test_no_memory_on_a_loading_thread(path);
    test_a_weight_that_is_no_number_harms_nothing(path);
    test_no_device_is_added_while_another_is_looked_for(gpu);
    test_devices_are_listed_while_others_are_added();
    return failures == 0 ? 0 : 1;
}
