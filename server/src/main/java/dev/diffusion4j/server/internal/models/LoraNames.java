package dev.diffusion4j.server.internal.models;

import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.request.Lora;
import dev.diffusion4j.server.internal.http.HttpException;
import dev.diffusion4j.tokenizer.LoraTags;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The LoRAs of the server's folder and those below it, by the names of their files without the ending. A request names one; no
 * path of a request's reaches the file system.
 */
public final class LoraNames {

    private static final List<String> ENDINGS = List.of(".safetensors", ".gguf", ".ckpt", ".pt", ".pth", ".bin");

    private static final int MAX_DEPTH = 16;

    private final Optional<Path> folder;

    /**
     * @param folder empty if there are none
     */
    public LoraNames(Optional<Path> folder) {
        this.folder = folder;
    }

    /** All names, sorted. */
    public List<String> list() {
        return files().stream().map(LoraNames::name).distinct().sorted().toList();
    }

    /**
     * A LoRA.
     *
     * @param name of its file, with or without the ending
     * @throws HttpException if there is none of that name, or more than one
     */
    public Lora find(String name, double multiplier, double textEncoderMultiplier) {
        List<Path> found = files().stream()
                .filter(file ->
                        name(file).equals(name) || file.getFileName().toString().equals(name))
                .toList();
        if (found.size() != 1) {
            throw HttpException.badRequest(
                    "loras",
                    found.isEmpty()
                            ? "there is no LoRA '" + shortened(name) + "'"
                                    + (folder.isEmpty() ? ": the server has none" : "")
                            : "there is more than one LoRA '" + shortened(name) + "'");
        }
        return new Lora(found.getFirst(), multiplier, textEncoderMultiplier);
    }

    /**
     * Refuses prompts that name LoRAs which are not there. Without a folder they are left out with a warning, as the library
     * does it.
     */
    public void requireKnown(String prompt) {
        if (folder.isPresent()) {
            LoraTags.parse(prompt)
                    .tags()
                    .forEach(tag -> find(tag.name(), tag.multiplier(), tag.textEncoderMultiplier()));
        }
    }

    private static String shortened(String name) {
        return name.length() > 80 ? name.substring(0, 80) + "..." : name;
    }

    private List<Path> files() {
        if (folder.isEmpty()) {
            return List.of();
        }
        try (Stream<Path> all = Files.find(
                folder.get(),
                MAX_DEPTH,
                (file, attributes) -> attributes.isRegularFile()
                        && !name(file).equals(file.getFileName().toString()),
                FileVisitOption.FOLLOW_LINKS)) {
            return all.toList();
        } catch (IOException | UncheckedIOException e) {
            throw new ModelFileException("the LoRA folder cannot be read", e);
        }
    }

    /** The file's name without its ending; with it if that is none of a LoRA. */
    private static String name(Path file) {
        String name = file.getFileName().toString();
        return ENDINGS.stream()
                .filter(ending -> name.toLowerCase(Locale.ROOT).endsWith(ending))
                .findFirst()
                .map(ending -> name.substring(0, name.length() - ending.length()))
                .orElse(name);
    }
}
