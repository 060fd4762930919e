package dev.diffusion4j.internal.convert;

/** Watches a conversion, and stops it. */
public interface ConversionWatch {

    /**
     * Called on the conversion's thread, at least once for each tensor. What it throws ends the conversion.
     *
     * @param tensors how many are written
     * @param bytes how many bytes are written
     * @param total how many bytes the file will have
     */
    void written(int tensors, long bytes, long total);

    /** Whether the conversion shall stop; asked every few megabytes. */
    boolean isCancelled();
}
