package dev.diffusion4j.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Optional;

/**
 * A reference, and what its content has to be.
 *
 * @param sha256 empty if anything that the hub sends is right
 */
record FileRequest(ModelReference reference, Optional<String> sha256) {

    /** Whether a file that is here may be it. Where there are links, their blobs are named by the hash. */
    boolean accepts(ResolvedFile cached) {
        if (sha256.isEmpty() || !Files.isSymbolicLink(cached.path())) {
            return true;
        }
        try {
            return Files.readSymbolicLink(cached.path()).endsWith(sha256.get());
        } catch (IOException e) {
            throw new CacheAccessException("cannot read " + cached.path(), e);
        }
    }

    void check(FileMetadata metadata) {
        if (sha256.isPresent() && !sha256.get().equals(metadata.etag())) {
            throw new ChecksumException("the catalog names the SHA-256 " + sha256.get() + " for " + metadata.name()
                    + ", but the hub has " + metadata.etag());
        }
    }
}
