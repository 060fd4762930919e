package dev.diffusion4j.cache;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.DigestInputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Unpacks files below a cache folder, in folders named after their checksum. A copy that is half written or was tampered with
 * is replaced: its content is compared with the checksum when it is about to be used, after the folder was found to be one
 * that nobody else can change. JVMs that start at once each write a file of their own and move it into place.
 *
 * <p>The comparison is left out for a file that is the very one that was compared before: a note beside it holds what the file
 * system knew of it then, the time of its last change of any kind included.
 */
public final class Unpacker {

    /** What is younger can be changed again without a trace: file systems do not tell times apart that are this close. */
    private static final Duration SAME_TIME = Duration.ofSeconds(2);

    /** The ending of the note that a file was compared with its checksum. */
    private static final String NOTE = ".checked";

    private Unpacker() {}

    /** What is unpacked. */
    @FunctionalInterface
    public interface Content {
        /** Opens it for reading from its beginning; the caller closes it. */
        InputStream open() throws IOException;
    }

    /**
     * Unpacks into the first {@linkplain CacheFolder#candidates() folder} that can be used.
     *
     * @param kind the folder's first part, such as {@code models}
     * @return the file, whose content has the checksum and which only this user can change
     * @throws IOException if none can be used; it says why of each
     */
    public static Path unpack(String kind, Content content, String name, String sha256) throws IOException {
        List<IOException> causes = new ArrayList<>();
        List<String> reasons = new ArrayList<>();
        for (CacheFolder cache : CacheFolder.candidates()) {
            try {
                return unpack(cache, kind, content, name, sha256);
            } catch (IOException e) {
                causes.add(e);
                reasons.add(cache.name() + ": " + reason(e));
            }
        }
        IOException failure = new IOException(
                name
                        + " cannot be unpacked; if the reason is the folder, name one where files may be written with the system"
                        + " property " + CacheFolder.PROPERTY + ". Tried " + String.join("; ", reasons),
                causes.removeLast());
        causes.forEach(failure::addSuppressed);
        throw failure;
    }

    /**
     * Unpacks into one folder.
     *
     * @param kind the folder's first part, such as {@code models}
     * @return the file, whose content has the checksum and which only this user can change
     * @throws IOException if the folder cannot be used, or the content has another checksum
     */
    public static Path unpack(CacheFolder cache, String kind, Content content, String name, String sha256)
            throws IOException {
        if (sha256 == null) {
            throw new IOException("its description names no checksum");
        }
        Path target = cache.create(kind, sha256.substring(0, 16)).resolve(name);
        if (!Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS) || !hasContent(target, sha256)) {
            write(content, target, sha256);
        }
        return target;
    }

    /** The SHA-256 of what a stream holds up to its end, in hexadecimal. */
    public static String sha256(InputStream content) throws IOException {
        MessageDigest digest = digest();
        new DigestInputStream(content, digest).transferTo(OutputStream.nullOutputStream());
        return HexFormat.of().formatHex(digest.digest());
    }

    /** What went wrong with a file, for people: Java's own message is at times the bare path. */
    public static String reason(Throwable failure) {
        return switch (failure) {
            case AccessDeniedException e -> "permission denied for " + e.getFile();
            case NoSuchFileException e -> e.getFile() + " does not exist";
            default -> failure.getMessage();
        };
    }

    private static boolean hasContent(Path file, String sha256) throws IOException {
        Path note = file.resolveSibling(file.getFileName() + NOTE);
        String identity = identity(file);
        if (!identity.isEmpty()
                && Files.isRegularFile(note, LinkOption.NOFOLLOW_LINKS)
                && identity.equals(new String(Files.readAllBytes(note), StandardCharsets.UTF_8))) {
            return true;
        }
        try (InputStream in = Files.newInputStream(file)) {
            if (!sha256.equals(sha256(in))) {
                return false;
            }
        }
        if (!identity.isEmpty()) {
            replace(note, temporary -> Files.writeString(temporary, identity));
        }
        return true;
    }

    /** What changes with every change of a file; empty if that cannot be told, or if it changed just now. */
    private static String identity(Path file) throws IOException {
        if (!file.getFileSystem().supportedFileAttributeViews().contains("unix")) {
            return "";
        }
        Map<String, Object> attributes =
                Files.readAttributes(file, "unix:dev,ino,size,lastModifiedTime,ctime", LinkOption.NOFOLLOW_LINKS);
        Instant changed = ((FileTime) attributes.get("ctime")).toInstant();
        return changed.isAfter(Instant.now().minus(SAME_TIME)) ? "" : new TreeMap<>(attributes).toString();
    }

    private static void write(Content content, Path target, String sha256) throws IOException {
        replace(target, temporary -> {
            MessageDigest digest = digest();
            try (InputStream in = content.open();
                    OutputStream out = new DigestOutputStream(Files.newOutputStream(temporary), digest)) {
                in.transferTo(out);
            }
            if (!sha256.equals(HexFormat.of().formatHex(digest.digest()))) {
                throw new IOException("its content does not match its checksum");
            }
        });
    }

    /** Writes a file. */
    private interface Writer {
        void write(Path file) throws IOException;
    }

    /** Has a file written beside its place and moves it there. Created for its owner alone, it stays that. */
    private static void replace(Path target, Writer writer) throws IOException {
        Path temporary =
                Files.createTempFile(target.getParent(), target.getFileName().toString(), ".part");
        try {
            writer.write(temporary);
            try {
                Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            } catch (AtomicMoveNotSupportedException e) {
                Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
            }
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
