package dev.diffusion4j.hub;

import java.util.Optional;

/**
 * A reference to a file, or to a model split into several, of a repository: {@code hf:org/name[:quant][@revision][/file]}.
 *
 * <p>Without a quantization and a file, {@link ModelHub} chooses: of GGUF files {@code Q4_K_M}, else {@code Q8_0}, else the
 * first; without GGUF files the only model among the {@code .safetensors} of the repository's root; without one, of a folder of
 * diffusers, the folder, with the weights of the variant that the quantization names. A slash within a revision is
 * written as {@code %2F}: {@code hf:org/name@refs%2Fpr%2F1}. Immutable.
 *
 * @param repository {@code org/name}
 * @param quant the quantization, such as {@code Q8_0}, in upper or lower case, or another word that ends before a dot or dash
 *     in the file's name, such as {@code fp16}
 * @param revision a branch, a tag, or a commit's 40 digits
 * @param file the file's path within the repository; not together with a quantization
 */
public record ModelReference(String repository, Optional<String> quant, String revision, Optional<String> file) {

    /** What a reference begins with. */
    public static final String PREFIX = "hf:";

    /** The revision where none is given. */
    public static final String MAIN = "main";

    private static final String FORM = "; the form is hf:org/name[:quant][@revision][/file]";
    private static final String SLASH = "%2F";

    /**
     * @throws InvalidReferenceException if one of them cannot be what it stands for, or would lead out of the repository's folder
     */
    public ModelReference {
        if (!RepositoryNames.isRepository(repository)) {
            throw new InvalidReferenceException(Text.quoted(repository)
                    + " is no repository's name, which is org/name, of letters, digits and ._-" + FORM);
        }
        quant.filter(word -> !RepositoryNames.isQuant(word)).ifPresent(word -> {
            throw new InvalidReferenceException(Text.quoted(word) + " is no quantization, such as Q8_0" + FORM);
        });
        if (!RepositoryNames.isRelativePath(revision)) {
            throw new InvalidReferenceException(Text.quoted(revision) + " is no branch, tag or commit" + FORM);
        }
        file.filter(path -> !RepositoryNames.isRelativePath(path)).ifPresent(path -> {
            throw new InvalidReferenceException(Text.quoted(path) + " is no path within a repository" + FORM);
        });
        if (quant.isPresent() && file.isPresent()) {
            throw new InvalidReferenceException("give a quantization or a file, not both: " + Text.quoted(quant.get())
                    + " and " + Text.quoted(file.get()));
        }
    }

    /**
     * Reads a reference.
     *
     * @throws InvalidReferenceException if it is none; the message says why
     */
    public static ModelReference parse(String text) {
        if (!isReference(text)) {
            throw new InvalidReferenceException(Text.quoted(text) + " does not begin with " + PREFIX + FORM);
        }
        String rest = text.substring(PREFIX.length());
        int organization = rest.indexOf('/');
        if (organization < 0) {
            throw new InvalidReferenceException(Text.quoted(text) + " names no repository" + FORM);
        }
        int end = endOf(rest, organization + 1, ":@/");
        String repository = rest.substring(0, end);
        Optional<String> quant = Optional.empty();
        if (startsWith(rest, end, ':')) {
            int start = end + 1;
            end = endOf(rest, start, "@/");
            quant = Optional.of(rest.substring(start, end));
        }
        String revision = MAIN;
        if (startsWith(rest, end, '@')) {
            int start = end + 1;
            end = endOf(rest, start, "/");
            revision = rest.substring(start, end).replace(SLASH, "/").replace("%2f", "/");
        }
        Optional<String> file = end < rest.length() ? Optional.of(rest.substring(end + 1)) : Optional.empty();
        return new ModelReference(repository, quant, revision, file);
    }

    /** Whether a text claims to be a reference, and not a path or a short name. */
    public static boolean isReference(String text) {
        return text.startsWith(PREFIX);
    }

    private static int endOf(String text, int start, String ends) {
        int end = start;
        while (end < text.length() && ends.indexOf(text.charAt(end)) < 0) {
            end++;
        }
        return end;
    }

    private static boolean startsWith(String text, int index, char character) {
        return index < text.length() && text.charAt(index) == character;
    }

    /** This reference, but with a quantization in place of a file. */
    public ModelReference withQuant(String other) {
        return new ModelReference(repository, Optional.of(other), revision, Optional.empty());
    }

    /** The form that {@link #parse} reads. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(PREFIX).append(repository);
        quant.ifPresent(word -> text.append(':').append(word));
        if (!revision.equals(MAIN)) {
            text.append('@').append(revision.replace("/", SLASH));
        }
        file.ifPresent(path -> text.append('/').append(path));
        return text.toString();
    }
}
