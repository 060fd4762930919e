package dev.diffusion4j.cli.options;

/** The directions in which a picture's edges fit each other. */
public enum SeamlessAxes {
    X,
    Y,
    XY
}
