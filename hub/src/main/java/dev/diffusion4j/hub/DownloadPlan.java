package dev.diffusion4j.hub;

import java.nio.file.Path;
import java.util.List;

/**
 * A list of the files that a call needs, and what is still to be done.
 *
 * @param files all of them, those that are on this machine too
 * @param remainingBytes how many bytes are still to be downloaded
 * @param freeBytes how many bytes are free where they will lie
 * @param folder the cache folder
 */
public record DownloadPlan(List<File> files, long remainingBytes, long freeBytes, Path folder) {

    /** Keeps a copy of the list. */
    public DownloadPlan {
        files = List.copyOf(files);
    }

    /**
     * A file of the plan.
     *
     * @param repository {@code org/name}
     * @param path its path within the repository
     * @param bytes its size
     * @param isCached whether it is on this machine already
     */
    public record File(String repository, String path, long bytes, boolean isCached) {}
}
