package dev.diffusion4j.cli.options;

import dev.diffusion4j.request.Seamless;

/** The directions in which a picture's edges fit each other. */
public enum SeamlessAxes {
    X(Seamless.HORIZONTALLY),
    Y(Seamless.VERTICALLY),
    XY(Seamless.BOTH);

    private final Seamless edges;

    SeamlessAxes(Seamless edges) {
        this.edges = edges;
    }

    Seamless edges() {
        return edges;
    }
}
