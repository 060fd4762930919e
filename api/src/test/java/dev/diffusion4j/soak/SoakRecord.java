package dev.diffusion4j.soak;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** What a {@link Soak} wrote, round by round. */
record SoakRecord(long[] resident, long[] models, long[] pixels, long[] threads, long drawn) {

    /** The resident memory's change per round, in bytes, with the half width of its 95% confidence interval. */
    record Slope(double perRound, double uncertainty, double atFirst) {}

    static SoakRecord read(Path csv) throws IOException {
        List<String> lines = Files.readAllLines(csv);
        if (!lines.getFirst().equals(Soak.COLUMNS)) {
            throw new IOException("other columns: " + lines.getFirst());
        }
        long[][] rows = lines.stream()
                .skip(1)
                .map(line -> Arrays.stream(line.split(","))
                        .mapToLong(Long::parseLong)
                        .toArray())
                .toArray(long[][]::new);
        return new SoakRecord(
                column(rows, 1),
                column(rows, 2),
                column(rows, 3),
                column(rows, 4),
                Arrays.stream(column(rows, 5)).sum());
    }

    private static long[] column(long[][] rows, int index) {
        return Arrays.stream(rows).mapToLong(row -> row[index]).toArray();
    }

    int rounds() {
        return resident.length;
    }

    /** The first rounds, in which memory is taken that later ones use again, are left out of the slope. */
    int warmUp() {
        return rounds() / 5;
    }

    /** The least squares line through the resident memory after the warm-up. */
    Slope slope() {
        int first = warmUp();
        int count = rounds() - first;
        double meanX = IntStream.range(first, rounds()).average().orElseThrow();
        double meanY = Arrays.stream(resident, first, rounds()).average().orElseThrow();
        double xx = 0;
        double xy = 0;
        for (int i = first; i < rounds(); i++) {
            xx += (i - meanX) * (i - meanX);
            xy += (i - meanX) * (resident[i] - meanY);
        }
        double slope = xy / xx;
        double squares = 0;
        for (int i = first; i < rounds(); i++) {
            double rest = resident[i] - meanY - slope * (i - meanX);
            squares += rest * rest;
        }
        return new Slope(slope, 1.96 * Math.sqrt(squares / (count - 2) / xx), meanY + slope * (first - meanX));
    }
}
