package dev.diffusion4j.tensor;

/** Where noise comes from. The same seed gives the same noise for one source, different noise for different ones. */
public enum RandomSource {
    /** Philox, as torch does on CUDA devices: the runtime's default, and what most tools share seeds for. */
    CUDA,
    /** Mersenne twister, as torch does on the CPU. */
    CPU,
    /** The C++ standard library's default engine. */
    STD
}
