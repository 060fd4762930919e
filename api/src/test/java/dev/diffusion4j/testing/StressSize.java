package dev.diffusion4j.testing;

/** How often a stress test does what it does: a sample of it in the ordinary run, all with {@code -Dstress=full}. */
public final class StressSize {

    private static final boolean FULL = "full".equals(System.getProperty("stress"));

    private StressSize() {}

    /**
     * @param property of the system, whose value comes before both
     */
    public static int of(String property, int sample, int full) {
        return Integer.getInteger(property, FULL ? full : sample);
    }
}
