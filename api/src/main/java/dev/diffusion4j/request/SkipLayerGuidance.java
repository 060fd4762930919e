package dev.diffusion4j.request;

import dev.diffusion4j.internal.check.Checks;
import java.util.List;

/**
 * Skip-layer guidance for diffusion transformers: steers away from what the model draws without some of its layers.
 *
 * @param layers indices of the layers to skip
 * @param scale strength, 0 switches it off
 * @param start part of the run, from 0 to 1, where it begins
 * @param end part of the run, from 0 to 1, where it ends
 */
public record SkipLayerGuidance(List<Integer> layers, double scale, double start, double end) {

    public SkipLayerGuidance {
        layers = List.copyOf(layers);
        for (int layer : layers) {
            Checks.range("skipLayerGuidance.layers", layer, 0, 1000);
        }
        Checks.range("skipLayerGuidance.scale", scale, -100, 100);
        Checks.range("skipLayerGuidance.start", start, 0, 1);
        Checks.range("skipLayerGuidance.end", end, start, 1);
    }
}
