package dev.diffusion4j.hub;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.regex.Pattern;

/** Reads a table of models: lines of cells between bars. The built-in table explains them in its first lines. */
final class CatalogReader {

    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,39}");
    private static final Pattern SIZE = Pattern.compile("(\\d{1,5})x(\\d{1,5})");
    private static final String NOTHING = "-";
    private static final int MODEL_CELLS = 8;
    private static final int PART_CELLS = 8;

    private final String source;
    private final Map<String, CatalogEntry> entries = new LinkedHashMap<>();
    private int line;

    private CatalogReader(String source) {
        this.source = source;
    }

    /**
     * @param source where the text is from, for messages
     * @throws HubException if a line cannot be read; it names the line
     */
    static Map<String, CatalogEntry> read(List<String> lines, String source) {
        CatalogReader reader = new CatalogReader(source);
        for (String text : lines) {
            reader.line++;
            if (!text.isBlank() && !text.strip().startsWith("#")) {
                reader.readLine(text);
            }
        }
        reader.entries.values().stream()
                .filter(entry -> entry.parts().isEmpty())
                .findFirst()
                .ifPresent(entry -> {
                    throw new HubException(source + ": " + entry.name() + " has no part");
                });
        return reader.entries;
    }

    private void readLine(String text) {
        String[] cells = text.split("\\|", -1);
        for (int i = 0; i < cells.length; i++) {
            cells[i] = cells[i].strip();
        }
        switch (cells[0]) {
            case "model" -> readModel(cells);
            case "part" -> readPart(cells);
            default -> throw wrong("it begins with neither model nor part");
        }
    }

    private void readModel(String[] cells) {
        require(cells.length == MODEL_CELLS, "a model has " + MODEL_CELLS + " cells");
        String name = cells[1];
        require(NAME.matcher(name).matches(), Text.quoted(name) + " is no name: small letters, digits and ._-");
        require(!entries.containsKey(name), name + " is there twice");
        OptionalInt width = OptionalInt.empty();
        OptionalInt height = OptionalInt.empty();
        if (!cells[3].equals(NOTHING)) {
            var size = SIZE.matcher(cells[3]);
            require(size.matches(), Text.quoted(cells[3]) + " is no size, such as 512x512");
            width = OptionalInt.of(Integer.parseInt(size.group(1)));
            height = OptionalInt.of(Integer.parseInt(size.group(2)));
        }
        OptionalInt steps = optional(cells[4])
                .map(cell -> OptionalInt.of(number(cell, Integer::valueOf)))
                .orElse(OptionalInt.empty());
        ModelDefaults defaults =
                new ModelDefaults(width, height, steps, decimal(cells[5]), optional(cells[6]), decimal(cells[7]));
        entries.put(name, new CatalogEntry(name, cells[2], defaults, List.of()));
    }

    private void readPart(String[] cells) {
        require(cells.length == PART_CELLS, "a part has " + PART_CELLS + " cells");
        CatalogEntry entry = Optional.ofNullable(entries.get(cells[1]))
                .orElseThrow(() -> wrong(Text.quoted(cells[1]) + " is no model of a line above"));
        ModelPart part = ModelPart.of(cells[2])
                .orElseThrow(() -> wrong(Text.quoted(cells[2]) + " is no part, such as " + ModelPart.VAE.label()));
        require(entry.parts().stream().noneMatch(other -> other.part() == part), cells[2] + " is there twice");
        ModelReference reference;
        try {
            reference = ModelReference.parse(cells[3]);
        } catch (InvalidReferenceException e) {
            throw wrong(e.getMessage());
        }
        Optional<String> sha256 = optional(cells[4]);
        require(
                sha256.filter(hash -> !hash.matches("[0-9a-f]{64}")).isEmpty(),
                Text.quoted(cells[4]) + " is no SHA-256");
        List<CatalogPart> parts = new ArrayList<>(entry.parts());
        parts.add(new CatalogPart(
                part,
                reference,
                sha256,
                cells[5],
                either(cells[6], "gated", "open"),
                either(cells[7], "verified", "unverified")));
        entries.put(entry.name(), new CatalogEntry(entry.name(), entry.title(), entry.defaults(), parts));
    }

    private boolean either(String cell, String yes, String no) {
        require(cell.equals(yes) || cell.equals(no), Text.quoted(cell) + " is neither " + yes + " nor " + no);
        return cell.equals(yes);
    }

    private static Optional<String> optional(String cell) {
        return Optional.of(cell).filter(text -> !text.equals(NOTHING));
    }

    private OptionalDouble decimal(String cell) {
        return optional(cell)
                .map(text -> OptionalDouble.of(number(text, Double::valueOf)))
                .orElse(OptionalDouble.empty());
    }

    private <T extends Number> T number(String cell, Function<String, T> parse) {
        try {
            T number = parse.apply(cell);
            require(number.doubleValue() > 0 && number.doubleValue() < 1e6, Text.quoted(cell) + " is out of range");
            return number;
        } catch (NumberFormatException e) {
            throw wrong(Text.quoted(cell) + " is no number");
        }
    }

    private void require(boolean holds, String otherwise) {
        if (!holds) {
            throw wrong(otherwise);
        }
    }

    private HubException wrong(String reason) {
        return new HubException(source + ":" + line + ": " + reason);
    }
}
