/* draw MODEL PIXELS STEPS FILE [DEVICE]: draws a square picture from a fixed prompt and seed, as a PPM file, on the device of
 * that name or the CPU, and prints the variant of the CPU backend that a portable library chose. For emulated processors, which
 * have no JVM, and for tools that a JVM is too much for. */
#include <stdio.h>
#include <stdlib.h>

#include "d4j.h"

int main(int argc, char** argv) {
    if (argc != 5 && argc != 6) {
        fprintf(stderr, "usage: %s model pixels steps file [device]\n", argv[0]);
        return 2;
    }
    sd_ctx_params_t model_params;
    sd_ctx_params_init(&model_params);
    model_params.model_path = argv[1];
    model_params.backend    = argc == 6 ? argv[5] : "CPU";
    sd_img_gen_params_t params;
    sd_img_gen_params_init(&params);
    params.prompt                     = "a red circle on a white background";
    params.width                      = atoi(argv[2]);
    params.height                     = atoi(argv[2]);
    params.seed                       = 42;
    params.batch_count                = 1;
    params.sample_params.sample_steps = atoi(argv[3]);

    d4j_model_t* model = NULL;
    sd_image_t* images = NULL;
    int32_t count      = 0;
    if (d4j_initialize() != D4J_OK || d4j_model_open(&model_params, NULL, &model) != D4J_OK ||
        d4j_generate_image(model, &params, NULL, 0, NULL, &images, &count) != D4J_OK) {
        fprintf(stderr, "draw: %s\n", d4j_last_error());
        return 1;
    }
    FILE* file = fopen(argv[4], "wb");
    if (file == NULL) {
        perror(argv[4]);
        return 1;
    }
    fprintf(file, "P6 %u %u 255\n", images->width, images->height);
    fwrite(images->data, 3, (size_t) images->width * images->height, file);
    fclose(file);
    d4j_pixels_free(images->data);
    d4j_image_array_free(images);
    puts(d4j_cpu_variant());
    return d4j_model_close(model) == D4J_OK ? 0 : 1;
}
