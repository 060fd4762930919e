package dev.diffusion4j.modelfile;

import java.util.Objects;
import java.util.Optional;

/**
 * The network of an upscaler's file, told from its tensors. The runtime runs ESRGAN's RRDBNet as Real-ESRGAN has it (64 features, 32
 * that each convolution adds, colour in and out, 1, 2 or 4 times), in the names of BasicSR or of ESRGAN's old files.
 *
 * @param architecture such as {@code RRDBNet}
 * @param scale how many times larger a picture becomes in each direction; 0 if that is not told
 * @param blocks residual blocks; 0 if that is not told
 * @param obstacle why the runtime does not run it, as what is said of the file; empty if it does
 */
public record UpscalerNetwork(String architecture, int scale, int blocks, Optional<String> obstacle) {

    public UpscalerNetwork {
        Objects.requireNonNull(architecture, "architecture");
        Objects.requireNonNull(obstacle, "obstacle");
    }

    /** Such as {@code 4x, RRDBNet of 23 blocks}. */
    @Override
    public String toString() {
        return (scale == 0 ? "" : scale + "x, ") + architecture + (blocks == 0 ? "" : " of " + blocks(blocks));
    }

    private static String blocks(int count) {
        return count == 1 ? "1 block" : count + " blocks";
    }
}
