package dev.diffusion4j.cli.options;

import dev.diffusion4j.cli.model.ModelFinder;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.hub.ModelDefaults;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.NativeSampling;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.SamplerChoice;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.request.SkipLayerGuidance;
import dev.diffusion4j.request.VideoRequest;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Finer control of how the picture comes out of the noise. */
public final class SamplingOptions {

    @Option(
            names = "--schedule",
            paramLabel = "NAME",
            description = "Noise schedule; the sampler's default without it. One of ${COMPLETION-CANDIDATES}.")
    private NoiseSchedule schedule;

    @Option(
            names = "--sigmas",
            paramLabel = "LEVEL",
            split = ",",
            description = "Noise levels of your own in place of a schedule and of --steps: 14.6,7.1,3.0,1.2,0")
    private double[] sigmas;

    @Option(names = "--eta", paramLabel = "N", description = "Stochasticity of samplers that have it, 0 to 10.")
    private Double eta;

    @Option(
            names = "--sampler-args",
            paramLabel = "KEY=VALUE,...",
            description = "Further arguments that single samplers know.")
    private String samplerArguments;

    @Option(
            names = "--clip-skip",
            paramLabel = "N",
            description = "Which of CLIP's last layers to use: 1 the last, 2 the one before; 0 for the model's own."
                    + " Models that are told nothing of CLIP's layers warn.")
    private int clipSkip;

    @Option(
            names = "--lora",
            paramLabel = "FILE|NAME[:WEIGHT]",
            description = "Apply a LoRA; may be given more than once.")
    private List<LoraArgument> loras = List.of();

    @Option(
            names = "--image-cfg-scale",
            paramLabel = "SCALE",
            description = "Guidance towards the input picture, for inpainting and instruction models.")
    private Double imageGuidanceScale;

    @Option(
            names = "--distilled-guidance",
            paramLabel = "SCALE",
            description = "Guidance input of guidance-distilled models such as Flux (3.5).")
    private Double distilledGuidance;

    @Option(names = "--flow-shift", paramLabel = "N", description = "Shift of flow-matching models.")
    private Double flowShift;

    @Option(names = "--shifted-timestep", paramLabel = "N", description = "Timestep shift of SDXL turbo models (0).")
    private int shiftedTimestep;

    @Option(
            names = "--skip-layers",
            paramLabel = "LAYER",
            split = ",",
            description = "Skip-layer guidance, for diffusion transformers: the layers to skip, such as 7,8,9.")
    private List<Integer> skipLayers;

    @Option(names = "--slg-scale", paramLabel = "SCALE", description = "Its strength (2.5).")
    private double skipLayerScale = 2.5;

    @Option(names = "--slg-start", paramLabel = "PART", description = "The part of the run where it begins (0.01).")
    private double skipLayerStart = 0.01;

    @Option(names = "--slg-end", paramLabel = "PART", description = "The part of the run where it ends (0.2).")
    private double skipLayerEnd = 0.2;

    @Option(
            names = "--cache",
            paramLabel = "METHOD[:KEY=VALUE,...]",
            description = "Reuse work of earlier steps, for speed: easycache or ucache"
                    + " (threshold, start, end, decay, relative, reset); dbcache, taylorseer or cache-dit"
                    + " (first, last, threshold, warmup, max, max-continuous, derivatives, interval, mask, dynamic);"
                    + " spectrum (weight, order, regularization, window, flex, warmup, stop).")
    private CacheArgument cache;

    /** The LoRAs, of which names are looked up and may be downloaded. */
    public List<LoraArgument> findLoras(ModelFinder finder) {
        return loras.stream()
                .map(lora -> new LoraArgument(finder.findMain(lora.file()), lora.weight()))
                .toList();
    }

    /** Whether the noise levels say how many steps there are. */
    public boolean givesSteps() {
        return sigmas != null;
    }

    /**
     * Takes what a model's name brings for the native sampler, where nothing was given.
     *
     * @return what was taken, as it could have been typed
     */
    public List<String> fill(ModelDefaults defaults) {
        if (flowShift != null || defaults.flowShift().isEmpty()) {
            return List.of();
        }
        flowShift = defaults.flowShift().getAsDouble();
        return List.of("--flow-shift " + flowShift);
    }

    /**
     * Sets on the request what was given for any sampling.
     *
     * @param foundLoras what {@link #findLoras} found
     */
    public void applyTo(ImageRequest.Builder request, List<LoraArgument> foundLoras) {
        if (sigmas != null) {
            // They take the place of --steps.
            request.steps(sigmas.length - 1);
        }
        if (clipSkip != 0) {
            request.clipSkip(clipSkip);
        }
        foundLoras.forEach(lora -> request.lora(lora.file(), lora.weight()));
    }

    /** Sets on a request for a video what was given. */
    public void applyTo(VideoRequest.Builder request, List<LoraArgument> foundLoras) {
        if (clipSkip != 0) {
            throw new InvalidRequestException("clipSkip", clipSkip, "absent for videos");
        }
        if (sigmas != null) {
            request.steps(sigmas.length - 1);
        }
        foundLoras.forEach(lora -> request.lora(lora.file(), lora.weight()));
    }

    /**
     * What was given for the native sampler.
     *
     * @param sampler its name, if one was given
     */
    public NativeSampling nativeSampling(Optional<SamplerChoice> sampler) {
        NativeSampling sampling = Sampling.standard();
        if (sampler.isPresent()) {
            sampling = sampling.withSampler(sampler.get().sampler());
        }
        Optional<NoiseSchedule> chosenSchedule = schedule(sampler.flatMap(SamplerChoice::schedule));
        if (sigmas != null) {
            sampling = sampling.withSigmas(sigmas);
        } else if (chosenSchedule.isPresent()) {
            sampling = sampling.withSchedule(chosenSchedule.get());
        }
        if (eta != null) {
            sampling = sampling.withEta(eta);
        }
        if (samplerArguments != null) {
            sampling = sampling.withArguments(samplerArguments);
        }
        if (imageGuidanceScale != null) {
            sampling = sampling.withImageGuidanceScale(imageGuidanceScale);
        }
        if (distilledGuidance != null) {
            sampling = sampling.withDistilledGuidance(distilledGuidance);
        }
        if (flowShift != null) {
            sampling = sampling.withFlowShift(flowShift);
        }
        if (shiftedTimestep != 0) {
            sampling = sampling.withShiftedTimestep(shiftedTimestep);
        }
        if (skipLayers != null) {
            sampling = sampling.withSkipLayerGuidance(
                    new SkipLayerGuidance(skipLayers, skipLayerScale, skipLayerStart, skipLayerEnd));
        }
        if (cache != null) {
            sampling = sampling.withCache(cache.cache());
        }
        return sampling;
    }

    private Optional<NoiseSchedule> schedule(Optional<NoiseSchedule> ofSampler) {
        if (schedule == null) {
            return ofSampler;
        }
        ofSampler.filter(named -> named != schedule).ifPresent(named -> {
            throw new InvalidRequestException(
                    "schedule", schedule, named + ", as the name of the sampler says, or absent");
        });
        return Optional.of(schedule);
    }

    /**
     * Refuses what was given for the native sampler, where a scheduler takes its place.
     *
     * @throws InvalidRequestException if something was
     */
    public static void requireNone(NativeSampling sampling) {
        sampling.given().stream().findFirst().ifPresent(field -> {
            throw new InvalidRequestException(
                    field, "given", "absent with a scheduler: it belongs to the native sampler");
        });
    }
}
