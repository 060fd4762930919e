package dev.diffusion4j.cli.options;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.hub.CatalogEntry;
import dev.diffusion4j.hub.ModelDefaults;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.SamplerChoice;
import dev.diffusion4j.scheduler.SchedulerType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import picocli.CommandLine.Option;

/** What most people set: what to draw, how large, how carefully. */
public final class PictureOptions {

    @Option(
            names = {"-n", "--negative-prompt"},
            paramLabel = "TEXT",
            description = "What to avoid.")
    private String negativePrompt;

    @Option(
            names = {"-W", "--width"},
            paramLabel = "PIXELS",
            description = "Width; the model's own without it, or the input picture's.")
    private Integer width;

    @Option(
            names = {"-H", "--height"},
            paramLabel = "PIXELS",
            description = "Height, likewise.")
    private Integer height;

    @Option(names = "--size", paramLabel = "WxH", description = "Both at once: --size 512x768.")
    private PixelSize size;

    @Option(names = "--steps", paramLabel = "N", description = "Denoising steps, 1 to 1000 (the model's, usually 20).")
    private Integer steps;

    @Option(
            names = {"--cfg-scale", "--guidance-scale", "--guidance"},
            paramLabel = "SCALE",
            description =
                    "How closely to follow the prompt, 0 to 100 (the model's without it); 1 is fastest, without guidance.")
    private Double guidanceScale;

    @Option(
            names = {"--sampler", "--sampling-method"},
            paramLabel = "NAME",
            completionCandidates = SamplerNames.class,
            description = "Sampler; the model's default without it. One of ${COMPLETION-CANDIDATES}. Names of other"
                    + " programs are understood, also those with a schedule: 'DPM++ 2M Karras'.")
    private SamplerChoice sampler;

    @Option(
            names = "--scheduler",
            paramLabel = "NAME",
            description = "Run the denoising loop in Java with this scheduler, in place of the native sampler."
                    + " One of ${COMPLETION-CANDIDATES}.")
    private SchedulerType scheduler;

    @Option(
            names = {"-s", "--seed"},
            paramLabel = "N",
            description = "The same seed draws the same picture; random without it, or with -1 or 'random'.")
    private String seed;

    @Option(
            names = {"-b", "--batch-count"},
            paramLabel = "N",
            description = "How many pictures to draw (1); each has the next seed.")
    private int batchCount = 1;

    /** What a shell completes, and the help lists. */
    static final class SamplerNames implements Iterable<String> {

        @Override
        public Iterator<String> iterator() {
            return Arrays.stream(Sampler.values()).map(Sampler::id).iterator();
        }
    }

    /** How many pictures are asked for. */
    public int batchCount() {
        return batchCount;
    }

    /** The native sampler, if one is asked for. */
    public Optional<SamplerChoice> sampler() {
        return Optional.ofNullable(sampler);
    }

    /** The scheduler of the loop in Java; empty for the native sampler. */
    public Optional<SchedulerType> scheduler() {
        return Optional.ofNullable(scheduler);
    }

    /** Whether a size is asked for, in part at least. */
    public boolean givesSize() {
        return size != null || width != null || height != null;
    }

    /**
     * Takes the size that a model's name brings, where none was given.
     *
     * @return what was taken, as it could have been typed
     */
    public List<String> fillSize(ModelDefaults defaults) {
        List<String> taken = new ArrayList<>();
        if (size == null && width == null && defaults.width().isPresent()) {
            width = defaults.width().getAsInt();
            taken.add("--width " + width);
        }
        if (size == null && height == null && defaults.height().isPresent()) {
            height = defaults.height().getAsInt();
            taken.add("--height " + height);
        }
        return taken;
    }

    /**
     * Takes what else a model's name brings, where nothing was given.
     *
     * @param entry what the name stands for
     * @param stepsGiven whether the number of steps was given in another way
     * @return what was taken, as it could have been typed
     * @throws InvalidRequestException if there is no such sampler
     */
    public List<String> fill(CatalogEntry entry, boolean stepsGiven) {
        List<String> taken = new ArrayList<>();
        ModelDefaults defaults = entry.defaults();
        if (steps == null && !stepsGiven && defaults.steps().isPresent()) {
            steps = defaults.steps().getAsInt();
            taken.add("--steps " + steps);
        }
        if (guidanceScale == null && defaults.guidance().isPresent()) {
            guidanceScale = defaults.guidance().getAsDouble();
            taken.add("--cfg-scale " + guidanceScale);
        }
        // A scheduler takes the sampler's place.
        if (sampler == null && scheduler == null && defaults.sampler().isPresent()) {
            sampler = samplerOf(entry.name(), defaults.sampler().get());
            taken.add("--sampler " + defaults.sampler().get());
        }
        return taken;
    }

    private static SamplerChoice samplerOf(String model, String name) {
        try {
            return SamplerChoice.of(name);
        } catch (InvalidRequestException e) {
            throw new InvalidRequestException("the sampler of " + model, e.value(), e.allowed());
        }
    }

    /**
     * Sets on the request what was given.
     *
     * @param usualWidth the width where only a height was given
     * @param usualHeight the height where only a width was given
     */
    public void applyTo(ImageRequest.Builder request, int usualWidth, int usualHeight) {
        if (negativePrompt != null) {
            request.negativePrompt(TypedText.require("--negative-prompt", negativePrompt));
        }
        if (size != null) {
            if (width != null || height != null) {
                throw new InvalidRequestException("--size", "both", "given without --width and --height");
            }
            request.size(size.width(), size.height());
        } else if (width != null || height != null) {
            request.size(width == null ? usualWidth : width, height == null ? usualHeight : height);
        }
        if (steps != null) {
            request.steps(steps);
        }
        if (guidanceScale != null) {
            request.guidanceScale(guidanceScale);
        }
        seed(seed).ifPresent(request::seed);
        request.batchCount(batchCount);
    }

    /** A seed as it is typed; empty for a random one. */
    static OptionalLong seed(String typed) {
        if (typed == null
                || typed.equals("-1")
                || typed.toLowerCase(Locale.ROOT).equals("random")) {
            return OptionalLong.empty();
        }
        try {
            return OptionalLong.of(Long.parseLong(typed));
        } catch (NumberFormatException e) {
            throw new InvalidRequestException("seed", "'" + typed + "'", "a whole number, or 'random'");
        }
    }
}
