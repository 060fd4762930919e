package dev.diffusion4j.internal.convert;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.internal.format.Quantizations;
import dev.diffusion4j.internal.format.TensorNames;
import dev.diffusion4j.internal.format.Text;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.modelfile.TensorInfo;
import dev.diffusion4j.modelfile.TensorType;
import dev.diffusion4j.request.WeightType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What becomes of each tensor of a model, decided from headers alone. */
public final class ConversionPlan {

    private static final String VAE = "vae.";

    private final ConversionSettings settings;
    private final OutputFormat format;
    private final List<PlannedTensor> tensors = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();
    private int spared;
    private int misfits;
    private long misfitBytes;
    private int leftOut;

    private ConversionPlan(ConversionSettings settings, OutputFormat format) {
        this.settings = settings;
        this.format = format;
    }

    /**
     * Plans a conversion.
     *
     * @throws InvalidRequestException if the format of that name cannot hold a type that is asked for
     * @throws ModelFileException if a tensor cannot be kept with what it means
     */
    public static ConversionPlan of(ConversionSettings settings, Path output) {
        ConversionPlan plan = new ConversionPlan(settings, OutputFormat.of(output));
        plan.requireTypes();
        plan.add(settings.model(), "");
        settings.vae().ifPresent(vae -> plan.add(vae, VAE));
        plan.warn();
        return plan;
    }

    private void requireTypes() {
        settings.type().ifPresent(type -> require("weightType", type));
        settings.rules().types().forEach(type -> require("weightTypeRules", type));
        boolean hasQuantized = Stream.concat(Stream.of(settings.model()), settings.vae().stream())
                .flatMap(file -> file.types().keySet().stream())
                .anyMatch(TensorType::isQuantized);
        if (format == OutputFormat.SAFETENSORS
                && hasQuantized
                && settings.type().isEmpty()) {
            throw new InvalidRequestException(
                    "weightType", "none", "f32, f16 or bf16: the model is quantised, which safetensors cannot be");
        }
    }

    private void require(String field, WeightType type) {
        if (!format.holds(ConversionSettings.typeOf(type))) {
            throw new InvalidRequestException(field, type, "f32, f16 or bf16, which safetensors can hold");
        }
    }

    private void add(ModelFile file, String prefix) {
        ScaledFp8 scales = new ScaledFp8(file);
        List<PlannedTensor> kept = new ArrayList<>();
        for (TensorInfo tensor : file.tensors()) {
            if (isReplaced(tensor, prefix)) {
                continue;
            }
            if (ConversionRules.isLeftOut(tensor)) {
                leftOut++;
                continue;
            }
            requireReadable(file, tensor);
            String name = tensor.name().startsWith(prefix) ? tensor.name() : prefix + tensor.name();
            TensorType type = target(tensor, name);
            float scale = type == tensor.type() ? 1 : scales.fold(tensor);
            kept.add(new PlannedTensor(file, tensor, name, type, scale));
        }
        boolean keepsFp8 = kept.stream().anyMatch(tensor -> ScaledFp8.isFp8(tensor.type()));
        kept.removeIf(tensor -> scales.isGone(tensor.source(), keepsFp8));
        tensors.addAll(kept);
    }

    /** A VAE of its own takes the model's place. */
    private boolean isReplaced(TensorInfo tensor, String prefix) {
        return prefix.isEmpty()
                && settings.vae().isPresent()
                && TensorNames.withRuntimePrefix(tensor.name()).startsWith(TensorNames.FIRST_STAGE);
    }

    private static void requireReadable(ModelFile file, TensorInfo tensor) {
        Quantizations.of(tensor.name()).ifPresent(quantization -> {
            throw new ModelFileException(Text.of(file.path()) + " is quantised by " + quantization
                    + ", which is not read" + Quantizations.WAY_OUT);
        });
        if (tensor.type().isInteger()) {
            throw new ModelFileException(
                    Text.of(file.path()) + " cannot be converted: it has tensor " + Text.quoted(tensor.name())
                            + " stored as " + tensor.type().displayName() + ", which the runtime cannot compute with");
        }
    }

    private TensorType target(TensorInfo tensor, String name) {
        Optional<TensorType> wanted = settings.wanted(name);
        if (wanted.isEmpty() || wanted.get() == tensor.type()) {
            return keptAs(tensor.type());
        }
        if (ConversionRules.isSpared(tensor)) {
            spared++;
            return keptAs(tensor.type());
        }
        if (!ConversionRules.fits(tensor, wanted.get())) {
            misfits++;
            misfitBytes += tensor.byteLength();
            return keptAs(tensor.type());
        }
        return wanted.get();
    }

    /** The type itself, or where the runtime or the format has no such numbers, the nearest that loses nothing. */
    private TensorType keptAs(TensorType type) {
        if (type == TensorType.F64) {
            return TensorType.F32;
        }
        if (format.holds(type)) {
            return type;
        }
        return ScaledFp8.isFp8(type)
                ? TensorType.F16
                : ConversionSettings.typeOf(settings.type().orElseThrow());
    }

    private void warn() {
        if (spared > 0) {
            warnings.add(
                    spared + " tensors keep their types: biases, norms, embeddings, inputs and outputs, which pictures"
                            + " need as they are");
        }
        if (misfits > 0) {
            warnings.add(misfits + " tensors of " + misfitBytes
                    + " bytes keep their types: their rows do not divide into the blocks of the type");
        }
        long lost = new ConvertedMetadata(settings.model()).lost();
        if (lost > 0) {
            warnings.add(lost + " lists and long texts of the metadata are left out");
        }
    }

    private Map<String, Object> metadata() {
        ConvertedMetadata metadata = new ConvertedMetadata(settings.model());
        return format == OutputFormat.GGUF
                ? metadata.ofGguf(
                        settings.type().map(ConversionSettings::typeOf).or(this::mainType))
                : metadata.kept();
    }

    /** The type of most weights. */
    private Optional<TensorType> mainType() {
        return tensors.stream()
                .collect(Collectors.groupingBy(
                        PlannedTensor::type,
                        Collectors.summingLong(tensor -> tensor.source().elements())))
                .entrySet()
                .stream()
                .max(Comparator.comparing(Map.Entry::getValue))
                .map(Map.Entry::getKey);
    }

    OutputFile file() {
        List<PlannedTensor> ordered = format.order(tensors);
        return new OutputFile(format.header(metadata(), ordered), ordered, format.alignment());
    }

    /** Whether numbers are read or written, for which the native library is needed. */
    public boolean needsRuntime() {
        return converted() > 0;
    }

    /** How many tensors get another type. */
    public int converted() {
        return (int) tensors.stream().filter(tensor -> !tensor.isCopied()).count();
    }

    /** How many tensors were to get another type and do not. */
    public int kept() {
        return spared + misfits;
    }

    /** How many tensors are not in the new file, as the runtime reads nothing from them. */
    public int leftOut() {
        return leftOut;
    }

    /** How many tensors the new file has. */
    public int tensorCount() {
        return tensors.size();
    }

    /** What was asked for and is not done, a sentence each. */
    public List<String> warnings() {
        return List.copyOf(warnings);
    }
}
