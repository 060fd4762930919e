package dev.diffusion4j.hub;

/**
 * What the hub says of a file before it sends it.
 *
 * @param commit the commit that the revision stands for now
 * @param etag the SHA-256 of the content (64 digits) or its git hash (40)
 * @param size in bytes
 */
record FileMetadata(String repository, String commit, String path, String etag, long size) {

    /** For messages. */
    String name() {
        return repository + "/" + path;
    }
}
