/*
 * Draws pictures with the calls that the Java library makes, from C. Reads lines from standard input; for each it draws one
 * picture and prints how many seconds that took and a checksum of the pixels, until the input ends.
 *
 *   text_to_image <model> <threads> <prompt> <pixels> <steps> <guidance> <seed>
 */
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "d4j.h"

static volatile int steps_seen = 0;

static void on_progress(int32_t kind, int32_t step, int32_t of, float seconds) {
    (void) step;
    (void) of;
    (void) seconds;
    steps_seen += kind == D4J_PROGRESS_SAMPLING;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double) time.tv_sec + 1e-9 * (double) time.tv_nsec;
}

static void require(int32_t status, const char* what) {
    if (status != D4J_OK) {
        fprintf(stderr, "%s: %s\n", what, d4j_last_error());
        exit(1);
    }
}

/* FNV-1a, which the Java side computes too. */
static uint64_t checksum(const uint8_t* data, size_t size) {
    uint64_t hash = 0xCBF29CE484222325u;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ data[i]) * 0x100000001B3u;
    }
    return hash;
}

int main(int argc, char** argv) {
    if (argc != 8) {
        fprintf(stderr, "usage: %s model threads prompt pixels steps guidance seed\n", argv[0]);
        return 2;
    }
    require(d4j_initialize(), "initialize");
    sd_ctx_params_t open;
    sd_ctx_params_init(&open);
    open.model_path       = argv[1];
    open.n_threads        = atoi(argv[2]);
    open.rng_type         = CPU_RNG;
    open.diffusion_flash_attn = true;
    d4j_model_t* model    = NULL;
    require(d4j_model_open(&open, NULL, &model), "open");

    sd_img_gen_params_t request;
    sd_img_gen_params_init(&request);
    request.prompt                          = argv[3];
    request.negative_prompt                 = "";
    request.width                           = atoi(argv[4]);
    request.height                          = atoi(argv[4]);
    request.seed                            = atoll(argv[7]);
    request.batch_count                     = 1;
    request.sample_params.sample_method     = EULER_SAMPLE_METHOD;
    request.sample_params.scheduler         = DISCRETE_SCHEDULER;
    request.sample_params.sample_steps      = atoi(argv[5]);
    request.sample_params.guidance.txt_cfg  = (float) atof(argv[6]);
    d4j_observer_t observer                 = {.progress = on_progress};

    char line[64];
    while (fgets(line, sizeof line, stdin) != NULL) {
        sd_image_t* images = NULL;
        int32_t count      = 0;
        double began       = now();
        require(d4j_generate_image(model, &request, NULL, 0, &observer, &images, &count), "generate");
        double seconds = now() - began;
        printf("%.9f %016llx\n", seconds,
               (unsigned long long) checksum(images[0].data, 3 * (size_t) images[0].width * images[0].height));
        fflush(stdout);
        d4j_pixels_free(images[0].data);
        d4j_image_array_free(images);
    }
    require(d4j_model_close(model), "close");
    return 0;
}
