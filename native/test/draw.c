/* draw MODEL STEPS FILE: draws 128x128 pixels from a fixed prompt and seed on the CPU, as a PPM file. */
#include <stdio.h>
#include <stdlib.h>

#include "d4j.h"

int main(int argc, char** argv) {
    if (argc != 4) {
        return 2;
    }
    sd_ctx_params_t model_params;
    sd_ctx_params_init(&model_params);
    model_params.model_path = argv[1];
    model_params.backend    = "CPU";
    sd_img_gen_params_t params;
    sd_img_gen_params_init(&params);
    params.prompt                     = "a red circle on a white background";
    params.width                      = 128;
    params.height                     = 128;
    params.seed                       = 42;
    params.batch_count                = 1;
    params.sample_params.sample_steps = atoi(argv[2]);

    d4j_model_t* model = NULL;
    sd_image_t* images = NULL;
    int32_t count      = 0;
    if (d4j_initialize() != D4J_OK || d4j_model_open(&model_params, &model) != D4J_OK ||
        d4j_generate_image(model, &params, NULL, &images, &count) != D4J_OK) {
        fprintf(stderr, "draw: %s\n", d4j_last_error());
        return 1;
    }
    FILE* file = fopen(argv[3], "wb");
    if (file == NULL) {
        return 1;
    }
    fprintf(file, "P6 %u %u 255\n", images->width, images->height);
    fwrite(images->data, 3, (size_t) images->width * images->height, file);
    fclose(file);
    d4j_pixels_free(images->data);
    d4j_image_array_free(images);
    return d4j_model_close(model);
}
