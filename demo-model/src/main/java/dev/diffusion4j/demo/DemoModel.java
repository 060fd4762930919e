package dev.diffusion4j.demo;

import dev.diffusion4j.cache.Unpacker;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.zip.GZIPInputStream;

/**
 * A real Stable Diffusion 1.x model, small enough to ship: it draws circles, squares, triangles, stars and rings in ten
 * colours on coloured backgrounds, at 128x128. Its card says what it can and cannot do.
 */
public final class DemoModel {

    private static final DemoModel SHAPES = new DemoModel("shapes-v1");
    private static final DemoModel CONTROL_NET = new DemoModel("shapes-control-v1");

    private final String name;
    private Path unpacked;

    private DemoModel(String name) {
        this.name = name;
    }

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
        return SHAPES.unpack();
    }

    /**
     * A ControlNet for the model as a safetensors file: closed outlines, white on black, become shapes. Unpacked as the model is.
     *
     * @throws UncheckedIOException if the file cannot be unpacked
     */
    public static Path controlNet() {
        return CONTROL_NET.unpack();
    }

    private synchronized Path unpack() {
        try {
            if (unpacked == null || !Files.isRegularFile(unpacked)) {
                Properties description = new Properties();
                try (InputStream in = resource(".properties")) {
                    description.load(in);
                }
                unpacked = Unpacker.unpack(
                        "models",
                        () -> new GZIPInputStream(resource(".safetensors.gz"), 1 << 16),
                        description.getProperty("file"),
                        description.getProperty("sha256"));
            }
            return unpacked;
        } catch (IOException e) {
            throw new UncheckedIOException("the demo model cannot be unpacked: " + e.getMessage(), e);
        }
    }

    private InputStream resource(String ending) throws IOException {
        InputStream in = DemoModel.class.getResourceAsStream(name + ending);
        if (in == null) {
            throw new IOException("the resource " + name + ending + " is missing");
        }
        return in;
    }
}
