package dev.diffusion4j.hub;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A table of short names for models, such as {@code sdxl}: the built-in one, and the user's own, whose entries stand in place of
 * built-in ones of the same name. The user's is {@code models.txt} in {@code $XDG_CONFIG_HOME/diffusion4j}, else in
 * {@code ~/.config/diffusion4j}. Names are looked up without regard to upper and lower case. Immutable.
 */
public final class ModelCatalog {

    private static final String BUILT_IN = "models.txt";
    private static final int SUGGESTIONS = 3;

    private final Map<String, CatalogEntry> entries;

    private ModelCatalog(Map<String, CatalogEntry> entries) {
        this.entries = new TreeMap<>(entries);
    }

    /** The table that comes with this version. */
    public static ModelCatalog builtIn() {
        try (InputStream in = ModelCatalog.class.getResourceAsStream(BUILT_IN);
                BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            return new ModelCatalog(CatalogReader.read(reader.lines().toList(), BUILT_IN));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * The built-in table with the user's own over it, if there is one.
     *
     * @param environment the variables that say where it is, such as {@link System#getenv()}
     * @throws HubException if the user's table has a line that cannot be read
     */
    public static ModelCatalog of(Map<String, String> environment) {
        return builtIn().with(new HubEnvironment(environment).catalogFile());
    }

    private ModelCatalog with(Path file) {
        Map<String, CatalogEntry> all = new TreeMap<>(entries);
        try {
            all.putAll(CatalogReader.read(Files.readAllLines(file), file.toString()));
        } catch (NoSuchFileException e) {
            // Most users have none.
            return this;
        } catch (IOException e) {
            throw new CacheAccessException("cannot read " + file, e);
        }
        return new ModelCatalog(all);
    }

    /** All entries, in the order of their names. */
    public Collection<CatalogEntry> entries() {
        return List.copyOf(entries.values());
    }

    /**
     * The entry of that name; empty if there is none. {@code name:quant} is the entry with another quantization of its main part.
     *
     * @throws NoSuchQuantException if the main part has no quantizations
     */
    public Optional<CatalogEntry> find(String name) {
        String[] parts = name.toLowerCase(Locale.ROOT).split(":", 2);
        Optional<CatalogEntry> entry = Optional.ofNullable(entries.get(parts[0]));
        return parts.length == 1 ? entry : entry.map(found -> found.withQuant(name.substring(parts[0].length() + 1)));
    }

    /**
     * The entry of that name.
     *
     * @throws UnknownModelNameException if there is none; it suggests names that are spelt alike
     * @throws NoSuchQuantException if a quantization is given, and the main part has none
     */
    public CatalogEntry get(String name) {
        return find(name).orElseThrow(() -> {
            List<String> suggestions = suggestions(name);
            String hint = suggestions.isEmpty() ? "" : "; did you mean " + String.join(", ", suggestions) + "?";
            return new UnknownModelNameException(Text.quoted(name) + " is no model's name" + hint, suggestions);
        });
    }

    /** At most three names that are spelt like the given one or begin with it, the nearest first. */
    public List<String> suggestions(String name) {
        String wanted = name.toLowerCase(Locale.ROOT).split(":", 2)[0];
        int farthest = Math.max(1, wanted.length() / 3);
        return entries.keySet().stream()
                .filter(candidate ->
                        distance(wanted, candidate) <= farthest || !wanted.isEmpty() && candidate.startsWith(wanted))
                .sorted(Comparator.comparingInt(candidate -> distance(wanted, candidate)))
                .limit(SUGGESTIONS)
                .toList();
    }

    /** How many letters have to be put in, taken out or exchanged: Levenshtein's distance. */
    private static int distance(String one, String other) {
        int[] above = new int[other.length() + 1];
        for (int j = 0; j < above.length; j++) {
            above[j] = j;
        }
        for (int i = 1; i <= one.length(); i++) {
            int[] row = new int[above.length];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int exchanged = above[j - 1] + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(exchanged, 1 + Math.min(above[j], row[j - 1]));
            }
            above = row;
        }
        return above[other.length()];
    }
}
