package dev.diffusion4j.hub;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The hash that the hub names a content by: SHA-256 of large files, and what git calls others. */
final class ContentHash {

    private static final int SHA_256_DIGITS = 64;

    private final MessageDigest digest;
    private final String expected;

    private ContentHash(MessageDigest digest, String expected) {
        this.digest = digest;
        this.expected = expected;
    }

    /**
     * @param etag what the hash should become
     * @param size the content's length, which is part of git's hash
     */
    static ContentHash of(String etag, long size) {
        if (etag.length() == SHA_256_DIGITS) {
            return new ContentHash(digest("SHA-256"), etag);
        }
        MessageDigest digest = digest("SHA-1");
        digest.update(("blob " + size + "\0").getBytes(StandardCharsets.US_ASCII));
        return new ContentHash(digest, etag);
    }

    private static MessageDigest digest(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has " + algorithm, e);
        }
    }

    void update(ByteBuffer bytes) {
        digest.update(bytes);
    }

    /** Whether the content up to now has the hash; then begins anew. */
    boolean matches() {
        return HexFormat.of().formatHex(digest.digest()).equals(expected);
    }
}
