package dev.diffusion4j.mutants;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What became of mutants: how many of each kind, and which ought not to have become that. */
final class MutantCounts {

    private final Map<Outcome, Integer> all = new EnumMap<>(Outcome.class);
    private final Map<String, Map<Outcome, Integer>> groups = new TreeMap<>();
    private final List<String> failures = new ArrayList<>();

    void add(int index, String mutant, Outcome outcome, String words) {
        String[] names = mutant.split(" ", 4);
        all.merge(outcome, 1, Integer::sum);
        for (int i = 0; i < Math.min(3, names.length); i++) {
            groups.computeIfAbsent(i + names[i], name -> new EnumMap<>(Outcome.class))
                    .merge(outcome, 1, Integer::sum);
        }
        if (!outcome.isAllowed()) {
            String failure = "mutant " + index + " " + outcome + ": " + mutant + "\n    " + words;
            System.out.println(failure);
            failures.add(failure);
        }
    }

    int of(Outcome outcome) {
        return all.getOrDefault(outcome, 0);
    }

    List<String> failures() {
        return failures;
    }

    /** A line for all. */
    String summary() {
        return line("all", all);
    }

    /** A line for all, and one for each kind of file and of change. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(summary());
        groups.forEach((name, counts) -> text.append('\n').append(line(name.substring(1), counts)));
        return text.toString();
    }

    private static String line(String name, Map<Outcome, Integer> counts) {
        int total = counts.values().stream().mapToInt(Integer::intValue).sum();
        StringBuilder line = new StringBuilder("%-16s %6d mutants:".formatted(name, total));
        for (Outcome outcome : Outcome.values()) {
            line.append(" %d %s,".formatted(counts.getOrDefault(outcome, 0), outcome.words()));
        }
        return line.substring(0, line.length() - 1);
    }
}
