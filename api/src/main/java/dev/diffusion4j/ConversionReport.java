package dev.diffusion4j;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * What a conversion did.
 *
 * @param output the new file
 * @param bytes its size
 * @param tensors how many tensors it has
 * @param converted how many of them have another type than before
 * @param kept how many were to get another type and have the one that they had
 * @param leftOut how many of the old file's tensors are not in it, since the runtime reads nothing from them: counters, averages
 *     of training, bytes that only other programs know
 * @param warnings what was asked for and not done, a sentence each
 */
public record ConversionReport(
        Path output, long bytes, int tensors, int converted, int kept, int leftOut, List<String> warnings) {

    /** Copies the list. */
    public ConversionReport {
        Objects.requireNonNull(output, "output");
        warnings = List.copyOf(warnings);
    }
}
