package dev.diffusion4j.cli.model;

import dev.diffusion4j.cli.progress.DownloadDisplay;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.hub.CatalogEntry;
import dev.diffusion4j.hub.CatalogPart;
import dev.diffusion4j.hub.DownloadCancellation;
import dev.diffusion4j.hub.HubException;
import dev.diffusion4j.hub.ModelHub;
import dev.diffusion4j.hub.ModelPart;
import dev.diffusion4j.hub.ModelReference;
import dev.diffusion4j.hub.ResolvedModel;
import dev.diffusion4j.hub.UnknownModelNameException;
import dev.diffusion4j.modelfile.DiffusersFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Finds model files that are given by path or by name, and downloads what a name stands for if it is not on this machine.
 *
 * <p>A file that exists is meant before any name. So is what looks like a path, even if nothing is there: whoever opens it says
 * that. Names are typed where paths are, because shells complete paths, and each name can be one.
 */
public final class ModelFinder {

    private static final Pattern PATH =
            Pattern.compile("[.~].*|.*/.*|.*\\.(?:safetensors|gguf|ckpt|pt|pth|bin)", Pattern.CASE_INSENSITIVE);

    private final Supplier<ModelHub> hub;
    private final Supplier<DownloadDisplay> displays;
    private final DownloadCancellation cancellation;
    private final Consumer<String> notes;

    /**
     * @param hub where names are looked up; asked for only when there is one
     * @param displays shows a download
     * @param cancellation gives up a download
     * @param notes hears what a name stands for, in lines
     */
    public ModelFinder(
            Supplier<ModelHub> hub,
            Supplier<DownloadDisplay> displays,
            DownloadCancellation cancellation,
            Consumer<String> notes) {
        this.hub = hub;
        this.displays = displays;
        this.cancellation = cancellation;
        this.notes = notes;
    }

    /**
     * Finds everything that a name stands for.
     *
     * @throws HubException if it is no name, or cannot be downloaded
     */
    public ResolvedModel resolve(String name) {
        ModelHub names = hub.get();
        return ModelReference.isReference(name)
                ? resolveReference(names, name)
                : resolve(names, names.catalog().get(name));
    }

    /**
     * Finds a model with its parts.
     *
     * @param typed its file or a name
     * @param given the parts that come from elsewhere, which a short name need not bring
     * @throws ModelFileException if it is neither a path nor a name, or names no model but a part
     * @throws HubException if it cannot be downloaded
     */
    public NamedModel findModel(Path typed, Set<ModelPart> given) {
        if (isPath(typed)) {
            return NamedModel.of(typed);
        }
        ModelHub names = hub.get();
        if (ModelReference.isReference(typed.toString())) {
            return NamedModel.of(resolveReference(names, typed.toString()).path());
        }
        CatalogEntry entry = entry(names, typed);
        requireModel(entry, given);
        Set<ModelPart> wanted = EnumSet.allOf(ModelPart.class);
        wanted.removeAll(given);
        CatalogEntry missing = entry.only(wanted);
        Map<ModelPart, Path> parts = new EnumMap<>(ModelPart.class);
        if (!missing.parts().isEmpty()) {
            resolve(names, missing).parts().forEach((part, file) -> parts.put(part, file.path()));
            if (!parts.keySet().equals(Set.of(ModelPart.MODEL))) {
                notes.accept(entry.name() + " brings " + options(parts.keySet()));
            }
        }
        return new NamedModel(parts, Optional.of(entry));
    }

    /**
     * Finds a part of a model.
     *
     * @param typed its file or a name
     * @param part which of the files it is that a short name stands for
     * @throws ModelFileException if it is neither a path nor a name, or names something without that part
     * @throws HubException if it cannot be downloaded
     */
    public Path find(Path typed, ModelPart part) {
        return find(typed, entry -> {
            if (parts(entry).contains(part)) {
                return part;
            }
            throw new ModelFileException(entry.name() + " has no file for " + option(part) + ", but for "
                    + options(parts(entry)) + "; hf:org/name/file names a file");
        });
    }

    /**
     * Finds the file of a model, or its main one.
     *
     * @param typed the file or a name
     * @throws ModelFileException if it is neither a path nor a name
     * @throws HubException if it cannot be downloaded
     */
    public Path findMain(Path typed) {
        return find(typed, entry -> entry.parts().getFirst().part());
    }

    private Path find(Path typed, Function<CatalogEntry, ModelPart> choice) {
        if (isPath(typed)) {
            return typed;
        }
        ModelHub names = hub.get();
        if (ModelReference.isReference(typed.toString())) {
            return resolveReference(names, typed.toString()).path();
        }
        CatalogEntry entry = entry(names, typed);
        return resolve(names, entry.only(EnumSet.of(choice.apply(entry)))).path();
    }

    /** A folder is no model but for those of diffusers, so that a name may be that of a folder. */
    private static boolean isPath(Path typed) {
        if (DiffusersFolder.isAt(typed) || Files.exists(typed) && !Files.isDirectory(typed)) {
            return true;
        }
        String text = typed.toString();
        return !ModelReference.isReference(text) && PATH.matcher(text).matches();
    }

    private static CatalogEntry entry(ModelHub names, Path typed) {
        try {
            return names.catalog().get(typed.toString());
        } catch (UnknownModelNameException e) {
            throw new ModelFileException("there is no file " + typed + ", and " + e.getMessage(), e);
        }
    }

    private static void requireModel(CatalogEntry entry, Set<ModelPart> given) {
        Set<ModelPart> parts = parts(entry);
        if (!parts.contains(ModelPart.MODEL)
                && !parts.contains(ModelPart.DIFFUSION_MODEL)
                && !given.contains(ModelPart.DIFFUSION_MODEL)) {
            throw new ModelFileException(
                    entry.name() + " is no model, but a part of models; it is given by " + options(parts));
        }
    }

    private ResolvedModel resolveReference(ModelHub names, String reference) {
        try (DownloadDisplay display = displays.get()) {
            return names.resolve(reference, display, cancellation);
        }
    }

    private ResolvedModel resolve(ModelHub names, CatalogEntry entry) {
        notes.accept(entry.title() + "; licence: "
                + entry.parts().stream().map(CatalogPart::licence).distinct().collect(Collectors.joining(", ")));
        try (DownloadDisplay display = displays.get()) {
            return names.resolve(entry, display, cancellation);
        }
    }

    private static Set<ModelPart> parts(CatalogEntry entry) {
        return entry.parts().stream()
                .map(CatalogPart::part)
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(ModelPart.class)));
    }

    private static String options(Collection<ModelPart> parts) {
        return parts.stream().map(ModelFinder::option).collect(Collectors.joining(", "));
    }

    private static String option(ModelPart part) {
        return "--" + part.label();
    }
}
