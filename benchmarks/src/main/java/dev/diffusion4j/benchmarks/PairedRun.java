package dev.diffusion4j.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.diffusion4j.GeneratedImage;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Draws the same picture in turns with this library and with the bare C program, both of which keep their model open, and
 * prints a line of JSON with the seconds of each pair. The pixels have to be equal. Which of the two begins changes from
 * pair to pair, so that neither profits from what the other leaves in the caches.
 */
public final class PairedRun {

    private final Drawing drawing;
    private final Diffusion4jBackend java;
    private final BufferedWriter requests;
    private final BufferedReader replies;

    private PairedRun(Drawing drawing, Diffusion4jBackend java, Process c) {
        this.drawing = drawing;
        this.java = java;
        requests = c.outputWriter();
        replies = c.inputReader();
    }

    private record Timed(double seconds, String checksum) {}

    /** Arguments: the C program, model, pixels, steps, pairs. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        String model = arguments[1];
        Drawing drawing = Drawing.of(model, Integer.parseInt(arguments[2]), Integer.parseInt(arguments[3]));
        ProcessBuilder program = new ProcessBuilder(
                        arguments[0],
                        Workspace.weights(model, "f16").toString(),
                        Integer.toString(Workspace.threads()),
                        drawing.prompt(),
                        Integer.toString(drawing.pixels()),
                        Integer.toString(drawing.steps()),
                        Double.toString(drawing.guidance()),
                        Long.toString(drawing.seed()))
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        if (program.environment().putIfAbsent("OMP_WAIT_POLICY", "passive") == null) {
            // What the Java library then sets for itself.
            program.environment().putIfAbsent("GOMP_SPINCOUNT", "1000");
        }
        Process c = program.start();
        try (Diffusion4jBackend java = Diffusion4jBackend.open("f16", model)) {
            PairedRun run = new PairedRun(drawing, java, c);
            List<double[]> pairs = run.measure(Integer.parseInt(arguments[4]));
            System.out.println(new ObjectMapper()
                    .writeValueAsString(Map.of(
                            "model", model, "pixels", drawing.pixels(), "steps", drawing.steps(), "javaAndC", pairs)));
            run.requests.close();
            c.waitFor();
        } finally {
            c.destroy();
        }
    }

    private List<double[]> measure(int count) throws IOException {
        if (!drawInJava().checksum().equals(drawInC().checksum())) {
            throw new IllegalStateException("the pictures differ");
        }
        drawInJava();
        drawInC();
        List<double[]> pairs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            double first = i % 2 == 0 ? drawInJava().seconds() : drawInC().seconds();
            double second = i % 2 == 0 ? drawInC().seconds() : drawInJava().seconds();
            pairs.add(i % 2 == 0 ? new double[] {first, second} : new double[] {second, first});
        }
        return pairs;
    }

    private Timed drawInJava() {
        long began = System.nanoTime();
        GeneratedImage image = java.generate(drawing, () -> {});
        return new Timed((System.nanoTime() - began) * 1e-9, checksum(image.pixels()));
    }

    private Timed drawInC() throws IOException {
        requests.write("draw\n");
        requests.flush();
        String[] reply = replies.readLine().split(" ");
        return new Timed(Double.parseDouble(reply[0]), reply[1]);
    }

    /** FNV-1a, as the C program computes it. */
    private static String checksum(MemorySegment pixels) {
        long hash = 0xCBF29CE484222325L;
        for (long i = 0; i < pixels.byteSize(); i++) {
            hash = (hash ^ Byte.toUnsignedInt(pixels.get(ValueLayout.JAVA_BYTE, i))) * 0x100000001B3L;
        }
        return "%016x".formatted(hash);
    }
}
