package dev.diffusion4j.request;

/** Which edges of a picture fit each other, for tiling textures. */
public enum Seamless {
    /** Left and right. */
    HORIZONTALLY,
    /** Top and bottom. */
    VERTICALLY,
    /** Both. */
    BOTH;

    /** Whether left and right fit. */
    public boolean horizontally() {
        return this != VERTICALLY;
    }

    /** Whether top and bottom fit. */
    public boolean vertically() {
        return this != HORIZONTALLY;
    }
}
