/*
 * Draws with the demo model and asks which of the shim's kernels have computed: one that the runtime no longer reaches would
 * otherwise be seen as slowness alone.
 *
 *     overrides <model.safetensors>
 */
#include <stdbool.h>
#include <stdio.h>

#include "d4j.h"

static int failures = 0;

#define CHECK(condition) check((condition), #condition, __LINE__)

static void check(bool condition, const char* what, int line) {
    if (!condition) {
        failures++;
        fprintf(stderr, "failed in line %d: %s; last error: \"%s\"\n", line, what, d4j_last_error());
    }
}

static void draw(const char* path, bool flash_attention) {
    sd_ctx_params_t model_params;
    sd_ctx_params_init(&model_params);
    model_params.model_path           = path;
    model_params.backend              = "CPU";
    model_params.n_threads            = 2;
    model_params.diffusion_flash_attn = flash_attention;
    sd_img_gen_params_t params;
    sd_img_gen_params_init(&params);
    params.prompt                     = "a red circle on a white background";
    params.width                      = 128;
    params.height                     = 128;
    params.seed                       = 42;
    params.batch_count                = 1;
    params.sample_params.sample_steps = 1;

    d4j_model_t* model = NULL;
    sd_image_t* images = NULL;
    int32_t count      = 0;
    CHECK(d4j_model_open(&model_params, NULL, &model) == D4J_OK);
    CHECK(d4j_generate_image(model, &params, NULL, 0, NULL, &images, &count) == D4J_OK && count == 1);
    if (count == 1) {
        d4j_pixels_free(images->data);
        d4j_image_array_free(images);
    }
    CHECK(d4j_model_close(model) == D4J_OK);
}

int main(int argc, char** argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: overrides <model file>\n");
        return 2;
    }
    CHECK(d4j_override_calls("softmax") == -1);
    CHECK(d4j_override_calls(NULL) == -1);
    CHECK(d4j_initialize() == D4J_OK);
    CHECK(d4j_override_calls("product") == 0 && d4j_override_calls("winograd") == 0);
    CHECK(d4j_override_calls("im2col") == 0 && d4j_override_calls("broadcast") == 0);

    draw(argv[1], false);
    const int64_t product   = d4j_override_calls("product");
    const int64_t winograd  = d4j_override_calls("winograd");
    const int64_t im2col    = d4j_override_calls("im2col");
    const int64_t broadcast = d4j_override_calls("broadcast");
    CHECK(product > 0 && winograd > 0 && im2col > 0 && broadcast > 0);
    CHECK(d4j_override_calls("flash_attention") == 0);

    draw(argv[1], true);
    CHECK(d4j_override_calls("flash_attention") > 0);
    CHECK(d4j_override_calls("product") > product);
    CHECK(d4j_override_calls("winograd") == 2 * winograd);
    CHECK(d4j_override_calls("im2col") == 2 * im2col);
    CHECK(d4j_override_calls("broadcast") > broadcast);

    printf("product %lld, winograd %lld, im2col %lld, broadcast %lld, flash attention %lld\n", (long long) product,
           (long long) winograd, (long long) im2col, (long long) broadcast, (long long) d4j_override_calls("flash_attention"));
    return failures == 0 ? 0 : 1;
}
