package dev.diffusion4j.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One process that draws the reference picture of a model with one backend and prints a line of JSON: milliseconds from
 * the start of the JVM to the end of the first denoising step and of the picture, the process's peak memory, and how far
 * the picture is from the reference.
 */
public final class WholeRun {

    private long firstStepAt;

    private WholeRun() {}

    /** Arguments: backend, model. */
    public static void main(String[] arguments) throws IOException {
        System.out.println(new ObjectMapper().writeValueAsString(new WholeRun().measure(arguments[0], arguments[1])));
        // DJL leaves threads behind that keep the JVM.
        System.exit(0);
    }

    private Map<String, Object> measure(String name, String model) {
        Drawing drawing = Drawing.ofReference(model);
        float[] picture;
        try (Backend backend = Backend.open(name, model)) {
            picture = backend.draw(drawing, this::stepped);
        }
        long began = ManagementFactory.getRuntimeMXBean().getStartTime();
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("backend", name);
        result.put("model", model);
        result.put("pixels", drawing.pixels());
        result.put("steps", drawing.steps());
        result.put("firstStepMillis", firstStepAt - began);
        result.put("pictureMillis", System.currentTimeMillis() - began);
        result.put("peakKilobytes", peakKilobytes());
        result.put("psnr", Agreement.psnr(picture, Workspace.array(model, "drawn")));
        return result;
    }

    private void stepped() {
        if (firstStepAt == 0) {
            firstStepAt = System.currentTimeMillis();
        }
    }

    /** The most that was resident of this process, file mappings included; Linux only. */
    private static long peakKilobytes() {
        try {
            return Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(line -> line.startsWith("VmHWM:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
