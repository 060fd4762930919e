package dev.diffusion4j.soak;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.Generation;
import dev.diffusion4j.ImageGeneration;
import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.internal.ffm.HandedOverPictures;
import dev.diffusion4j.internal.ffm.library.NativeLibrary;
import dev.diffusion4j.internal.image.RgbImage;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * A program that does one thing again and again and writes what each round left behind to a CSV file. It runs in a JVM of
 * its own, whose heap is of a fixed size and all in memory, so that a change of the resident memory is none of the heap's.
 */
final class Soak {

    /** What is repeated. */
    enum Kind {
        /** A model is opened, draws a picture, and is closed. */
        CYCLES,
        /** A generation is cancelled at a random moment, which may be before its beginning or after its end. */
        CANCELS,
        /** A picture of 1024x1024 pixels is taken from native code and dropped. Nobody asks for a garbage collection. */
        PICTURES
    }

    /** The first line of the file: what is in the columns. */
    static final String COLUMNS = "round,resident_bytes,live_models,live_pixel_bytes,threads,drawn";

    private static final int SIZE = 64;
    private static final int DROPPED_SIZE = 1024;
    private static final int CANCELLED_STEPS = 6;
    private static final long PATIENCE_NANOS = 5_000_000_000L;

    /** Every so many rounds a picture shows that cancelling left the model as it was. */
    private static final int ROUNDS_PER_CHECK = 50;

    private final PrintStream csv;
    private long usualThreads = Long.MAX_VALUE;

    private Soak(PrintStream csv) {
        this.csv = csv;
        csv.println(COLUMNS);
    }

    /** Arguments: the kind, the number of rounds, the file. */
    public static void main(String[] arguments) throws Throwable {
        int rounds = Integer.parseInt(arguments[1]);
        try (PrintStream csv = new PrintStream(Files.newOutputStream(Path.of(arguments[2])), true)) {
            Soak soak = new Soak(csv);
            switch (Kind.valueOf(arguments[0])) {
                case CYCLES -> soak.cycle(rounds);
                case CANCELS -> soak.cancel(rounds);
                case PICTURES -> soak.drop(rounds);
            }
        }
    }

    private static ImageGeneration request(DiffusionModel sd) {
        return sd.textToImage("a red circle on a white background")
                .size(SIZE, SIZE)
                .seed(1);
    }

    private static ByteBuffer draw(DiffusionModel sd) {
        ByteBuffer pixels = request(sd).steps(1).generate().pixels().asByteBuffer();
        return ByteBuffer.allocate(pixels.remaining()).put(pixels).flip();
    }

    private void cycle(int rounds) throws Exception {
        ByteBuffer expected = null;
        for (int round = 0; round < rounds; round++) {
            try (DiffusionModel sd = DiffusionModel.open(DemoModel.path())) {
                ByteBuffer drawn = draw(sd);
                expected = expected == null ? drawn : expected;
                require(drawn.equals(expected), "another picture in round " + round);
            }
            record(round, 0, true);
        }
    }

    private void cancel(int rounds) throws Exception {
        Random random = new Random(1);
        try (DiffusionModel sd = DiffusionModel.open(DemoModel.path());
                ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor()) {
            ByteBuffer expected = draw(sd);
            long begin = System.nanoTime();
            request(sd).steps(CANCELLED_STEPS).generate();
            long nanos = System.nanoTime() - begin;
            for (int round = 0; round < rounds; round++) {
                Generation<GeneratedImage> generation =
                        request(sd).steps(CANCELLED_STEPS).start();
                Future<?> cancelled =
                        timer.schedule(generation::cancel, random.nextLong(nanos + nanos / 10), TimeUnit.NANOSECONDS);
                boolean drawn = true;
                try {
                    generation.await();
                } catch (GenerationCancelledException e) {
                    drawn = false;
                }
                if (round % ROUNDS_PER_CHECK == 0) {
                    require(draw(sd).equals(expected), "another picture after round " + round);
                }
                // A generation that has ended may be cancelled, too.
                cancelled.get();
                generation = null;
                cancelled = null;
                record(round, 1, drawn);
            }
        }
    }

    private void drop(int rounds) throws Throwable {
        NativeLibrary.load();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pixels =
                    arena.allocate(3L * DROPPED_SIZE * DROPPED_SIZE).fill((byte) 1);
            for (int round = 0; round < rounds; round++) {
                RgbImage picture = HandedOverPictures.take(pixels, DROPPED_SIZE, DROPPED_SIZE);
                // These pixels are the same ones in each round, so what would keep them does not grow: it is seen here.
                pixels.set(ValueLayout.JAVA_BYTE, round, (byte) 2);
                require(picture.rgb()[round] == 1, "a picture in native memory in round " + round);
                pixels.set(ValueLayout.JAVA_BYTE, round, (byte) 1);
                write(round, true);
            }
        }
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new IllegalStateException(otherwise);
        }
    }

    private void record(int round, int models, boolean drawn) throws Exception {
        await(() -> D4j.d4j_live_pixel_bytes() == 0 && D4j.d4j_live_models() == models);
        await(() -> status("Threads") <= usualThreads);
        usualThreads = Math.min(usualThreads, status("Threads"));
        write(round, drawn);
    }

    private void write(int round, boolean drawn) {
        csv.printf(
                "%d,%d,%d,%d,%d,%d%n",
                round,
                status("VmRSS") * 1024,
                D4j.d4j_live_models(),
                D4j.d4j_live_pixel_bytes(),
                status("Threads"),
                drawn ? 1 : 0);
    }

    /** Threads end soon, not at once, and a picture may be held until the thread that drew it has gone on. */
    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        do {
            System.gc();
        } while (!condition.getAsBoolean() && System.nanoTime() < deadline);
    }

    /** What the system says of this process: threads, or memory in kilobytes. */
    private static long status(String name) {
        try {
            String text = Files.readString(Path.of("/proc/self/status"), StandardCharsets.US_ASCII);
            return text.lines()
                    .filter(line -> line.startsWith(name + ":"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
