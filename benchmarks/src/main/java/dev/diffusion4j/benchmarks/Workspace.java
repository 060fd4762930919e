package dev.diffusion4j.benchmarks;

import dev.diffusion4j.tensor.NpyFile;
import dev.diffusion4j.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;

/** What {@code prepare.py} made: a folder per model with its files, inputs and reference outputs. */
final class Workspace {

    /** Of the U-Net's reference outputs. */
    static final float TIMESTEP = 500;

    /** The scale of a Stable Diffusion 1.x model's latents. */
    static final float VAE_SCALING = 0.18215f;

    private Workspace() {}

    static Path root() {
        String folder = System.getProperty("benchmarks.work");
        if (folder == null) {
            throw new IllegalStateException("-Dbenchmarks.work=<prepared folder> is missing; benchmarks/run gives it");
        }
        return Path.of(folder);
    }

    /** Folder of a model, "full" or "demo". */
    static Path model(String name) {
        return root().resolve(name);
    }

    /** A file of a model in the form of weights that its name says: {@code f16} is {@code f16.safetensors}. */
    static Path weights(String model, String type) {
        Path file = model(model).resolve(type + ".safetensors");
        return Files.exists(file) ? file : model(model).resolve(type + ".gguf");
    }

    /** An array of a model, in row-major order. */
    static float[] array(String model, String name) {
        try (Tensor tensor = NpyFile.read(model(model).resolve(name + ".npy"))) {
            return tensor.toArray();
        }
    }

    /** The tokens of the prompt that the reference outputs are for. */
    static int[] ids(String model) {
        float[] values = array(model, "ids");
        int[] ids = new int[values.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = (int) values[i];
        }
        return ids;
    }

    /** CPU threads that every backend computes with. */
    static int threads() {
        return Integer.getInteger("benchmarks.threads", 2);
    }
}
