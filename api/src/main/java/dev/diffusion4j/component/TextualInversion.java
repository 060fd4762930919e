package dev.diffusion4j.component;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.modelfile.ModelFamily;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.modelfile.TensorInfo;
import dev.diffusion4j.request.ModelOptionsBuilder;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * A learned word: one or more vectors that stand in the text encoder's table of token embeddings (Gal et al. 2022).
 * Loaded from the files that diffusers and other tools write, safetensors or PyTorch.
 *
 * <p>{@link ModelOptionsBuilder#embedding} opens a model with one, for both the native path and the components;
 * {@link ClipTextEncoder#with} gives one to a text encoder alone. Its vectors are off the heap until it is closed.
 */
public final class TextualInversion implements AutoCloseable {

    /** The most vectors that a word may have: what fits between the start and the end of a text. */
    public static final int MAX_VECTORS = 75;

    /** Names of tensors that say nothing of the word. */
    private static final Set<String> GENERIC_NAMES = Set.of("emb_params", "*", "clip_l", "clip_g");

    private final String token;
    private final List<Tensor> vectors;

    private TextualInversion(String token, List<Tensor> vectors) {
        this.token = token;
        this.vectors = List.copyOf(vectors);
    }

    /**
     * Loads a file; the word is the one it names, or else the file's name without its ending.
     *
     * @throws ModelFileException if the file is missing, damaged, or no textual inversion
     */
    public static TextualInversion load(Path file) {
        ModelFile model = read(file);
        String name = model.tensors().getFirst().name();
        String stem = file.getFileName().toString().replaceFirst("\\.[^.]+$", "");
        return load(model, GENERIC_NAMES.contains(name) || name.startsWith("string_to_param") ? stem : name);
    }

    /**
     * Loads a file under a word of your own.
     *
     * @param token the word that stands for it in prompts, without spaces
     * @throws ModelFileException if the file is missing, damaged, or no textual inversion
     */
    public static TextualInversion load(Path file, String token) {
        Objects.requireNonNull(token, "token");
        return load(read(file), token);
    }

    /**
     * A word of vectors of your own.
     *
     * @param token the word that stands for them in prompts, without spaces
     * @param vectors {@code (vectors, 768)}: copied
     * @throws InvalidRequestException if the shape is another, or there are more than {@value #MAX_VECTORS}
     */
    public static TextualInversion of(String token, Tensor vectors) {
        Objects.requireNonNull(token, "token");
        Shape shape = vectors.shape();
        if (shape.rank() != 2 || shape.dimension(0) > MAX_VECTORS) {
            throw new InvalidRequestException("vectors", shape, "1 to " + MAX_VECTORS + " vectors in two dimensions");
        }
        return new TextualInversion(token, List.of(vectors.copy()));
    }

    private static ModelFile read(Path file) {
        ModelFile model = ModelFile.read(file);
        if (model.family() != ModelFamily.TEXTUAL_INVERSION) {
            throw new ModelFileException(file + " is not a textual inversion");
        }
        return model;
    }

    private static TextualInversion load(ModelFile model, String token) {
        List<Tensor> vectors = new ArrayList<>();
        try {
            for (TensorInfo info : model.tensors()) {
                Tensor tensor = model.load(info.name());
                vectors.add(tensor);
                Shape shape = tensor.shape();
                boolean fits = shape.rank() == 1 || shape.rank() == 2 && shape.dimension(0) <= MAX_VECTORS;
                if (!fits) {
                    throw new ModelFileException(model.path() + " has embeddings of shape " + shape
                            + ", a word has 1 to " + MAX_VECTORS + " vectors");
                }
                if (shape.rank() == 1) {
                    vectors.set(vectors.size() - 1, asRow(tensor));
                }
            }
            return new TextualInversion(token, vectors);
        } catch (Throwable e) {
            vectors.forEach(Tensor::close);
            throw e;
        }
    }

    private static Tensor asRow(Tensor vector) {
        try (vector;
                Tensor view = vector.view(Shape.of(1, vector.size()))) {
            return view.copy();
        }
    }

    /** The word that stands for it in prompts. */
    public String token() {
        return token;
    }

    /**
     * The vectors of each text encoder that it was made for: one tensor {@code (vectors, 768)}, for SDXL a second one
     * {@code (vectors, 1280)}.
     */
    public List<Tensor> vectors() {
        return vectors;
    }

    /**
     * The vectors for a text encoder of a width.
     *
     * @throws InvalidRequestException if it was made for another one
     */
    public Tensor vectors(int width) {
        return vectors.stream()
                .filter(tensor -> tensor.shape().dimension(1) == width)
                .findFirst()
                .orElseThrow(() -> new InvalidRequestException(
                        "inversion",
                        token + " " + vectors.stream().map(Tensor::shape).toList(),
                        "made for a text encoder of width " + width));
    }

    /** Frees the vectors. */
    @Override
    public void close() {
        vectors.forEach(Tensor::close);
    }

    /** The word and the shapes of its vectors. */
    @Override
    public String toString() {
        return token + " " + vectors.stream().map(Tensor::shape).toList();
    }
}
