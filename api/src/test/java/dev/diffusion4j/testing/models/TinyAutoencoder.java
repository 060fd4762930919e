package dev.diffusion4j.testing.models;

import dev.diffusion4j.modelfile.Safetensors;
import java.nio.file.Path;

/** Writes a tiny autoencoder (TAESD) of zeros, complete enough for the runtime. */
public final class TinyAutoencoder {

    private static final int WIDTH = 64;

    private final Safetensors file = new Safetensors();

    private TinyAutoencoder() {}

    public static Path write(Path path) {
        TinyAutoencoder tiny = new TinyAutoencoder();
        tiny.addEncoder();
        tiny.addDecoder();
        return tiny.file.write(path);
    }

    private void addEncoder() {
        convolution("encoder.layers.0", 3, WIDTH, true);
        addBlocks("encoder.layers.", 1, 1);
        for (int downscale = 0; downscale < 3; downscale++) {
            int first = 2 + 4 * downscale;
            convolution("encoder.layers." + first, WIDTH, WIDTH, false);
            addBlocks("encoder.layers.", first + 1, 3);
        }
        convolution("encoder.layers.14", WIDTH, 4, true);
    }

    private void addDecoder() {
        convolution("decoder.layers.0", 4, WIDTH, true);
        for (int upscale = 0; upscale < 3; upscale++) {
            int first = 2 + 5 * upscale;
            addBlocks("decoder.layers.", first, 3);
            convolution("decoder.layers." + (first + 4), WIDTH, WIDTH, false);
        }
        addBlocks("decoder.layers.", 17, 1);
        convolution("decoder.layers.18", WIDTH, 3, true);
    }

    private void addBlocks(String prefix, int first, int count) {
        for (int block = first; block < first + count; block++) {
            for (int layer = 0; layer <= 4; layer += 2) {
                convolution(prefix + block + ".conv." + layer, WIDTH, WIDTH, true);
            }
        }
    }

    private void convolution(String name, int from, int to, boolean biased) {
        file.floats(name + ".weight", to, from, 3, 3);
        if (biased) {
            file.floats(name + ".bias", to);
        }
    }
}
