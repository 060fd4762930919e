package dev.diffusion4j.hub;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A model of the catalog: a short name for the files of all its parts, with settings that suit it.
 *
 * @param name the short name
 * @param title what it is, for people
 * @param defaults settings that suit it
 * @param parts its parts, the main one first
 */
public record CatalogEntry(String name, String title, ModelDefaults defaults, List<CatalogPart> parts) {

    /** Keeps a copy of the list. */
    public CatalogEntry {
        parts = List.copyOf(parts);
    }

    /** Whether every part was seen on the hub under its name. */
    public boolean isVerified() {
        return parts.stream().allMatch(CatalogPart::isVerified);
    }

    /** Whether a licence has to be accepted for a part of it. */
    public boolean isGated() {
        return parts.stream().anyMatch(CatalogPart::isGated);
    }

    /** This entry with some of its parts alone, which may be none. */
    public CatalogEntry only(Set<ModelPart> kept) {
        return new CatalogEntry(
                name,
                title,
                defaults,
                parts.stream().filter(part -> kept.contains(part.part())).toList());
    }

    /**
     * This entry, with another quantization of its main part.
     *
     * @throws NoSuchQuantException if that is not from a repository of GGUF files
     */
    CatalogEntry withQuant(String quant) {
        CatalogPart main = parts.getFirst();
        ModelReference reference = main.reference();
        if (reference.file().filter(file -> !file.endsWith(".gguf")).isPresent()) {
            throw new NoSuchQuantException(name + " has no quantizations: it is " + reference, List.of());
        }
        CatalogPart other = new CatalogPart(
                main.part(),
                reference.withQuant(quant),
                Optional.empty(),
                main.licence(),
                main.isGated(),
                main.isVerified());
        List<CatalogPart> all = new ArrayList<>(parts);
        all.set(0, other);
        return new CatalogEntry(name + ":" + quant, title, defaults, all);
    }
}
