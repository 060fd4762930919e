package dev.diffusion4j.modelfile;

import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.internal.format.Text;
import dev.diffusion4j.internal.json.Json;
import dev.diffusion4j.internal.json.JsonFormatException;
import dev.diffusion4j.internal.json.JsonType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * The files that a model was split over, such as {@code name-00001-of-00003.safetensors}, and what their index, if that is what
 * was named, says of them.
 *
 * @param files in order; one that is whole is the only one
 * @param places which file has each tensor, by the index; empty without one
 */
record Shards(List<Path> files, Map<String, Path> places) {

    private static final int MAX_FILES = 1_000;

    private static final Pattern SHARD = Pattern.compile(
            "(?<before>.+)-(?<number>\\d{5})-of-(?<count>\\d{5})(?<after>(?:\\.[^.]+)?\\.(?:safetensors|gguf))");

    private static final Pattern INDEX = Pattern.compile(".+\\.safetensors\\.index(?:\\.[^.]+)?\\.json");

    /** Those of a file that somebody named: a whole one, the first of several, or their index. */
    static Shards at(Path path) {
        String name = name(path);
        if (INDEX.matcher(name).matches()) {
            return ofIndex(path);
        }
        Matcher shard = SHARD.matcher(name);
        if (!shard.matches()) {
            return new Shards(List.of(path), Map.of());
        }
        List<Path> files = all(path, shard);
        int number = Integer.parseInt(shard.group("number"));
        if (number != 1) {
            throw refusal(
                    path,
                    "is number " + number + " of the files that a model was split over; name the first one, "
                            + Text.of(files.getFirst()));
        }
        return new Shards(requireThere(path, files), Map.of());
    }

    private static Shards ofIndex(Path index) {
        Map<String, Path> places = new LinkedHashMap<>();
        weightMap(index).forEach((tensor, file) -> places.put(tensor, sibling(index, tensor, file)));
        List<Path> named = places.values().stream().distinct().sorted().toList();
        if (named.isEmpty()) {
            throw refusal(index, "names no files");
        }
        Matcher shard = SHARD.matcher(name(named.getFirst()));
        List<Path> files = shard.matches() ? all(named.getFirst(), shard) : List.of(named.getFirst());
        if (!new TreeSet<>(files).equals(new TreeSet<>(named))) {
            throw refusal(
                    index,
                    "does not name the whole of a model: "
                            + String.join(", ", named.stream().map(Shards::name).toList()));
        }
        return new Shards(requireThere(index, files), places);
    }

    private static Map<String, ?> weightMap(Path index) {
        try {
            if (Files.size(index) > Limits.MAX_JSON_HEADER) {
                throw refusal(index, "is larger than an index of tensors can be");
            }
            Object map = JsonType.object(Json.read(Files.readString(index))).get("weight_map");
            if (map == null) {
                throw refusal(index, "has no weight_map");
            }
            return JsonType.object(map);
        } catch (JsonFormatException e) {
            throw new ModelFileException(Text.of(index) + " is no index of tensors: " + e.getMessage(), e);
        } catch (IOException e) {
            throw new ModelFileException(Text.of(index) + " cannot be read: " + Text.printable(e.getMessage()), e);
        }
    }

    /** A file beside the index: one elsewhere is none of the model's. */
    private static Path sibling(Path index, String tensor, Object file) {
        try {
            Path path = Path.of(String.valueOf(file));
            boolean isName = file instanceof String && !path.isAbsolute() && path.getNameCount() == 1;
            if (isName
                    && !path.normalize().toString().isEmpty()
                    && !path.toString().equals("..")) {
                return index.resolveSibling(path);
            }
        } catch (InvalidPathException e) {
            // Refused with the others.
        }
        throw refusal(
                index,
                "says that tensor " + Text.quoted(tensor) + " is in " + Text.quoted(String.valueOf(file))
                        + ", which is not the name of a file beside it");
    }

    private static List<Path> all(Path path, Matcher shard) {
        int count = Integer.parseInt(shard.group("count"));
        if (count < 1 || count > MAX_FILES || Integer.parseInt(shard.group("number")) > count) {
            throw refusal(path, "claims to be one of " + count + " files");
        }
        return IntStream.rangeClosed(1, count)
                .mapToObj(number -> path.resolveSibling(shard.group("before")
                        + String.format(Locale.ROOT, "-%05d-of-%05d", number, count)
                        + shard.group("after")))
                .toList();
    }

    private static List<Path> requireThere(Path named, List<Path> files) {
        for (Path file : files) {
            if (files.size() > 1 && !Files.exists(file)) {
                throw refusal(
                        named, "is of a model in " + files.size() + " files, of which " + name(file) + " is missing");
            }
        }
        return files;
    }

    /** Refuses tensors that are elsewhere than the index says. */
    void requirePlaces(Path index, Map<String, Path> found) {
        if (places.isEmpty()) {
            return;
        }
        places.forEach((tensor, file) -> {
            if (!file.equals(found.get(tensor))) {
                throw refusal(
                        index,
                        "says that tensor " + Text.quoted(tensor) + " is in " + name(file) + ", where it is not");
            }
        });
        for (String tensor : found.keySet()) {
            if (!places.containsKey(tensor)) {
                throw refusal(index, "does not name tensor " + Text.quoted(tensor));
            }
        }
    }

    private static String name(Path path) {
        Path name = path.getFileName();
        return name == null ? "" : name.toString();
    }

    private static ModelFileException refusal(Path path, String reason) {
        return new ModelFileException(Text.of(path) + " " + reason);
    }
}
