package dev.diffusion4j.hub;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Which files of a repository a reference means. */
final class FileChoice {

    private static final Pattern SPLIT = Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})(\\.gguf|\\.safetensors)");
    private static final Pattern QUANT =
            Pattern.compile("(?i)(?<![a-z0-9])((?:ud-)?i?q\\d[a-z0-9_]*|bf16|fp?16|fp?32|fp8[a-z0-9_]*|mxfp4)(?=[-.])");
    /** Companions of a language model, and what a checkpoint may be complemented by. */
    private static final Pattern COMPANION = Pattern.compile("(?i).*(mmproj|imatrix).*");

    private static final Pattern PART =
            Pattern.compile("(?i).*(?<![a-z])(vae|ae|lora|text_encoder|clip|t5xxl|controlnet)(?![a-z]).*");
    private static final Pattern VARIANT = Pattern.compile("(?i).*[._-](fp16|bf16|fp8)[._-].*");
    /** What says that a repository is a folder of diffusers, and is in one. */
    static final String FOLDER_INDEX = "model_index.json";

    private static final Pattern FOLDER_WEIGHTS = Pattern.compile("(?<part>[^/]+)/(?:diffusion_pytorch_model|model)"
            + "(?:(?:\\.(?<variant>[^./-]+))?(?:-\\d{5}-of-\\d{5})?\\.safetensors"
            + "|\\.safetensors\\.index(?:\\.(?<indexed>[^./]+))?\\.json)");
    private static final Pattern FOLDER_CONFIG = Pattern.compile("[^/]+/(?:scheduler_)?config\\.json");
    private static final String UNUSED_PART = "safety_checker/";
    private static final List<String> PREFERRED = List.of("Q4_K_M", "Q8_0");
    private static final int MAX_SPLITS = 999;

    private final ModelReference reference;
    private final List<String> paths;

    private FileChoice(ModelReference reference, List<String> paths) {
        this.reference = reference;
        this.paths = paths.stream().sorted().toList();
    }

    /** The files that a reference to a file means: that one, or all that it was split into. */
    static List<String> named(String file) {
        Matcher split = SPLIT.matcher(file);
        if (!split.matches()) {
            return List.of(file);
        }
        int count = Integer.parseInt(split.group(3));
        if (count < 1 || count > MAX_SPLITS) {
            throw new InvalidReferenceException(Text.quoted(file) + " claims to be one of " + count + " files");
        }
        return IntStream.rangeClosed(1, count)
                .mapToObj(i -> split.group(1) + String.format(Locale.ROOT, "-%05d-of-%05d", i, count) + split.group(4))
                .toList();
    }

    /**
     * The files that a reference without a file means.
     *
     * @param paths those of the whole repository
     * @return the first is the one to open; others are what it was split into. Of a folder of diffusers the first is
     *     {@link #FOLDER_INDEX}, and the quantization means the variant of its weights
     * @throws NoSuchQuantException if none has the quantization
     * @throws AmbiguousModelException if it cannot be told
     */
    static List<String> among(ModelReference reference, List<String> paths) {
        FileChoice choice = new FileChoice(reference, paths);
        if (choice.isFolderOfDiffusers()) {
            return choice.ofFolder();
        }
        return named(reference.quant().map(choice::ofQuant).orElseGet(choice::any));
    }

    private boolean isFolderOfDiffusers() {
        return paths.contains(FOLDER_INDEX)
                && models(".gguf").isEmpty()
                && rootModels().isEmpty()
                && paths.stream().anyMatch(path -> FOLDER_WEIGHTS.matcher(path).matches());
    }

    private List<String> ofFolder() {
        Map<String, Map<String, List<String>>> weights = new TreeMap<>();
        for (String path : paths) {
            Matcher file = FOLDER_WEIGHTS.matcher(path);
            if (file.matches() && !path.startsWith(UNUSED_PART)) {
                String variant = Optional.ofNullable(file.group("variant"))
                        .or(() -> Optional.ofNullable(file.group("indexed")))
                        .orElse("");
                weights.computeIfAbsent(file.group("part"), part -> new TreeMap<>(String.CASE_INSENSITIVE_ORDER))
                        .computeIfAbsent(variant, name -> new ArrayList<>())
                        .add(path);
            }
        }
        String wanted = reference.quant().orElse("");
        if (weights.values().stream().noneMatch(variants -> wanted.isEmpty() || variants.containsKey(wanted))) {
            throw noSuchVariant(wanted, weights);
        }
        List<String> chosen = new ArrayList<>(List.of(FOLDER_INDEX));
        // As diffusers: what a part does not have of the variant, it has of none.
        weights.values()
                .forEach(variants -> chosen.addAll(Stream.of(wanted, "")
                        .filter(variants::containsKey)
                        .findFirst()
                        .map(variants::get)
                        .orElseGet(() -> variants.values().iterator().next())));
        paths.stream()
                .filter(path -> FOLDER_CONFIG.matcher(path).matches() && !path.startsWith(UNUSED_PART))
                .forEach(chosen::add);
        return chosen;
    }

    private NoSuchQuantException noSuchVariant(String variant, Map<String, Map<String, List<String>>> weights) {
        List<String> available = weights.values().stream()
                .flatMap(variants -> variants.keySet().stream())
                .filter(name -> !name.isEmpty())
                .distinct()
                .sorted()
                .toList();
        return new NoSuchQuantException(
                reference.repository() + " is a folder of diffusers without the variant " + variant
                        + (available.isEmpty() ? "" : "; it has " + String.join(", ", available)),
                available);
    }

    private String ofQuant(String quant) {
        List<String> models = models(".gguf");
        if (models.isEmpty()) {
            models = rootModels();
        }
        List<String> matches = withQuant(models, quant);
        if (matches.size() == 1) {
            return matches.getFirst();
        }
        if (matches.isEmpty()) {
            List<String> available = quants(models);
            throw new NoSuchQuantException(
                    reference.repository() + " has no model with the quantization " + quant
                            + (available.isEmpty() ? "" : "; it has " + String.join(", ", available)),
                    available);
        }
        throw ambiguous(matches);
    }

    private String any() {
        List<String> models = models(".gguf");
        if (!models.isEmpty()) {
            return PREFERRED.stream()
                    .flatMap(quant -> withQuant(models, quant).stream())
                    .findFirst()
                    .orElse(models.getFirst());
        }
        List<String> candidates = rootModels();
        List<String> plain = candidates.stream()
                .filter(path -> !VARIANT.matcher(path).matches())
                .toList();
        List<String> best = plain.isEmpty() ? candidates : plain;
        if (best.size() == 1) {
            return best.getFirst();
        }
        throw ambiguous(best);
    }

    /** Of what is split, the first file stands for all. */
    private List<String> models(String ending) {
        return paths.stream()
                .filter(path -> path.toLowerCase(Locale.ROOT).endsWith(ending))
                .filter(path -> !COMPANION.matcher(path).matches())
                .filter(path -> {
                    Matcher split = SPLIT.matcher(path);
                    return !split.matches() || Integer.parseInt(split.group(2)) == 1;
                })
                .toList();
    }

    private List<String> rootModels() {
        return models(".safetensors").stream()
                .filter(path -> !path.contains("/") && !PART.matcher(path).matches())
                .toList();
    }

    private static List<String> withQuant(List<String> models, String quant) {
        Pattern word = Pattern.compile("(?i)(?<![a-z0-9])" + Pattern.quote(quant) + "(?=[-.])");
        return models.stream().filter(path -> word.matcher(path).find()).toList();
    }

    private static List<String> quants(List<String> models) {
        return models.stream()
                .flatMap(path -> {
                    Matcher matcher = QUANT.matcher(path);
                    return matcher.find() ? Stream.of(matcher.group(1)) : Stream.empty();
                })
                .collect(() -> new TreeSet<>(String.CASE_INSENSITIVE_ORDER), TreeSet::add, TreeSet::addAll)
                .stream()
                .toList();
    }

    private AmbiguousModelException ambiguous(List<String> candidates) {
        List<String> listed = candidates.isEmpty() ? models(".safetensors") : candidates;
        String reason;
        if (!candidates.isEmpty()) {
            reason = " has several models: " + String.join(", ", candidates);
        } else if (paths.contains(FOLDER_INDEX)) {
            reason = " is a folder of parts for diffusers, whose weights are not the safetensors files that it writes";
        } else {
            reason = " has no model that can be told from its name";
        }
        String example = listed.isEmpty() ? "FILE" : listed.getFirst();
        return new AmbiguousModelException(
                reference.repository() + reason + "; say which file is meant, as in " + ModelReference.PREFIX
                        + reference.repository() + "/" + example,
                listed);
    }
}
