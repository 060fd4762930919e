package dev.diffusion4j.demo;

import dev.diffusion4j.cache.Unpacker;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.zip.GZIPInputStream;

/**
 * A real Stable Diffusion 1.x model, small enough to ship: it draws circles, squares, triangles, stars and rings in ten
 * colours on coloured backgrounds, at 128x128. Its card says what it can and cannot do.
 */
public final class DemoModel {

    private static final String NAME = "shapes-v1";
    private static final String UPSCALER = "shapes-x4-v1";
    private static final String CONTROL_NET = "shapes-control-v1";

    private static final Map<String, Path> UNPACKED = new HashMap<>();

    private DemoModel() {}

    /**
     * The model as a safetensors file. The first call unpacks it (a few seconds) into the folder that the system
     * property {@code diffusion4j.cache} names, else {@code DIFFUSION4J_CACHE}, else {@code XDG_CACHE_HOME/diffusion4j}, else
     * {@code ~/.cache/diffusion4j}; where that cannot be written, or others may write there, into a temporary folder. The
     * first call of each process compares the file with its checksum if it has changed. Thread-safe; processes that call it at
     * once do not disturb each other.
     *
     * @throws UncheckedIOException if the file cannot be unpacked
     */
    public static Path path() {
        return unpacked(NAME);
    }

    /**
     * An upscaler for the model's pictures, as a safetensors file: ESRGAN's RRDBNet of one block, four times. Unpacked as the model
     * is.
     *
     * @throws UncheckedIOException if the file cannot be unpacked
     */
    public static Path upscaler() {
        return unpacked(UPSCALER);
    }

    /**
     * A ControlNet for the model as a safetensors file: closed outlines, white on black, become shapes. Unpacked as the model is.
     *
     * @throws UncheckedIOException if the file cannot be unpacked
     */
    public static Path controlNet() {
        return unpacked(CONTROL_NET);
    }

    private static synchronized Path unpacked(String name) {
        Path known = UNPACKED.get(name);
        if (known != null && Files.isRegularFile(known)) {
            return known;
        }
        try {
            Properties description = new Properties();
            try (InputStream in = resource(name + ".properties")) {
                description.load(in);
            }
            Path file = Unpacker.unpack(
                    "models",
                    () -> new GZIPInputStream(resource(name + ".safetensors.gz"), 1 << 16),
                    description.getProperty("file"),
                    description.getProperty("sha256"));
            UNPACKED.put(name, file);
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(name + " cannot be unpacked: " + e.getMessage(), e);
        }
    }

    private static InputStream resource(String file) throws IOException {
        InputStream in = DemoModel.class.getResourceAsStream(file);
        if (in == null) {
            throw new IOException("the resource " + file + " is missing");
        }
        return in;
    }
}
