/*
 * Draws with a real model through d4j.h, from one thread and from many: what the sanitizers have to see. Built for them
 * alone; from Java the same is tested with its results.
 *
 *     drawing <model.safetensors>
 */
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "d4j.h"

namespace {

constexpr int SIZE    = 64;
constexpr int STEPS   = 3;
constexpr int CALLERS = 8;

std::atomic<int> failures{0};
std::atomic<int> log_lines{0};

#define CHECK(condition) check((condition), #condition, __LINE__)

void check(bool condition, const char* what, int line) {
    if (!condition) {
        failures++;
        std::fprintf(stderr, "failed in line %d: %s; last error: \"%s\"\n", line, what, d4j_last_error());
    }
}

/* Reports arrive on the thread of the call, so each thread counts its own. */
thread_local int sampling_reports = 0;
thread_local int previews         = 0;
thread_local int32_t cancel       = 0;
thread_local int cancel_at        = -1;

void on_progress(int32_t kind, int32_t step, int32_t of, float /*seconds*/) {
    if (kind == D4J_PROGRESS_SAMPLING) {
        CHECK(of == STEPS);
        // The beginning is reported again after weights were read.
        sampling_reports += step > 0;
        if (step == cancel_at) {
            cancel = 1;
        }
    }
}

void on_preview(int32_t /*step*/, int32_t width, int32_t height, const uint8_t* rgb) {
    CHECK(width > 0 && height > 0 && rgb != nullptr);
    previews++;
}

void on_log(int32_t /*level*/, const char* text) {
    CHECK(text != nullptr);
    log_lines++;
}

d4j_model_t* open(const char* path) {
    sd_ctx_params_t params;
    sd_ctx_params_init(&params);
    params.model_path  = path;
    // It is the callers' threads that are looked at here; the tests in Java compute with more.
    params.n_threads   = 1;
    d4j_model_t* model = nullptr;
    CHECK(d4j_model_open(&params, nullptr, &model) == D4J_OK && model != nullptr);
    return model;
}

struct Drawing {
    int32_t status = D4J_FAILED;
    std::vector<uint8_t> pixels;
};

Drawing draw(d4j_model_t* model, const char* prompt, const std::vector<uint8_t>& from = {}) {
    sd_img_gen_params_t params;
    sd_img_gen_params_init(&params);
    params.prompt                           = prompt;
    params.negative_prompt                  = "(blurry:1.2)";
    params.width                            = SIZE;
    params.height                           = SIZE;
    params.seed                             = 42;
    params.sample_params.sample_method      = EULER_A_SAMPLE_METHOD;
    params.sample_params.sample_steps       = STEPS;
    params.sample_params.guidance.txt_cfg   = 2.0f;
    std::vector<uint8_t> copy               = from;
    if (!copy.empty()) {
        params.init_image = {SIZE, SIZE, 3, copy.data()};
        // All of the steps are run, as on_progress expects.
        params.strength = 1.0f;
    }
    sampling_reports = 0;
    previews         = 0;
    cancel           = 0;
    const d4j_observer_t observer = {on_progress, on_preview, PREVIEW_PROJ, 1, &cancel, nullptr};

    Drawing drawing;
    sd_image_t* images = nullptr;
    int32_t count      = 0;
    drawing.status     = d4j_generate_image(model, &params, nullptr, 0, &observer, &images, &count);
    if (drawing.status == D4J_OK) {
        CHECK(count == 1 && images[0].width == SIZE && images[0].height == SIZE && images[0].channel == 3);
        drawing.pixels.assign(images[0].data, images[0].data + SIZE * SIZE * 3);
        d4j_pixels_free(images[0].data);
        d4j_image_array_free(images);
    }
    return drawing;
}

void test_one_model(const char* path) {
    d4j_model_t* model = open(path);
    const Drawing first = draw(model, "a red circle on a white background");
    CHECK(first.status == D4J_OK && sampling_reports == STEPS && previews == STEPS);
    CHECK(draw(model, "a red circle on a white background").pixels == first.pixels);
    CHECK(draw(model, "a blue square", first.pixels).status == D4J_OK);

    cancel_at = 1;
    CHECK(draw(model, "a red circle on a white background").status == D4J_CANCELLED);
    cancel_at = -1;
    CHECK(draw(model, "a red circle on a white background").pixels == first.pixels);
    CHECK(d4j_model_close(model) == D4J_OK);
}

/* A tensor and its data. */
struct Argument {
    d4j_tensor_t tensor;
    void* data;
};

Argument floats(const char* name, std::vector<float>& values, std::vector<int64_t> shape) {
    d4j_tensor_t tensor = {name, D4J_TENSOR_F32, static_cast<int32_t>(shape.size()), {0, 0, 0, 0}};
    std::copy(shape.begin(), shape.end(), tensor.shape);
    return {tensor, values.data()};
}

int32_t run(d4j_model_t* model, const char* call, const std::vector<Argument>& arguments, const std::vector<d4j_number_t>& numbers) {
    std::vector<d4j_tensor_t> tensors;
    std::vector<void*> data;
    for (const Argument& argument : arguments) {
        tensors.push_back(argument.tensor);
        data.push_back(argument.data);
    }
    data.resize(D4J_MAX_TENSORS);
    return d4j_run(model,
                   call,
                   tensors.data(),
                   static_cast<int32_t>(tensors.size()),
                   data[0],
                   data[1],
                   data[2],
                   data[3],
                   data[4],
                   data[5],
                   data[6],
                   data[7],
                   numbers.data(),
                   static_cast<int32_t>(numbers.size()),
                   nullptr);
}

bool refused(int32_t status, const char* reason) {
    return status == D4J_INVALID && std::string(d4j_last_error()).find(reason) != std::string::npos;
}

void test_parts(const char* path) {
    d4j_model_t* model = open(path);
    d4j_parts_t parts;
    CHECK(d4j_parts(model, &parts) == D4J_OK && parts.text_encoder_count == 1);
    d4j_model_info_t info;
    CHECK(d4j_model_info(model, &info) == D4J_OK);
    const d4j_text_encoder_t& encoder = parts.text_encoders[0];
    const int64_t length              = parts.text_length;
    const int64_t width               = encoder.hidden_size;

    std::vector<int32_t> ids(parts.text_length, encoder.padding);
    ids[0] = 49406;
    std::vector<float> embeddings(length * width);
    std::vector<float> context(embeddings.size());
    std::vector<float> pooled(encoder.pooled_size);
    const Argument tokens      = {{"ids", D4J_TENSOR_I32, 1, {length, 0, 0, 0}}, ids.data()};
    const Argument hidden  = floats("hidden", context, {1, length, width});
    const d4j_number_t first   = {"encoder", 0};
    const d4j_number_t all     = {"skipped_layers", 0};
    const d4j_number_t norm    = {"final_norm", 1};
    CHECK(run(model, "text.embed", {tokens, floats("embeddings", embeddings, {1, length, width})}, {first}) == D4J_OK);
    CHECK(run(model, "text.encode", {tokens, hidden}, {first, all, norm}) == D4J_OK);
    CHECK(run(model, "text.pool", {tokens, floats("pooled", pooled, {1, encoder.pooled_size})}, {first, {"position", 1}}) == D4J_OK);

    const int64_t size = SIZE / info.vae_scale_factor;
    std::vector<float> pixels(3 * SIZE * SIZE, 0.25f);
    std::vector<float> moments(parts.vae_moments * size * size);
    std::vector<float> values(info.latent_channels * size * size, 0.5f);
    std::vector<float> noise(parts.denoiser_out_channels * size * size);
    const Argument latents    = floats("latents", values, {1, info.latent_channels, size, size});
    const Argument positive   = floats("context", context, {1, length, width});
    const Argument negative   = floats("negative_context", context, {1, length, width});
    const Argument prediction = floats("prediction", noise, {1, parts.denoiser_out_channels, size, size});
    const Argument pictures   = floats("pictures", pixels, {1, 3, SIZE, SIZE});
    const d4j_number_t timestep   = {"timestep", 500};
    CHECK(run(model, "unet.predict", {latents, positive, negative, prediction}, {timestep, {"guidance_scale", 2}}) == D4J_OK);
    CHECK(run(model, "unet.predict", {latents, positive, prediction}, {timestep}) == D4J_OK);
    CHECK(run(model, "vae.decode", {latents, pictures}, {}) == D4J_OK);
    if (info.has_vae_encoder) {
        CHECK(run(model, "vae.encode", {pictures, floats("moments", moments, {1, parts.vae_moments, size, size})}, {}) == D4J_OK);
    }

    CHECK(refused(run(model, "vae.paint", {latents, pictures}, {}), "no call vae.paint"));
    CHECK(refused(run(model, "vae.decode", {latents}, {}), "no tensor named pictures"));
    CHECK(refused(run(model, "vae.decode", {latents, floats("pictures", pixels, {1, 3, SIZE, SIZE / 2})}, {}), "of the shape (1, 3, "));
    CHECK(refused(run(model, "vae.decode", {latents, pictures, positive}, {}), "takes no tensor named context"));
    CHECK(refused(run(model, "vae.decode", {latents, pictures}, {timestep}), "takes no number named timestep"));
    CHECK(refused(run(model, "unet.predict", {latents, positive, negative, prediction}, {timestep}), "no number named guidance_scale"));
    CHECK(refused(run(model, "unet.predict", {latents, positive, prediction}, {{"timestep", NAN}}), "not finite"));
    CHECK(refused(run(model, "text.encode", {tokens, hidden}, {{"encoder", 1}, all, norm}), "no text encoder 1"));
    CHECK(refused(run(model, "text.encode", {tokens, hidden}, {{"encoder", 0.5}, all, norm}), "no whole number"));
    CHECK(refused(run(model, "text.encode", {floats("ids", context, {length}), hidden}, {first, all, norm}), "int32"));
    CHECK(refused(run(model, "vae.decode", {latents, floats("pictures", pixels, {1, 3, 1 << 20, 1 << 20})}, {}), "too large"));

    std::vector<float> sigmas(32);
    int32_t count = static_cast<int32_t>(sigmas.size());
    CHECK(d4j_sigmas(model, DISCRETE_SCHEDULER, 10, SIZE, SIZE, sigmas.data(), &count) == D4J_OK && count == 11);
    CHECK(d4j_model_close(model) == D4J_OK);
}

/* Each on a thread of its own, from opening to closing. */
void test_two_models_at_once(const char* path) {
    const std::vector<const char*> prompts = {"a red circle on a white background", "a blue square on a yellow background"};
    std::vector<Drawing> alone(prompts.size());
    d4j_model_t* model = open(path);
    for (size_t i = 0; i < prompts.size(); i++) {
        alone[i] = draw(model, prompts[i]);
    }
    CHECK(d4j_model_close(model) == D4J_OK);

    std::vector<std::thread> threads;
    for (size_t i = 0; i < prompts.size(); i++) {
        threads.emplace_back([&, i] {
            d4j_model_t* own = open(path);
            CHECK(draw(own, prompts[i]).pixels == alone[i].pixels);
            CHECK(sampling_reports == STEPS && previews == STEPS);
            CHECK(d4j_model_close(own) == D4J_OK);
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
}

/* Without any lock of the callers': all but one at a time are refused, and the model takes no harm. */
void test_one_model_from_many_threads(const char* path) {
    d4j_model_t* model = open(path);
    const Drawing expected = draw(model, "a star");
    std::atomic<int> refused{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < CALLERS; i++) {
        threads.emplace_back([&] {
            Drawing drawing = draw(model, "a star");
            while (drawing.status == D4J_INVALID) {
                CHECK(std::strstr(d4j_last_error(), "in use by another thread") != nullptr);
                refused++;
                std::this_thread::sleep_for(std::chrono::milliseconds(2));
                drawing = draw(model, "a star");
            }
            CHECK(drawing.status == D4J_OK && drawing.pixels == expected.pixels);
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    CHECK(refused > 0);
    CHECK(d4j_model_close(model) == D4J_OK);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: drawing <model file>\n");
        return 2;
    }
    CHECK(d4j_initialize() == D4J_OK);
    d4j_set_log_callback(on_log);
    test_one_model(argv[1]);
    test_parts(argv[1]);
    test_two_models_at_once(argv[1]);
    test_one_model_from_many_threads(argv[1]);
    CHECK(log_lines > 0);
    CHECK(d4j_live_pixel_bytes() == 0);
    return failures == 0 ? 0 : 1;
}
