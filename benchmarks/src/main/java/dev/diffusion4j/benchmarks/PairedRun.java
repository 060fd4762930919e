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
 * Draws the same picture in turns with this library, with the bare C program, and with that program once more, all of which
 * keep their model open, and prints a line of JSON with the seconds of each round. The pixels have to be equal. Who begins
 * changes from round to round, so that nobody profits from what the others leave in the caches. By how much the C program
 * differs from itself is what the difference to Java has to be compared with: processes differ by where their memory lies.
 */
public final class PairedRun {

    private record Timed(double seconds, String checksum) {}

    private interface Contestant {
        Timed draw() throws IOException;
    }

    private PairedRun() {}

    /** Arguments: the C program, model, pixels, steps, rounds. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        String model = arguments[1];
        Drawing drawing = Drawing.of(model, Integer.parseInt(arguments[2]), Integer.parseInt(arguments[3]));
        try (CProgram c = CProgram.start(arguments[0], model, drawing);
                CProgram sameAgain = CProgram.start(arguments[0], model, drawing);
                Diffusion4jBackend java = Diffusion4jBackend.open("f16", model)) {
            List<Contestant> contestants = List.of(() -> drawInJava(java, drawing), c::draw, sameAgain::draw);
            List<double[]> rounds = measure(contestants, Integer.parseInt(arguments[4]));
            System.out.println(new ObjectMapper()
                    .writeValueAsString(Map.of(
                            "model", model, "pixels", drawing.pixels(), "steps", drawing.steps(), "rounds", rounds)));
        }
    }

    private static List<double[]> measure(List<Contestant> contestants, int count) throws IOException {
        String expected = contestants.getFirst().draw().checksum();
        for (Contestant contestant : contestants) {
            if (!contestant.draw().checksum().equals(expected)) {
                throw new IllegalStateException("the pictures differ");
            }
        }
        List<double[]> rounds = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            double[] seconds = new double[contestants.size()];
            for (int j = 0; j < seconds.length; j++) {
                int next = (i + j) % seconds.length;
                seconds[next] = contestants.get(next).draw().seconds();
            }
            rounds.add(seconds);
        }
        return rounds;
    }

    private static Timed drawInJava(Diffusion4jBackend java, Drawing drawing) {
        long began = System.nanoTime();
        GeneratedImage image = java.generate(drawing, () -> {});
        return new Timed((System.nanoTime() - began) * 1e-9, checksum(image.pixels()));
    }

    /** FNV-1a, as the C program computes it. */
    private static String checksum(MemorySegment pixels) {
        long hash = 0xCBF29CE484222325L;
        for (long i = 0; i < pixels.byteSize(); i++) {
            hash = (hash ^ Byte.toUnsignedInt(pixels.get(ValueLayout.JAVA_BYTE, i))) * 0x100000001B3L;
        }
        return "%016x".formatted(hash);
    }

    /** A process that draws one picture for each line that it is sent. */
    private record CProgram(Process process, BufferedWriter requests, BufferedReader replies) implements AutoCloseable {

        static CProgram start(String program, String model, Drawing drawing) throws IOException {
            ProcessBuilder builder = new ProcessBuilder(
                            program,
                            Workspace.weights(model, "f16").toString(),
                            Integer.toString(Workspace.threads()),
                            drawing.prompt(),
                            Integer.toString(drawing.pixels()),
                            Integer.toString(drawing.steps()),
                            Double.toString(drawing.guidance()),
                            Long.toString(drawing.seed()))
                    .redirectError(ProcessBuilder.Redirect.INHERIT);
            if (builder.environment().putIfAbsent("OMP_WAIT_POLICY", "passive") == null) {
                // What the Java library then sets for itself.
                builder.environment().putIfAbsent("GOMP_SPINCOUNT", "1000");
            }
            Process process = builder.start();
            return new CProgram(process, process.outputWriter(), process.inputReader());
        }

        Timed draw() throws IOException {
            requests.write("draw\n");
            requests.flush();
            String[] reply = replies.readLine().split(" ");
            return new Timed(Double.parseDouble(reply[0]), reply[1]);
        }

        @Override
        public void close() throws IOException {
            requests.close();
            process.destroy();
        }
    }
}
