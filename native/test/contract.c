/* The contract of d4j.h as far as it can be tested without a model, from C, as callers see it. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "d4j.h"

static int failures = 0;

static void check(int condition, const char* what) {
    if (!condition) {
        failures++;
        fprintf(stderr, "failed: %s; last error: \"%s\"\n", what, d4j_last_error());
    }
}

#define CHECK(condition) check((condition) != 0, #condition)

static int log_lines = 0;

static void count_line(int32_t level, const char* text) {
    (void) level;
    CHECK(text != NULL && text[0] != '\0' && strchr(text, '\n') == NULL);
    log_lines++;
}

static int last_error_says(const char* part) {
    return strstr(d4j_last_error(), part) != NULL;
}

static void test_library(void) {
    CHECK(d4j_abi_version() == D4J_ABI_VERSION);
    CHECK(strstr(d4j_source_version(), "stable-diffusion.cpp") != NULL);
    CHECK(strstr(d4j_backends(), "cpu") != NULL);
    CHECK(d4j_initialize() == D4J_OK);
    CHECK(d4j_initialize() == D4J_OK);
}

static void test_struct_sizes(void) {
    CHECK(d4j_struct_size("sd_ctx_params_t") == (int64_t) sizeof(sd_ctx_params_t));
    CHECK(d4j_struct_size("sd_img_gen_params_t") == (int64_t) sizeof(sd_img_gen_params_t));
    CHECK(d4j_struct_size("sd_image_t") == (int64_t) sizeof(sd_image_t));
    CHECK(d4j_struct_size("d4j_observer_t") == (int64_t) sizeof(d4j_observer_t));
    CHECK(d4j_struct_size("d4j_device_t") == (int64_t) sizeof(d4j_device_t));
    CHECK(d4j_struct_size("d4j_model_info_t") == (int64_t) sizeof(d4j_model_info_t));
    CHECK(d4j_struct_size("d4j_text_encoder_t") == (int64_t) sizeof(d4j_text_encoder_t));
    CHECK(d4j_struct_size("d4j_parts_t") == (int64_t) sizeof(d4j_parts_t));
    CHECK(d4j_struct_size("d4j_tensor_t") == (int64_t) sizeof(d4j_tensor_t));
    CHECK(d4j_struct_size("d4j_control_t") == (int64_t) sizeof(d4j_control_t));
    CHECK(d4j_struct_size("no_such_t") == -1);
    CHECK(d4j_struct_size(NULL) == -1);
}

static void test_field_offsets(void) {
    CHECK(d4j_field_offset("sd_ctx_params_t", "model_path") == 0);
    CHECK(d4j_field_offset("sd_ctx_params_t", "params_backend") == (int64_t) offsetof(sd_ctx_params_t, params_backend));
    CHECK(d4j_field_offset("sd_img_gen_params_t", "seed") == (int64_t) offsetof(sd_img_gen_params_t, seed));
    CHECK(d4j_field_offset("sd_cache_params_t", "Fn_compute_blocks") == (int64_t) offsetof(sd_cache_params_t, Fn_compute_blocks));
    CHECK(d4j_field_offset("d4j_device_t", "endpoint") == (int64_t) offsetof(d4j_device_t, endpoint));
    CHECK(d4j_field_offset("d4j_parts_t", "text_encoders") == (int64_t) offsetof(d4j_parts_t, text_encoders));
    CHECK(d4j_field_offset("d4j_observer_t", "warning") == (int64_t) offsetof(d4j_observer_t, warning));
    CHECK(d4j_field_offset("d4j_observer_t", "no_such_field") == -1);
    CHECK(d4j_field_offset("no_such_t", "warning") == -1);
    CHECK(d4j_field_offset(NULL, "warning") == -1);
    CHECK(d4j_field_offset("d4j_observer_t", NULL) == -1);
}

static void test_devices(void) {
    int32_t count = 0;
    int32_t cpus  = 0;
    CHECK(d4j_device_count(&count) == D4J_OK);
    CHECK(count > 0);
    for (int32_t i = 0; i < count; i++) {
        d4j_device_t device;
        CHECK(d4j_device(i, &device) == D4J_OK);
        CHECK(device.name[0] != '\0');
        cpus += device.type == D4J_DEVICE_CPU;
    }
    CHECK(cpus == 1);

    d4j_device_t device;
    CHECK(d4j_device(count, &device) == D4J_INVALID && last_error_says("there is no device"));
    CHECK(d4j_device(-1, &device) == D4J_INVALID);
    CHECK(d4j_device(0, NULL) == D4J_INVALID);

    int64_t total = 0;
    int64_t free_bytes = 0;
    CHECK(d4j_device_memory("CPU", &total, &free_bytes) == D4J_OK);
    CHECK(total > 0 && free_bytes > 0 && free_bytes <= total);
    CHECK(d4j_device_memory("no such device", &total, &free_bytes) == D4J_UNAVAILABLE);
    CHECK(d4j_device_memory(NULL, &total, &free_bytes) == D4J_INVALID);
    CHECK(d4j_device_count(NULL) == D4J_INVALID);
    CHECK(d4j_device_count(&count) == D4J_OK && d4j_last_error()[0] == '\0');
}

static int32_t open_file(const char* path, d4j_model_t** model) {
    sd_ctx_params_t params;
    sd_ctx_params_init(&params);
    params.model_path = path;
    return d4j_model_open(&params, NULL, model);
}

static void write_file(const char* path, const void* bytes, size_t count) {
    FILE* file = fopen(path, "wb");
    CHECK(file != NULL && fwrite(bytes, 1, count, file) == count);
    if (file != NULL) {
        fclose(file);
    }
}

static void test_files_that_are_no_models(void) {
    d4j_model_t* model = (d4j_model_t*) &failures;
    CHECK(open_file("no-such-file.safetensors", &model) == D4J_LOAD_FAILED);
    CHECK(model == NULL);
    CHECK(last_error_says("no-such-file.safetensors"));

    CHECK(open_file(".", &model) == D4J_LOAD_FAILED);

    d4j_set_log_callback(count_line);
    write_file("text.safetensors", "just some text\n", 15);
    CHECK(open_file("text.safetensors", &model) == D4J_LOAD_FAILED && last_error_says("unknown format"));
    CHECK(log_lines > 0);

    d4j_set_log_callback(NULL);
    const int lines_before = log_lines;
    /* An entry without data_offsets makes the runtime's JSON reader throw. */
    static const char header[] = "\x20\0\0\0\0\0\0\0{\"a\":{\"dtype\":\"F32\",\"shape\":[]}}";
    write_file("header.safetensors", header, sizeof(header) - 1);
    CHECK(open_file("header.safetensors", &model) == D4J_LOAD_FAILED);
    /* A percent sign in a name must not become a printf directive. */
    static const char gguf[] = "GGUF\3\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0%n%s\1\0\0\0\7\0\0\0\0\0\0\0\377\0\0\0\0\0\0\0\0\0\0\0";
    write_file("name.gguf", gguf, sizeof(gguf) - 1);
    CHECK(open_file("name.gguf", &model) == D4J_LOAD_FAILED);
    CHECK(log_lines == lines_before);

    remove("text.safetensors");
    remove("header.safetensors");
    remove("name.gguf");
}

static void test_bad_arguments(void) {
    d4j_model_t* model = NULL;
    sd_ctx_params_t params;
    sd_ctx_params_init(&params);
    CHECK(d4j_model_open(&params, NULL, &model) == D4J_INVALID && last_error_says("no model file"));
    CHECK(d4j_model_open(NULL, NULL, &model) == D4J_INVALID);
    CHECK(d4j_model_open(&params, NULL, NULL) == D4J_INVALID);
    params.model_path = "no-such-file";
    params.vae_path   = "no-such-vae";
    params.wtype      = SD_TYPE_I8;
    CHECK(d4j_model_open(&params, NULL, &model) == D4J_INVALID && last_error_says("type 24"));

    d4j_model_info_t info;
    sd_img_gen_params_t request;
    sd_image_t* images = NULL;
    int32_t count      = 0;
    sd_img_gen_params_init(&request);
    CHECK(d4j_model_info(NULL, &info) == D4J_INVALID);
    CHECK(d4j_generate_image(NULL, &request, NULL, 0, NULL, &images, &count) == D4J_INVALID);
    CHECK(d4j_add_control_net(NULL, "net.safetensors", NULL) == D4J_INVALID);
    CHECK(d4j_set_controls(NULL, NULL, 0) == D4J_INVALID);
    sd_vid_gen_params_t video;
    sd_audio_t* audio = NULL;
    sd_vid_gen_params_init(&video);
    CHECK(d4j_generate_video(NULL, &video, NULL, 0, NULL, &images, &count, &audio) == D4J_INVALID);
    CHECK(d4j_model_close(NULL) == D4J_OK);
    d4j_pixels_free(NULL);
    d4j_image_array_free(NULL);
    d4j_audio_free(NULL);
    sd_audio_t strange = {8000, 1, 0, NULL};
    d4j_audio_free(&strange);
    CHECK(d4j_live_pixel_bytes() == 0);
    CHECK(d4j_live_models() == 0);
}

static void test_vocabularies(void) {
    const char* text = NULL;
    int64_t length   = 0;
    CHECK(d4j_vocabulary("clip", &text, &length) == D4J_OK);
    CHECK(length == 524619);
    CHECK(text != NULL && memcmp(text, "#version: 0.2\n", 14) == 0);
    CHECK(d4j_vocabulary("qwen", &text, &length) == D4J_OK);
    CHECK(length == 1671839);
    CHECK(text != NULL && memcmp(text, "\xC4\xA0 \xC4\xA0\n", 6) == 0);
    CHECK(d4j_vocabulary("t5", &text, &length) == D4J_OK);
    CHECK(length == 1455096);
    CHECK(text != NULL && text[0] == '{' && text[length - 1] == '}');
    CHECK(d4j_vocabulary("bert", &text, &length) == D4J_INVALID && last_error_says("there is no tokenizer bert"));
    CHECK(d4j_vocabulary(NULL, &text, &length) == D4J_INVALID && last_error_says("tokenizer is null"));
    CHECK(d4j_vocabulary("clip", NULL, &length) == D4J_INVALID && last_error_says("text is null"));
    CHECK(d4j_vocabulary("clip", &text, NULL) == D4J_INVALID && last_error_says("length is null"));
}

static int32_t run_on_nothing(const char* call, const d4j_tensor_t* tensors, int32_t count, void* data) {
    return d4j_run(NULL, call, tensors, count, data, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL);
}

static void test_parts_without_a_model(void) {
    static float values[64] = {0};
    float result[64]        = {0};
    d4j_parts_t parts;
    const d4j_tensor_t latents = {"latents", D4J_TENSOR_F32, 4, {1, 1, 1, 1}};
    int64_t shape[4];
    int64_t elements = 0;
    int32_t rank     = 0;
    int32_t count    = 64;

    CHECK(d4j_parts(NULL, &parts) == D4J_INVALID && last_error_says("model is null"));
    CHECK(d4j_set_loras(NULL, NULL, 0, NULL) == D4J_INVALID);
    CHECK(run_on_nothing("vae.decode", &latents, 1, values) == D4J_INVALID && last_error_says("model is null"));
    CHECK(d4j_sigmas(NULL, 0, 10, 64, 64, result, &count) == D4J_INVALID && count == 64);
    CHECK(d4j_weight(NULL, "a.weight", shape, &rank, NULL, &elements) == D4J_INVALID && last_error_says("model is null"));
    CHECK(d4j_parts(NULL, NULL) == D4J_INVALID);
    CHECK(run_on_nothing(NULL, NULL, 0, NULL) == D4J_INVALID);
    CHECK(d4j_weight(NULL, NULL, NULL, NULL, NULL, NULL) == D4J_INVALID);
}

static void test_numbers_of_weights(void) {
    float numbers[64];
    float again[64];
    uint8_t weights[2 * 34];
    uint8_t large[2 * 64];
    for (int i = 0; i < 64; i++) {
        numbers[i] = (float) (i - 32) / 4;
    }
    CHECK(d4j_quantize(SD_TYPE_Q8_0, numbers, 2, 32, weights, sizeof(weights)) == D4J_OK);
    CHECK(d4j_dequantize(SD_TYPE_Q8_0, weights, sizeof(weights), 2, 32, again) == D4J_OK);
    for (int i = 0; i < 64; i++) {
        CHECK(again[i] - numbers[i] < 0.04f && numbers[i] - again[i] < 0.04f);
    }
    CHECK(d4j_quantize(SD_TYPE_F16, numbers, 1, 4, weights, 8) == D4J_OK);
    CHECK(d4j_dequantize(SD_TYPE_F16, weights, 8, 1, 4, again) == D4J_OK && again[1] == -7.75f);

    CHECK(d4j_quantize(SD_TYPE_Q8_0, numbers, 2, 30, weights, sizeof(weights)) == D4J_INVALID && last_error_says("multiple of 32"));
    CHECK(d4j_quantize(SD_TYPE_Q8_0, numbers, 2, 32, weights, 67) == D4J_INVALID && last_error_says("68 bytes"));
    CHECK(d4j_quantize(SD_TYPE_Q8_0, numbers, INT64_MAX, 32, weights, 68) == D4J_INVALID);
    CHECK(d4j_quantize(SD_TYPE_Q8_0, numbers, -1, 32, weights, -34) == D4J_INVALID);
    CHECK(d4j_quantize(SD_TYPE_IQ2_XXS, numbers, 1, 256, weights, 66) == D4J_INVALID && last_error_says("calibration"));
    CHECK(d4j_quantize(SD_TYPE_I32, numbers, 1, 4, weights, 16) == D4J_INVALID);
    CHECK(d4j_quantize(-1, numbers, 1, 4, weights, 16) == D4J_INVALID);
    CHECK(d4j_quantize(SD_TYPE_F16, NULL, 1, 4, weights, 8) == D4J_INVALID && last_error_says("numbers is null"));
    CHECK(d4j_quantize(SD_TYPE_F16, numbers, 1, 4, NULL, 8) == D4J_INVALID && last_error_says("weights is null"));
    CHECK(d4j_dequantize(SD_TYPE_I32, weights, 16, 1, 4, again) == D4J_INVALID);
    CHECK(d4j_dequantize(SD_TYPE_F16, weights, 7, 1, 4, again) == D4J_INVALID && last_error_says("8 bytes"));
    CHECK(d4j_dequantize(SD_TYPE_F16, NULL, 8, 1, 4, again) == D4J_INVALID && last_error_says("weights is null"));
    CHECK(d4j_dequantize(SD_TYPE_F16, weights, 8, 1, 4, NULL) == D4J_INVALID && last_error_says("numbers is null"));
    numbers[5] = 1e6f;
    CHECK(d4j_quantize(SD_TYPE_F16, numbers, 2, 32, large, sizeof(large)) == D4J_FAILED && last_error_says("larger than"));
    numbers[5] = numbers[5] * 1e36f;
    CHECK(d4j_quantize(SD_TYPE_Q8_0, numbers, 2, 32, weights, sizeof(weights)) == D4J_FAILED && last_error_says("not finite"));
}

int main(void) {
    test_library();
    test_struct_sizes();
    test_field_offsets();
    test_devices();
    test_files_that_are_no_models();
    test_bad_arguments();
    test_vocabularies();
    test_parts_without_a_model();
    test_numbers_of_weights();
    if (failures == 0) {
        printf("all checks passed\n");
    }
    return failures == 0 ? 0 : 1;
}
