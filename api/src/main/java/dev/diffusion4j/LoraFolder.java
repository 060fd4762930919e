package dev.diffusion4j;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.internal.format.Names;
import dev.diffusion4j.request.Lora;
import dev.diffusion4j.tokenizer.LoraTags;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The folder in which the LoRAs that prompts name are looked for, with all folders below it. */
final class LoraFolder {

    private static final List<String> ENDINGS = List.of(".safetensors", ".gguf", ".ckpt", ".pt", ".pth", ".bin");

    private static final int MAX_DEPTH = 16;

    private static final int MAX_SUGGESTIONS = 5;

    private final Path folder;

    /**
     * @throws InvalidRequestException if there is no such folder
     */
    LoraFolder(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new InvalidRequestException("loraFolder", folder, "a folder");
        }
        this.folder = folder;
    }

    /**
     * The LoRA that a tag names: the file of that name, or of that name with one of the usual endings.
     *
     * @throws InvalidRequestException if there is none, or more than one
     */
    Lora find(LoraTags.Tag tag) {
        List<Path> files = files();
        List<Path> named =
                files.stream().filter(file -> fileName(file).equals(tag.name())).toList();
        List<Path> found = !named.isEmpty()
                ? named
                : files.stream().filter(file -> stem(file).equals(tag.name())).toList();
        if (found.isEmpty()) {
            throw new InvalidRequestException(
                    "prompt",
                    "<lora:" + tag.name() + ">",
                    "text that names LoRAs in " + folder + suggestions(tag.name(), files));
        }
        if (found.size() > 1) {
            String all = found.stream()
                    .map(file -> folder.relativize(file).toString())
                    .sorted()
                    .collect(Collectors.joining(", "));
            throw new InvalidRequestException(
                    "prompt",
                    "<lora:" + tag.name() + ">",
                    "text that names one LoRA in " + folder + ", where there are " + all);
        }
        return new Lora(found.getFirst(), tag.multiplier(), tag.textEncoderMultiplier());
    }

    private List<Path> files() {
        List<Path> files = new ArrayList<>();
        try {
            Files.walkFileTree(folder, EnumSet.of(FileVisitOption.FOLLOW_LINKS), MAX_DEPTH, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    if (attributes.isRegularFile() && !stem(file).equals(fileName(file))) {
                        files.add(file);
                    }
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException failure) {
                    // A broken link, a loop of links or a folder of somebody else: the name may be elsewhere.
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path directory, IOException failure) {
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new ModelFileException("the LoRA folder " + folder + " cannot be read: " + e.getMessage(), e);
        }
        return files;
    }

    private static String fileName(Path file) {
        return file.getFileName().toString();
    }

    /** The name without its ending; with it if that is none of a model file. */
    private static String stem(Path file) {
        String name = fileName(file);
        for (String ending : ENDINGS) {
            if (name.toLowerCase(Locale.ROOT).endsWith(ending)) {
                return name.substring(0, name.length() - ending.length());
            }
        }
        return name;
    }

    /** The names that are most like one, as far as any are. */
    private static String suggestions(String name, List<Path> files) {
        String key = Names.key(name);
        String near = files.stream()
                .map(LoraFolder::stem)
                .distinct()
                .filter(other -> isNear(key, Names.key(other)))
                .sorted(Comparator.comparingInt((String other) -> distance(key, Names.key(other)))
                        .thenComparing(Comparator.naturalOrder()))
                .limit(MAX_SUGGESTIONS)
                .collect(Collectors.joining(", "));
        if (!near.isEmpty()) {
            return " (did you mean " + near + "?)";
        }
        return files.isEmpty() ? ", which has none" : "";
    }

    private static boolean isNear(String name, String other) {
        boolean isPart = Math.min(name.length(), other.length()) >= 3 && (name.contains(other) || other.contains(name));
        return isPart || distance(name, other) <= Math.max(1, name.length() / 3);
    }

    /** How many letters must be changed, added or left out to make one of the other (Levenshtein). */
    private static int distance(String one, String other) {
        int[] row = new int[other.length() + 1];
        for (int i = 0; i <= one.length(); i++) {
            int diagonal = i;
            for (int j = 0; j <= other.length(); j++) {
                int above = row[j];
                if (i == 0) {
                    row[j] = j;
                } else if (j == 0) {
                    row[j] = i;
                } else {
                    int change = diagonal + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
                    row[j] = Math.min(change, Math.min(above, row[j - 1]) + 1);
                }
                diagonal = above;
            }
        }
        return row[other.length()];
    }
}
