package dev.diffusion4j.testing.models;

import dev.diffusion4j.modelfile.Safetensors;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Upscalers of zeros and of kernels that pass colours on: they make a square of each pixel, exactly. In the names of BasicSR, or in
 * those of old files.
 */
public final class UpscalerFiles {

    private static final int FEATURES = 64;

    private UpscalerFiles() {}

    /** An RRDBNet that enlarges so many times, with so many blocks that change nothing. */
    public static Safetensors nearest(int scale, int blocks) {
        return write(shapes(scale, blocks, FEATURES, 3), Map.of());
    }

    /** The same in the names of old files. */
    public static Safetensors oldNames(int scale, int blocks) {
        Map<String, String> names = new LinkedHashMap<>();
        for (int block = 0; block < blocks; block++) {
            for (int dense = 1; dense <= 3; dense++) {
                for (int conv = 1; conv <= 5; conv++) {
                    names.put(
                            "body." + block + ".rdb" + dense + ".conv" + conv,
                            "model.1.sub." + block + ".RDB" + dense + ".conv" + conv + ".0");
                }
            }
        }
        names.put("conv_first", "model.0");
        names.put("conv_body", "model.1.sub." + blocks);
        names.put("conv_up1", "model.3");
        names.put("conv_up2", "model.6");
        names.put("conv_hr", scale == 1 ? "model.2" : scale == 2 ? "model.5" : "model.8");
        names.put("conv_last", scale == 1 ? "model.4" : scale == 2 ? "model.7" : "model.10");
        return write(shapes(scale, blocks, FEATURES, 3), names);
    }

    /** A layout of other sizes, of zeros. */
    public static Safetensors sized(int features, int inputs) {
        return write(shapes(4, 1, features, inputs), Map.of());
    }

    private static Map<String, long[]> shapes(int scale, int blocks, int features, int inputs) {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        put(shapes, "conv_first", features, inputs);
        for (int block = 0; block < blocks; block++) {
            for (int dense = 1; dense <= 3; dense++) {
                for (int conv = 1; conv <= 5; conv++) {
                    put(
                            shapes,
                            "body." + block + ".rdb" + dense + ".conv" + conv,
                            conv < 5 ? features / 2 : features,
                            features + (conv - 1) * features / 2);
                }
            }
        }
        put(shapes, "conv_body", features, features);
        if (scale >= 2) {
            put(shapes, "conv_up1", features, features);
        }
        if (scale == 4) {
            put(shapes, "conv_up2", features, features);
        }
        put(shapes, "conv_hr", features, features);
        put(shapes, "conv_last", 3, features);
        return shapes;
    }

    private static void put(Map<String, long[]> shapes, String name, long outputs, long inputs) {
        shapes.put(name, new long[] {outputs, inputs, 3, 3});
    }

    private static Safetensors write(Map<String, long[]> shapes, Map<String, String> names) {
        Safetensors file = new Safetensors();
        shapes.forEach((layer, shape) -> {
            String name = names.getOrDefault(layer, layer);
            boolean passesOn = !layer.startsWith("body") && !layer.equals("conv_body") && shape[1] >= 3;
            if (passesOn) {
                file.values(name + ".weight", "F16", identity((int) shape[0], (int) shape[1]), shape);
            } else {
                file.tensor(name + ".weight", "F16", shape);
            }
            file.tensor(name + ".bias", "F16", shape[0]);
        });
        return file;
    }

    private static float[] identity(int outputs, int inputs) {
        float[] values = new float[outputs * inputs * 9];
        for (int colour = 0; colour < 3; colour++) {
            values[(colour * inputs + colour) * 9 + 4] = 1;
        }
        return values;
    }
}
