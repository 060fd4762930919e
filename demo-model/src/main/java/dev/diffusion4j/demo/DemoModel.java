package dev.diffusion4j.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Properties;
import java.util.zip.GZIPInputStream;

/**
 * A real Stable Diffusion 1.x model, small enough to ship: it draws circles, squares, triangles, stars and rings in ten
 * colours on coloured backgrounds, at 128x128. Its card says what it can and cannot do.
 */
public final class DemoModel {

    private static final String NAME = "shapes-v1";

    private DemoModel() {}

    /**
     * The model as a safetensors file. The first call unpacks it (a few seconds) into the folder that the system
     * property {@code diffusion4j.cache} names, else {@code DIFFUSION4J_CACHE}, else {@code XDG_CACHE_HOME/diffusion4j}, else
     * {@code ~/.cache/diffusion4j}; where that cannot be written, into a temporary folder. Processes that call it at once do not disturb each other.
     *
     * @throws UncheckedIOException if the file cannot be unpacked
     */
    public static synchronized Path path() {
        try {
            Properties description = new Properties();
            try (InputStream in = resource(".properties")) {
                description.load(in);
            }
            String sha256 = description.getProperty("sha256");
            long size = Long.parseLong(description.getProperty("size"));
            Path file = folder().resolve(NAME + "-" + sha256.substring(0, 12) + ".safetensors");
            // The checksum is in the name and a file is moved into place whole, so its size tells the rest.
            if (!Files.isRegularFile(file) || Files.size(file) != size) {
                unpack(file, sha256);
            }
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException("the demo model cannot be unpacked: " + e.getMessage(), e);
        }
    }

    private static void unpack(Path file, String sha256) throws IOException {
        Path temporary = Files.createTempFile(file.getParent(), NAME, ".part");
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            try (InputStream in = new GZIPInputStream(resource(".safetensors.gz"), 1 << 16);
                    OutputStream out = new DigestOutputStream(Files.newOutputStream(temporary), digest)) {
                in.transferTo(out);
            }
            if (!HexFormat.of().formatHex(digest.digest()).equals(sha256)) {
                throw new IOException("its content does not match its checksum");
            }
            try {
                Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
            } catch (AtomicMoveNotSupportedException e) {
                Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
            }
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static Path folder() throws IOException {
        Path preferred = cacheFolder().resolve("models");
        try {
            createOwned(preferred);
            if (Files.isWritable(preferred)) {
                return preferred;
            }
        } catch (IOException e) {
            // A read-only home: the temporary folder below serves as well.
        }
        return createOwned(
                Path.of(System.getProperty("java.io.tmpdir"), "diffusion4j-" + System.getProperty("user.name")));
    }

    /** The native library is unpacked below the same folders, and only into such as nobody else can write. */
    private static Path createOwned(Path folder) throws IOException {
        if (Files.isDirectory(folder)) {
            return folder;
        }
        return FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
                ? Files.createDirectories(
                        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")))
                : Files.createDirectories(folder);
    }

    private static Path cacheFolder() {
        String property = System.getProperty("diffusion4j.cache");
        if (property != null && !property.isBlank()) {
            return Path.of(property);
        }
        String own = System.getenv("DIFFUSION4J_CACHE");
        if (own != null && !own.isBlank()) {
            return Path.of(own);
        }
        String xdg = System.getenv("XDG_CACHE_HOME");
        Path base = xdg != null && !xdg.isBlank() ? Path.of(xdg) : Path.of(System.getProperty("user.home"), ".cache");
        return base.resolve("diffusion4j");
    }

    private static InputStream resource(String ending) throws IOException {
        InputStream in = DemoModel.class.getResourceAsStream(NAME + ending);
        if (in == null) {
            throw new IOException("the resource " + NAME + ending + " is missing");
        }
        return in;
    }
}
