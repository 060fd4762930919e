package dev.diffusion4j.internal.convert;

import dev.diffusion4j.internal.format.Text;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.modelfile.ModelFormat;
import dev.diffusion4j.modelfile.TensorType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** What a new file says of itself: what the model's own file said, and what GGUF files are known by. */
final class ConvertedMetadata {

    private final ModelFile model;

    ConvertedMetadata(ModelFile model) {
        this.model = model;
    }

    /** How many entries are left out, as they are not known whole. */
    long lost() {
        return model.metadata().entrySet().stream()
                .filter(entry -> isMeant(entry.getKey()) && isCut(entry.getValue()))
                .count();
    }

    /** What the model's file said, as text. */
    Map<String, Object> kept() {
        Map<String, Object> kept = new LinkedHashMap<>();
        addKept(kept);
        return kept;
    }

    /**
     * That, behind the keys by which other tools know what a file is.
     *
     * @param type of most weights
     */
    Map<String, Object> ofGguf(Optional<TensorType> type) {
        Map<String, Object> metadata = new LinkedHashMap<>();
        GgufMetadata.architecture(model.family()).ifPresent(name -> metadata.put(GgufMetadata.ARCHITECTURE, name));
        metadata.put(GgufMetadata.NAME, name());
        type.flatMap(GgufMetadata::fileType).ifPresent(number -> metadata.put(GgufMetadata.FILE_TYPE, number));
        metadata.put(GgufMetadata.QUANTIZATION_VERSION, GgufMetadata.CURRENT_QUANTIZATION);
        addKept(metadata);
        return metadata;
    }

    private void addKept(Map<String, Object> metadata) {
        model.metadata().forEach((key, value) -> {
            if (!key.isEmpty() && Text.isClean(key) && isMeant(key) && !isCut(value)) {
                metadata.putIfAbsent(key, value);
            }
        });
    }

    private String name() {
        String file = String.valueOf(model.path().getFileName());
        return Stream.of(GgufMetadata.NAME, "modelspec.title")
                .map(model.metadata()::get)
                .filter(title -> title != null && !title.isBlank())
                .findFirst()
                .orElseGet(() -> file.replaceFirst("\\.[^.]+$", ""));
    }

    /** Whether a key says something of the model, and not of the file that it was in. */
    private static boolean isMeant(String key) {
        return !key.startsWith("split.")
                && !List.of("general.alignment", GgufMetadata.FILE_TYPE, GgufMetadata.QUANTIZATION_VERSION)
                        .contains(key);
    }

    /** Of GGUF's metadata the reader shows the beginning alone. */
    private boolean isCut(String value) {
        return model.format() == ModelFormat.GGUF
                && (value.startsWith("[") && value.endsWith("]") || value.matches("(?s).*… \\(\\d+ bytes\\)"));
    }
}
