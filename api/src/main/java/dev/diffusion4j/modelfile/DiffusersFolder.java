package dev.diffusion4j.modelfile;

import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.internal.format.Text;
import dev.diffusion4j.internal.json.Json;
import dev.diffusion4j.internal.json.JsonFormatException;
import dev.diffusion4j.internal.json.JsonType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A model as diffusers saves it: a folder with a {@code model_index.json} that names its parts, and a folder for each of them.
 * What is no part of the network is left alone: schedulers, tokenizers, feature extractors and safety checkers.
 *
 * @see <a href="https://huggingface.co/docs/diffusers/using-diffusers/other-formats">Hugging Face diffusers, model files and
 *     layouts</a>
 */
public final class DiffusersFolder {

    private static final String INDEX = "model_index.json";

    private static final Pattern WEIGHTS =
            Pattern.compile("(?:diffusion_pytorch_model|model)(?:\\.(?<variant>[^.-]+))?\\.safetensors");

    private static final Pattern SHARDS =
            Pattern.compile("(?:diffusion_pytorch_model|model)\\.safetensors\\.index(?:\\.(?<variant>[^.]+))?\\.json");

    private final Path folder;
    private final Map<ModelComponent, Path> components;

    private DiffusersFolder(Path folder, Map<ModelComponent, Path> components) {
        this.folder = folder;
        this.components = Collections.unmodifiableMap(components);
    }

    /** Whether a path is such a folder. */
    public static boolean isAt(Path path) {
        return Files.isDirectory(path) && Files.isRegularFile(path.resolve(INDEX));
    }

    /**
     * Finds the parts' files. None of them is read.
     *
     * @param variant which of the files of a part, as {@code fp16} in {@code model.fp16.safetensors}; without it the one that is of
     *     no variant, or the only one
     * @throws ModelFileException if a part's file is missing, of another variant, or no safetensors file
     */
    public static DiffusersFolder read(Path folder, Optional<String> variant) {
        Objects.requireNonNull(variant, "variant");
        Map<ModelComponent, Path> components = new EnumMap<>(ModelComponent.class);
        index(folder)
                .forEach((name, entry) -> component(name, type(entry), components)
                        .ifPresent(component -> components.put(component, file(folder.resolve(name), variant))));
        if (!components.containsKey(ModelComponent.DIFFUSION_MODEL)) {
            throw new ModelFileException(Text.of(folder) + " is a folder of diffusers without a unet or transformer");
        }
        return new DiffusersFolder(folder, components);
    }

    private static Map<String, @Nullable Object> index(Path folder) {
        Path index = folder.resolve(INDEX);
        try {
            return JsonType.object(Json.read(Files.readString(index)));
        } catch (JsonFormatException e) {
            throw new ModelFileException(Text.of(index) + " is no index of a model: " + e.getMessage(), e);
        } catch (IOException e) {
            throw new ModelFileException(Text.of(index) + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** The class of a part; empty for what is no part, or was left out. */
    private static String type(@Nullable Object entry) {
        return entry instanceof List<?> list && list.size() == 2 && list.get(1) instanceof String type ? type : "";
    }

    private static Optional<ModelComponent> component(String name, String type, Map<ModelComponent, Path> before) {
        if (type.isEmpty()) {
            return Optional.empty();
        }
        if (name.equals("unet") || name.equals("transformer")) {
            return Optional.of(ModelComponent.DIFFUSION_MODEL);
        }
        if (name.equals("vae")) {
            return Optional.of(type.equals("AutoencoderTiny") ? ModelComponent.TINY_AUTOENCODER : ModelComponent.VAE);
        }
        if (!name.startsWith("text_encoder")) {
            return Optional.empty();
        }
        if (type.startsWith("CLIPText")) {
            return Optional.of(
                    before.containsKey(ModelComponent.CLIP_L) ? ModelComponent.CLIP_G : ModelComponent.CLIP_L);
        }
        return Optional.of(type.contains("T5") ? ModelComponent.T5 : ModelComponent.LLM);
    }

    /** The file of a part, or the index of those that it was split over. */
    private static Path file(Path part, Optional<String> variant) {
        List<Path> whole = files(part, WEIGHTS);
        List<Path> split = files(part, SHARDS);
        return choice(whole, WEIGHTS, variant)
                .or(() -> choice(split, SHARDS, variant))
                .or(() -> Optional.of(whole.isEmpty() ? split : whole)
                        .filter(only -> variant.isEmpty() && only.size() == 1)
                        .map(List::getFirst))
                .orElseThrow(() -> refusal(
                        part,
                        variant,
                        Stream.concat(whole.stream(), split.stream()).toList()));
    }

    private static List<Path> files(Path part, Pattern names) {
        try (Stream<Path> all = Files.list(part)) {
            return all.filter(file -> names.matcher(name(file)).matches())
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new ModelFileException(Text.of(part) + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static Optional<Path> choice(List<Path> files, Pattern names, Optional<String> variant) {
        return files.stream()
                .filter(file -> variantOf(file, names).equals(variant))
                .findFirst();
    }

    private static ModelFileException refusal(Path part, Optional<String> variant, List<Path> files) {
        if (files.isEmpty()) {
            return new ModelFileException(Text.of(part) + " has no safetensors file; 'save_pretrained' of diffusers and"
                    + " transformers writes one");
        }
        String there =
                String.join(", ", files.stream().map(DiffusersFolder::name).toList());
        return new ModelFileException(Text.of(part) + " has "
                + variant.map(name -> "no file of the variant " + name).orElse("more than one variant")
                + ", but " + there + "; variant(String) says which");
    }

    private static String name(Path file) {
        return file.getFileName().toString();
    }

    private static Optional<String> variantOf(Path file, Pattern names) {
        Matcher weights = names.matcher(name(file));
        return weights.matches() ? Optional.ofNullable(weights.group("variant")) : Optional.empty();
    }

    /** The folder's path as it was given. */
    public Path path() {
        return folder;
    }

    /**
     * The parts' files by what they are, or the indices of those that a part was split over, as {@link ModelFile#read} takes
     * them; the denoiser's is always among them.
     */
    public Map<ModelComponent, Path> components() {
        return components;
    }

    /** The denoiser's file. */
    public Path denoiser() {
        return Objects.requireNonNull(components.get(ModelComponent.DIFFUSION_MODEL));
    }
}
