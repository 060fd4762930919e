package dev.diffusion4j.mutants;

import dev.diffusion4j.testing.process.ChildJvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Runs mutants in a child JVM, and after each death in a new one. */
final class MutantWatch {

    private static final int LAST_WORDS = 30;
    private static final int MUTANTS_PER_REPORT = 500;

    private final Class<?> program;
    private final Path folder;
    private final long seed;
    private final Duration silence;
    private final MutantCounts counts = new MutantCounts();

    /**
     * @param program what to run, such as {@link MutantRun}
     * @param silence how long nothing may come from it
     */
    MutantWatch(Class<?> program, Path folder, long seed, Duration silence) {
        this.program = program;
        this.folder = folder;
        this.seed = seed;
        this.silence = silence;
    }

    /** Runs the mutants of these indices, however many children that takes. */
    MutantCounts run(int first, int end) throws IOException, InterruptedException {
        int next = first;
        while (next < end) {
            next = runChild(next, end);
        }
        return counts;
    }

    /** Returns the index with which to go on. */
    private int runChild(int first, int end) throws IOException, InterruptedException {
        Process process = start(first, end);
        try {
            BlockingQueue<Optional<String>> lines = linesOf(process);
            List<String> lastWords = new ArrayList<>();
            int index = first;
            String mutant = "none yet";
            while (true) {
                Optional<String> line = lines.poll(silence.toMillis(), TimeUnit.MILLISECONDS);
                if (line == null || line.isEmpty()) {
                    boolean ended = line != null && process.waitFor(silence.toMillis(), TimeUnit.MILLISECONDS);
                    if (ended && process.exitValue() == 0 && index == end) {
                        return end;
                    }
                    Outcome outcome = ended ? Outcome.DIED : Outcome.HUNG;
                    counts.add(index, mutant, outcome, String.join("\n    ", lastWords));
                    return index + 1;
                }
                String[] fields = line.get().split("\t", 4);
                if (line.get().startsWith(MutantRun.BEGIN)) {
                    mutant = fields[2];
                    lastWords.clear();
                } else if (line.get().startsWith(MutantRun.END)) {
                    counts.add(index++, mutant, Outcome.valueOf(fields[2]), fields.length > 3 ? fields[3] : "");
                    if (index % MUTANTS_PER_REPORT == 0) {
                        System.out.println(counts.summary());
                    }
                } else if (lastWords.size() < LAST_WORDS) {
                    lastWords.add(line.get());
                }
            }
        } finally {
            process.destroyForcibly();
        }
    }

    private Process start(int first, int end) throws IOException {
        List<String> command = ChildJvm.java();
        command.addAll(List.of(
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:-CreateCoredumpOnCrash",
                "-XX:ErrorFile=" + folder.resolve("hs_err_%p.log"),
                "-cp",
                System.getProperty("java.class.path"),
                program.getName(),
                folder.toString(),
                Long.toString(seed),
                Integer.toString(first),
                Integer.toString(end)));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    /** Its lines as they come; nothing in place of a line is the end. */
    private static BlockingQueue<Optional<String>> linesOf(Process process) {
        BlockingQueue<Optional<String>> lines = new LinkedBlockingQueue<>();
        Thread.ofPlatform().daemon().start(() -> {
            try (BufferedReader reader =
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
                reader.lines().map(Optional::of).forEach(lines::add);
            } catch (IOException | UncheckedIOException e) {
                // A process that was ended has no more to say.
            } finally {
                lines.add(Optional.empty());
            }
        });
        return lines;
    }
}
