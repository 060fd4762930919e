package dev.diffusion4j.hub;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * A commit of a repository of which files are on this machine.
 *
 * @param repository {@code org/name}
 * @param commit 40 digits
 * @param refs the branches and tags that stood for the commit when the hub was asked last
 * @param files its files that are here
 * @param folder where they are
 */
public record CachedRevision(String repository, String commit, Set<String> refs, List<CachedFile> files, Path folder) {

    /** Keeps copies of the collections. */
    public CachedRevision {
        refs = Set.copyOf(refs);
        files = List.copyOf(files);
    }

    /** How many bytes its files have; other commits may share them. */
    public long bytes() {
        return files.stream().mapToLong(CachedFile::bytes).sum();
    }

    /**
     * A file of the commit.
     *
     * @param path its path within the repository, with slashes
     * @param bytes its size
     */
    public record CachedFile(String path, long bytes) {}
}
