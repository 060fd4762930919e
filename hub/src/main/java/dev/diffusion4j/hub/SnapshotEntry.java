package dev.diffusion4j.hub;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The place of a file in a snapshot: a relative link to its blob, so that the cache can be moved; where there are no links, the
 * file itself.
 *
 * @param linksDisabled whether to do as if there were no links
 */
record SnapshotEntry(Path blob, Path pointer, boolean linksDisabled) {

    /** Whether the content is there, whole as far as its size tells. */
    boolean isPresent(long size) throws IOException {
        return Files.isRegularFile(pointer) && Files.size(pointer) == size;
    }

    /**
     * Makes it, in place of what does not have the right content.
     *
     * @param isNew whether the blob was made just now, so that nothing else needs it and it can be moved
     */
    void create(boolean isNew) throws IOException {
        Files.createDirectories(pointer.getParent());
        Path temporary = pointer.resolveSibling(
                "." + Integer.toHexString(ThreadLocalRandom.current().nextInt()) + ".diffusion4j.tmp");
        try {
            if (linksDisabled || !link(temporary)) {
                if (isNew) {
                    AtomicMove.replace(blob, pointer);
                    return;
                }
                Files.copy(blob, temporary, StandardCopyOption.REPLACE_EXISTING);
            }
            AtomicMove.replace(temporary, pointer);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private boolean link(Path place) throws IOException {
        Path folder = Objects.requireNonNull(pointer.getParent(), "it is within a snapshot");
        Path target = folder.toAbsolutePath().relativize(blob.toAbsolutePath());
        try {
            Files.createSymbolicLink(place, target);
            return true;
        } catch (UnsupportedOperationException | FileSystemException e) {
            // The system has none, or this user may not make any; what is wrong with the folder itself shows at once.
            return false;
        }
    }
}
