package dev.diffusion4j.request;

/** When LoRAs are merged into the weights. */
public enum LoraMode {
    /** Immediately, unless weights are quantised or offloaded. */
    AUTO,
    /** Merged into the weights: no cost per step. */
    IMMEDIATELY,
    /** Added while computing: leaves quantised weights as they are. */
    AT_RUNTIME
}
