package dev.diffusion4j.modelfile;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.internal.format.TensorNames;
import dev.diffusion4j.internal.format.Text;
import dev.diffusion4j.tensor.Tensor;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a model file holds, read from its header alone.
 *
 * <p>Reading never loads tensor data, never runs what a pickle asks for, and never trusts a count: a file that is cut
 * short, contradicts itself or holds what the runtime cannot read is refused with the reason, because the runtime itself
 * would end the process at some of these. Reading takes milliseconds even for files of many gigabytes.
 *
 * <p>Instances are immutable and may be used from any thread. They describe the file as it was when it was read.
 */
public final class ModelFile {

    private static final Pattern RESOLUTION = Pattern.compile("([1-9]\\d{1,4})x([1-9]\\d{1,4})");

    private final Path path;
    private final List<Path> files;
    private final Map<String, Path> places;
    private final long size;
    private final ModelFormat format;
    private final ModelFamily family;
    private final boolean bareDiffusionModel;
    private final boolean readByRuntime;
    private final Map<String, String> metadata;
    private final SequencedMap<String, TensorInfo> byName;
    private final List<TensorInfo> tensors;
    private final GenerationDefaults generationDefaults;

    private ModelFile(Path path, SplitHeader split) {
        Header header = split.header();
        this.path = path;
        this.files = split.files();
        this.places = split.places();
        this.size = split.size();
        this.format = header.format();
        this.metadata = Collections.unmodifiableMap(header.metadata());
        this.byName = header.tensors();
        this.tensors = List.copyOf(byName.values());
        this.readByRuntime = header.readByRuntime();
        this.family = FamilyDetector.detect(tensors);
        this.bareDiffusionModel = family.makesPictures() && FamilyDetector.isBareDiffusionModel(tensors);
        this.generationDefaults = GenerationDefaults.of(this);
    }

    /**
     * Reads what a model file holds.
     *
     * @param path a safetensors, GGUF or PyTorch checkpoint file, whose name does not matter; or, of a model that was split over
     *     files, the first one, {@code name-00001-of-00003.safetensors}, or the index, {@code name.safetensors.index.json}
     * @throws ModelFileException if the file, or one of several, is missing, unreadable, damaged, or not a model file; the
     *     message names the file and the reason in one line
     */
    public static ModelFile read(Path path) {
        return new ModelFile(path, SplitHeader.read(Objects.requireNonNull(path, "path")));
    }

    /** The file's path as it was given. */
    public Path path() {
        return path;
    }

    /** The files that hold the tensors: one, or, in order, those that the model was split over. */
    public List<Path> files() {
        return files;
    }

    /** The size of all files in bytes. */
    public long size() {
        return size;
    }

    /** The container format. */
    public ModelFormat format() {
        return format;
    }

    /** What the file holds. */
    public ModelFamily family() {
        return family;
    }

    /**
     * What the file says about itself, in the file's order: safetensors {@code __metadata__}, or GGUF key-value pairs as
     * text with long lists cut. Empty for PyTorch checkpoints.
     */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** All tensors, in the files' order. Offsets count from the beginning of the file that a tensor is in. */
    public List<TensorInfo> tensors() {
        return tensors;
    }

    /**
     * The tensor of that name.
     *
     * @param name a name as in the file
     */
    public Optional<TensorInfo> tensor(String name) {
        return Optional.ofNullable(byName.get(Objects.requireNonNull(name, "name")));
    }

    /**
     * Reads a tensor's numbers. The file must not have changed since {@link #read(Path)}.
     *
     * @param name a name as in the file
     * @return a new tensor, the caller's to close
     * @throws InvalidRequestException if there is no tensor of that name
     * @throws ModelFileException if the file cannot be read, or the tensor is quantised, compressed or empty
     */
    public Tensor load(String name) {
        TensorInfo info = require(name);
        try (ByteSource source = open(name)) {
            return TensorData.read(source, format, info);
        }
    }

    /**
     * Opens a tensor's bytes as they are stored: numbers little-endian, row after row. The file must not have changed since
     * {@link #read(Path)}.
     *
     * @param name a name as in the file
     * @return {@link TensorInfo#byteLength()} bytes, the caller's to close; reading throws {@link ModelFileException} where the file
     *     cannot be read
     * @throws InvalidRequestException if there is no tensor of that name
     * @throws ModelFileException if the file cannot be opened, or the tensor is compressed
     */
    public InputStream bytes(String name) {
        TensorInfo info = require(name);
        ByteSource source = open(name);
        try {
            TensorData.requirePlain(source, format, info);
            return new TensorStream(source, info);
        } catch (Throwable e) {
            source.close();
            throw e;
        }
    }

    private TensorInfo require(String name) {
        return tensor(name)
                .orElseThrow(() -> new InvalidRequestException("name", name, "that of a tensor in " + Text.of(path)));
    }

    private ByteSource open(String name) {
        return ByteSource.open(places.getOrDefault(name, files.getFirst()));
    }

    /** How many numbers all tensors hold together. */
    public long parameterCount() {
        return tensors.stream().mapToLong(TensorInfo::elements).sum();
    }

    /**
     * How many bytes the weights take once they are loaded as they are, neither mapped nor given another type. fp8 is widened to 16
     * bits; the averages of training ({@code model_ema}) and counters are left out, as the runtime does. Pictures take more, by their size.
     */
    public long weightMemory() {
        return tensors.stream()
                .filter(tensor -> !tensor.type().isInteger() && !TensorNames.isUnused(tensor.name()))
                .mapToLong(tensor -> tensor.type().loadedSize(tensor.elements()))
                .sum();
    }

    /** How many tensors of each type there are, and how many bytes they take; types that do not occur are left out. */
    public Map<TensorType, TypeSummary> types() {
        Map<TensorType, TypeSummary> types = new EnumMap<>(TensorType.class);
        for (TensorInfo tensor : tensors) {
            types.merge(tensor.type(), new TypeSummary(1, tensor.elements(), tensor.byteLength()), TypeSummary::plus);
        }
        return types;
    }

    /**
     * The tensors of one type.
     *
     * @param tensors how many there are
     * @param elements how many numbers they hold together
     * @param bytes how many bytes they take together
     */
    public record TypeSummary(int tensors, long elements, long bytes) {

        private TypeSummary plus(TypeSummary other) {
            return new TypeSummary(tensors + other.tensors, elements + other.elements, bytes + other.bytes);
        }
    }

    /**
     * The picture size that the model was made for: what its {@code modelspec.resolution} metadata says, else what is usual
     * in its family; empty for video models and parts of models.
     */
    public Optional<ImageSize> nativeSize() {
        if (!family.makesPictures()) {
            return Optional.empty();
        }
        Matcher resolution = RESOLUTION.matcher(metadata.getOrDefault("modelspec.resolution", ""));
        if (resolution.matches()) {
            return Optional.of(
                    new ImageSize(Integer.parseInt(resolution.group(1)), Integer.parseInt(resolution.group(2))));
        }
        return family.nativeSize();
    }

    /**
     * The parts that a model of this family is drawn with and that are not in the file, so that each has to be a file of its own;
     * none if the file is no model that makes pictures. Chroma, of FLUX.1's family, has no CLIP.
     */
    public Set<ModelComponent> missingComponents() {
        boolean readsClip = tensors.stream()
                .map(TensorInfo::name)
                .anyMatch(name -> name.contains("vector_in.") || name.contains("time_text_embed.text_embedder."));
        Set<ModelComponent> missing = ModelParts.needed(family, readsClip);
        missing.removeAll(ModelParts.held(tensors));
        return Collections.unmodifiableSet(missing);
    }

    /**
     * The parts that are in the file beside the denoiser, for a model that makes pictures; none in a part of a model, which
     * {@link #family()} tells.
     */
    public Set<ModelComponent> heldComponents() {
        return family.makesPictures() ? Collections.unmodifiableSet(ModelParts.held(tensors)) : Set.of();
    }

    /**
     * The side, in pixels, of the patches that a model cuts pictures into which works on pixels; 1 for others. Sizes of pictures
     * must be multiples of it.
     */
    public int pixelPatch() {
        return switch (family) {
            case PID -> 16;
            case CHROMA_RADIANCE ->
                tensors.stream().anyMatch(tensor -> tensor.name().contains("__32x32__")) ? 32 : 16;
            case HIDREAM_O1 -> 32;
            default -> 1;
        };
    }

    /** The settings that the model is usually drawn with. */
    public GenerationDefaults generationDefaults() {
        return generationDefaults;
    }

    /**
     * The latents that the model works on or, of a tiny autoencoder, is for; none for other parts of models and for models that
     * work on pixels.
     */
    public Optional<LatentFormat> latentFormat() {
        return family == ModelFamily.TINY_AUTOENCODER ? TinyAutoencoders.format(tensors) : LatentFormat.of(family);
    }

    /** The network of an upscaler; empty for other files. */
    public Optional<UpscalerNetwork> upscalerNetwork() {
        return family == ModelFamily.UPSCALER ? UpscalerDetector.detect(tensors) : Optional.empty();
    }

    /**
     * Whether the file holds a denoiser alone, with names that the runtime finds only when the file is given to it as the
     * diffusion model and not as the whole model.
     */
    public boolean isBareDiffusionModel() {
        return bareDiffusionModel;
    }

    /**
     * Whether the runtime reads the file's tensors. It does not know those that are pickled as {@code torch.nn.Parameter}.
     */
    public boolean isReadByRuntime() {
        return readByRuntime;
    }

    @Override
    public String toString() {
        return path + " (" + family.displayName() + ", " + format.displayName() + ", " + tensors.size() + " tensors)";
    }
}
