package dev.diffusion4j.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URL;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Unpacks resources below a cache folder, in folders named after their checksum. A copy that is half written or was
 * tampered with is replaced: its content is compared with the checksum whenever it is about to be used, after the folder
 * was found to be one that nobody else can change. JVMs that start at once each write a file of their own and move it into
 * place.
 */
final class ResourceUnpacker {

    private ResourceUnpacker() {}

    /** Returns the unpacked file, whose content has the checksum and which only this user can change. */
    static Path unpack(CacheFolder cache, URL content, String name, String sha256) throws IOException {
        if (sha256 == null) {
            throw new IOException("its description names no checksum");
        }
        Path folder = cache.create("natives", sha256.substring(0, 16));
        Path target = folder.resolve(name);
        if (!Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS) || !sha256.equals(digest(target))) {
            write(content, target, sha256);
        }
        return target;
    }

    private static void write(URL content, Path target, String sha256) throws IOException {
        // Created for its owner alone, as the target then is.
        Path temporary =
                Files.createTempFile(target.getParent(), target.getFileName().toString(), ".part");
        try {
            MessageDigest digest = sha256();
            try (InputStream in = content.openStream();
                    OutputStream out = new DigestOutputStream(Files.newOutputStream(temporary), digest)) {
                in.transferTo(out);
            }
            if (!sha256.equals(HexFormat.of().formatHex(digest.digest()))) {
                throw new IOException("its content does not match its checksum");
            }
            try {
                Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            } catch (AtomicMoveNotSupportedException e) {
                Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
            }
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static String digest(Path file) throws IOException {
        MessageDigest digest = sha256();
        try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
            in.transferTo(OutputStream.nullOutputStream());
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
