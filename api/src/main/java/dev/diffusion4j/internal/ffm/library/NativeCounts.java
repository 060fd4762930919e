package dev.diffusion4j.internal.ffm.library;

import dev.diffusion4j.bindings.D4j;

/** What native code holds in this process. */
public final class NativeCounts {

    private NativeCounts() {}

    /** Models that are open. */
    public static long models() {
        return D4j.d4j_live_models();
    }

    /** Pixels that were handed out and are not freed yet, in bytes. */
    public static long pixelBytes() {
        return D4j.d4j_live_pixel_bytes();
    }
}
