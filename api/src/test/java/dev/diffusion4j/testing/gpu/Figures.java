package dev.diffusion4j.testing.gpu;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a test measured, for those who compare machines: lines of JSON in the file that {@code -Dgpu.results=} names. */
public final class Figures {

    private static final String FILE = System.getProperty("gpu.results");
    private static final ObjectMapper JSON = new ObjectMapper();

    private Figures() {}

    /** Appends a line at once, so that a process that is ended leaves what it had; nothing without a file. */
    public static synchronized void add(String kind, Map<String, ?> figures) {
        if (FILE == null) {
            return;
        }
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("kind", kind);
        line.putAll(figures);
        try {
            Files.writeString(
                    Path.of(FILE),
                    JSON.writeValueAsString(line) + "\n",
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
