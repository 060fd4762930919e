package dev.diffusion4j.hub;

import java.util.Optional;

/**
 * A reference, and what its content has to be.
 *
 * @param sha256 empty if anything that the hub sends is right
 */
record FileRequest(ModelReference reference, Optional<String> sha256) {

    void check(FileMetadata metadata) {
        if (sha256.isPresent() && !sha256.get().equals(metadata.etag())) {
            throw new ChecksumException("the catalog names the SHA-256 " + sha256.get() + " for " + metadata.name()
                    + ", but the hub has " + metadata.etag());
        }
    }
}
