package dev.diffusion4j.tensor;

/**
 * A stream of standard normal noise. Each {@link #fill} is one draw; successive draws continue the stream, as the noise
 * of the native runtime does from the first latents to the last sampling step.
 *
 * <p>Implement it to feed recorded noise to a scheduler. A generator may be used by one thread at a time.
 */
@FunctionalInterface
public interface NormalGenerator {

    /**
     * Draws noise of mean 0 and standard deviation 1 into all elements.
     *
     * @throws dev.diffusion4j.error.ClosedException if the tensor was closed
     */
    void fill(Tensor destination);

    /**
     * A generator whose draws equal the native runtime's for the same source and seed:
     *
     * <ul>
     *   <li>{@link RandomSource#CUDA}: Philox 4x32-10 (Salmon et al. 2011) with one counter and one Box-Muller sine per
     *       element, as torch computes {@code randn} on CUDA devices. All 64 bits of the seed count.
     *   <li>{@link RandomSource#CPU}: Mersenne Twister 19937 (Matsumoto and Nishimura 1998) with Box-Muller in blocks of
     *       16, or pair by pair in double below 16 elements, as torch computes {@code randn} on the CPU. The lowest 32
     *       bits of the seed count.
     *   <li>{@link RandomSource#STD}: GNU libstdc++'s {@code default_random_engine} and {@code normal_distribution}: the
     *       runtime's own on Linux; other C++ libraries differ. The lowest 32 bits of the seed count.
     * </ul>
     *
     * @param source the generator
     * @param seed any value
     */
    static NormalGenerator of(RandomSource source, long seed) {
        return switch (source) {
            case CUDA -> new PhiloxGenerator(seed);
            case CPU -> new MersenneTwisterGenerator((int) seed);
            case STD -> new StandardLibraryGenerator((int) seed);
        };
    }
}
