package dev.diffusion4j;

import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.internal.check.ModelFileValidator;
import dev.diffusion4j.internal.convert.Conversion;
import dev.diffusion4j.internal.convert.ConversionPlan;
import dev.diffusion4j.internal.convert.ConversionSettings;
import dev.diffusion4j.internal.convert.ConversionWatch;
import dev.diffusion4j.internal.ffm.library.NativeLibrary;
import dev.diffusion4j.internal.format.Text;
import dev.diffusion4j.modelfile.ModelComponent;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.request.WeightType;
import dev.diffusion4j.request.WeightTypeRules;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A conversion of model files: to GGUF or safetensors, and to other types of weights. By the rules of stable-diffusion.cpp's own
 * {@code convert}, biases, norms, embeddings, inputs and outputs keep their types, and so do tensors whose rows do not divide into a
 * quantised type's blocks. Metadata is kept as text; GGUF files say what they are by {@code general.architecture} and its kin.
 *
 * <p>A file is written whole or not at all, tensor after tensor: a few of their rows are in memory at a time. A converter is used by
 * one thread; the same conversion can be run again.
 */
public final class ModelConverter {

    private final Path input;
    private Optional<Path> vae = Optional.empty();
    private Optional<WeightType> weightType = Optional.empty();
    private WeightTypeRules weightTypeRules = WeightTypeRules.NONE;
    private boolean overwrites;
    private Consumer<? super ConversionProgress> progress = _ -> {};

    private ModelConverter(Path input) {
        this.input = input;
    }

    /**
     * A conversion of a file.
     *
     * @param input any that {@link ModelFile#read(Path)} reads
     */
    public static ModelConverter of(Path input) {
        return new ModelConverter(Objects.requireNonNull(input, "input"));
    }

    /** A VAE, from a file of its own, in place of the model's. */
    public ModelConverter vae(Path file) {
        vae = Optional.of(file);
        return this;
    }

    /** The type of weights; without it they keep theirs. */
    public ModelConverter weightType(WeightType type) {
        weightType = Optional.of(type);
        return this;
    }

    /**
     * Types of single tensors by their names in the file, before {@link #weightType}.
     *
     * @param rules {@code regex=type} rules separated by commas; the first that is found in a name applies
     * @throws InvalidRequestException if they are something else
     */
    public ModelConverter weightTypeRules(String rules) {
        weightTypeRules = WeightTypeRules.parse(Objects.requireNonNull(rules, "rules"));
        return this;
    }

    /** Lets the new file replace one that is there, be it the one that is converted. */
    public ModelConverter overwrite() {
        overwrites = true;
        return this;
    }

    /** What hears how far it is, on the conversion's thread; what it throws ends the conversion and reaches the caller. */
    public ModelConverter onProgress(Consumer<? super ConversionProgress> listener) {
        progress = Objects.requireNonNull(listener, "listener");
        return this;
    }

    /**
     * Converts. Interrupting the thread cancels it.
     *
     * @param output the new file, which ends in {@code .gguf} or {@code .safetensors}
     * @throws InvalidRequestException if there is a file already, or the format cannot hold a type that is asked for
     * @throws ModelFileException if a file cannot be read or written, or holds what cannot be converted
     * @throws GenerationCancelledException if it was cancelled
     */
    public ConversionReport convert(Path output) {
        return start(output).await();
    }

    /**
     * Starts converting, once all that can be told from headers is found in order.
     *
     * @param output as in {@link #convert}, which tells what is thrown at once and what by the wait for the result
     */
    public Generation<ConversionReport> start(Path output) {
        ModelFile model = ModelFile.read(input);
        Optional<ModelFile> separateVae = vae.map(ModelFile::read);
        separateVae.ifPresent(file -> requireVae(file, model));
        ConversionPlan plan = ConversionPlan.of(
                new ConversionSettings(model, separateVae, weightType, weightTypeRules),
                Objects.requireNonNull(output, "output"));
        Run run = new Run(plan, progress);
        Conversion conversion = new Conversion(plan, output, overwrites, run);
        conversion.check();
        if (plan.needsRuntime()) {
            NativeLibrary.load();
        }
        return run.start(conversion, output);
    }

    private static void requireVae(ModelFile vae, ModelFile model) {
        if (model.isBareDiffusionModel() || !model.family().makesPictures()) {
            throw new ModelFileException(
                    Text.of(model.path()) + " holds no whole model, which a VAE could be put into");
        }
        ModelFileValidator.requireComponent(vae, ModelComponent.VAE, model.family());
    }

    /** A conversion on a thread of its own. */
    private static final class Run implements ConversionWatch, Generation.Control {

        private final ConversionPlan plan;
        private final Consumer<? super ConversionProgress> listener;
        private final Generation<ConversionReport> result = new Generation<>(this);
        private volatile boolean cancelled;
        private volatile Optional<Thread> thread = Optional.empty();

        private Run(ConversionPlan plan, Consumer<? super ConversionProgress> listener) {
            this.plan = plan;
            this.listener = listener;
        }

        private Generation<ConversionReport> start(Conversion conversion, Path output) {
            Thread worker = Thread.ofPlatform()
                    .daemon()
                    .name("diffusion4j conversion")
                    .unstarted(() -> run(conversion, output));
            thread = Optional.of(worker);
            worker.start();
            return result;
        }

        private void run(Conversion conversion, Path output) {
            try {
                long bytes = conversion.run();
                result.succeed(new ConversionReport(
                        output,
                        bytes,
                        plan.tensorCount(),
                        plan.converted(),
                        plan.kept(),
                        plan.leftOut(),
                        plan.warnings()));
            } catch (Throwable e) {
                result.fail(e);
            }
        }

        @Override
        public void written(int tensors, long bytes, long total) {
            listener.accept(new ConversionProgress(tensors, plan.tensorCount(), bytes, total));
        }

        @Override
        public boolean isCancelled() {
            return cancelled;
        }

        @Override
        public void cancel() {
            cancelled = true;
        }

        @Override
        public boolean isOwnThread() {
            return thread.filter(Thread.currentThread()::equals).isPresent();
        }
    }
}
