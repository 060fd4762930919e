package dev.diffusion4j.request;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.check.Checks;
import dev.diffusion4j.internal.json.JsonType;
import dev.diffusion4j.internal.options.Option;
import dev.diffusion4j.internal.options.OptionSet;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The runtime's own loop, and what it alone can do. Immutable; the {@code with} methods return changed copies. Each option is
 * what is usual for the model unless it is given.
 */
public final class NativeSampling implements Sampling {

    static final NativeSampling STANDARD = new NativeSampling(OptionSet.EMPTY);

    private static final double MAX_SIGMA = 1e6;

    private static final Option<Sampler> SAMPLER = Option.of(
            "sampler",
            JsonType.of(
                    Sampler::id, json -> Sampler.of(JsonType.of(String.class).read(json))));
    private static final Option<NoiseSchedule> SCHEDULE = Option.of("schedule", NoiseSchedule.class);
    private static final Option<List<Double>> SIGMAS =
            new Option<>("sigmas", JsonType.listOf(JsonType.of(Double.class)), NativeSampling::checkSigmas);
    private static final Option<Double> ETA =
            Option.of("eta", Double.class, value -> Checks.range("eta", value, 0, 10));
    private static final Option<Double> FLOW_SHIFT =
            Option.of("flowShift", Double.class, NativeSampling::checkFlowShift);
    private static final Option<Integer> SHIFTED_TIMESTEP =
            Option.of("shiftedTimestep", Integer.class, value -> Checks.range("shiftedTimestep", value, 0, 999));
    private static final Option<String> ARGUMENTS =
            Option.of("samplerArguments", String.class, NativeSampling::checkArguments);
    private static final Option<Double> IMAGE_GUIDANCE_SCALE =
            Option.of("imageGuidanceScale", Double.class, value -> Checks.range("imageGuidanceScale", value, 0, 100));
    private static final Option<Double> DISTILLED_GUIDANCE =
            Option.of("distilledGuidance", Double.class, value -> Checks.range("distilledGuidance", value, 0, 100));
    private static final Option<SkipLayerGuidance> SKIP_LAYER_GUIDANCE =
            Option.of("skipLayerGuidance", SkipLayerGuidance.class);
    private static final Option<StepCache> CACHE = Option.of("cache", StepCache.class);
    private static final Option<HighResFix> HIGH_RES_FIX = Option.of("highResFix", HighResFix.class);
    private static final List<Option<?>> OPTIONS = List.of(
            SAMPLER,
            SCHEDULE,
            SIGMAS,
            ETA,
            FLOW_SHIFT,
            SHIFTED_TIMESTEP,
            ARGUMENTS,
            IMAGE_GUIDANCE_SCALE,
            DISTILLED_GUIDANCE,
            SKIP_LAYER_GUIDANCE,
            CACHE,
            HIGH_RES_FIX);

    private final OptionSet options;

    private NativeSampling(OptionSet options) {
        this.options = options;
    }

    private static void checkSigmas(List<Double> levels) {
        int most = ImageRequest.MAX_STEPS + 1;
        if (levels.size() < 2 || levels.size() > most) {
            throw new InvalidRequestException("sigmas", levels.size() + " values", "from 2 to " + most + " values");
        }
        for (int i = 0; i < levels.size(); i++) {
            double level = levels.get(i);
            if (!(level >= 0 && level < MAX_SIGMA) || i > 0 && level >= levels.get(i - 1)) {
                throw new InvalidRequestException("sigmas[" + i + "]", level, "finite, 0 or above, and falling");
            }
        }
    }

    private static void checkFlowShift(double shift) {
        if (!(shift > 0 && shift <= 100)) {
            throw new InvalidRequestException("flowShift", shift, "above 0 and up to 100");
        }
    }

    private static void checkArguments(String arguments) {
        if (!arguments.matches("[\\w.]+=[\\w.+-]+(,[\\w.]+=[\\w.+-]+)*")) {
            throw new InvalidRequestException("samplerArguments", arguments, "key=value pairs separated by commas");
        }
    }

    private <T> NativeSampling with(Option<T> option, T value) {
        return new NativeSampling(options.with(option, value));
    }

    /** The sampler. */
    public NativeSampling withSampler(Sampler sampler) {
        return with(SAMPLER, sampler);
    }

    /**
     * The noise schedule.
     *
     * @throws InvalidRequestException if there are {@link #withSigmas noise levels} in its place
     */
    public NativeSampling withSchedule(NoiseSchedule schedule) {
        requireOne(options.get(SIGMAS).isPresent());
        return with(SCHEDULE, schedule);
    }

    /**
     * Noise levels in place of a schedule: at least two, finite, falling, the last 0 for a finished picture. They set the number
     * of steps, to one less than their number.
     *
     * @throws InvalidRequestException if they are something else, or there is a schedule
     */
    public NativeSampling withSigmas(double... levels) {
        requireOne(options.get(SCHEDULE).isPresent());
        return with(SIGMAS, Arrays.stream(levels).boxed().toList());
    }

    private static void requireOne(boolean other) {
        if (other) {
            throw new InvalidRequestException("sigmas", "given", "absent with a schedule, whose place they take");
        }
    }

    /** How much noise the samplers that have it add anew in each step, 0 to 10; the sampler's own default without it. */
    public NativeSampling withEta(double eta) {
        return with(ETA, eta);
    }

    /** The shift of the noise levels of flow-matching models, above 0 and up to 100; the model's own without it. */
    public NativeSampling withFlowShift(double shift) {
        return with(FLOW_SHIFT, shift);
    }

    /** The timestep shift of SDXL turbo models, 0 to 999; none without it. */
    public NativeSampling withShiftedTimestep(int timestep) {
        return with(SHIFTED_TIMESTEP, timestep);
    }

    /** Further {@code key=value,...} arguments that single samplers of the runtime know. */
    public NativeSampling withArguments(String arguments) {
        return with(ARGUMENTS, arguments);
    }

    /** The guidance scale towards the input picture, 0 to 100, for inpainting and instruction models. */
    public NativeSampling withImageGuidanceScale(double scale) {
        return with(IMAGE_GUIDANCE_SCALE, scale);
    }

    /** The guidance input of guidance-distilled models such as FLUX.1 dev, 0 to 100; 3.5 without it. */
    public NativeSampling withDistilledGuidance(double scale) {
        return with(DISTILLED_GUIDANCE, scale);
    }

    /** Skip-layer guidance, for diffusion transformers. */
    public NativeSampling withSkipLayerGuidance(SkipLayerGuidance guidance) {
        return with(SKIP_LAYER_GUIDANCE, guidance);
    }

    /** Reuses work of earlier steps. */
    public NativeSampling withCache(StepCache cache) {
        return with(CACHE, cache);
    }

    /** A second pass at a larger size; the result has the larger size. */
    public NativeSampling withHighResFix(HighResFix fix) {
        return with(HIGH_RES_FIX, fix);
    }

    /** As {@link ImageRequest#withDefaults} says. */
    NativeSampling withDefaults(NativeSampling defaults) {
        OptionSet taken = defaults.options.without(SIGMAS);
        if (sampler().isPresent()) {
            taken = taken.without(SAMPLER).without(SCHEDULE).without(ETA).without(ARGUMENTS);
        }
        if (!sigmas().isEmpty()) {
            taken = taken.without(SCHEDULE);
        }
        return new NativeSampling(options.or(taken));
    }

    /** The names of the options that were given, in the order in which they are declared. */
    public Set<String> given() {
        return Collections.unmodifiableSet(toJson().keySet());
    }

    /** The sampler, if it was given. */
    public Optional<Sampler> sampler() {
        return options.get(SAMPLER);
    }

    /** The noise schedule, if it was given. */
    public Optional<NoiseSchedule> schedule() {
        return options.get(SCHEDULE);
    }

    /** The noise levels; empty for those of a schedule. */
    public List<Double> sigmas() {
        return options.get(SIGMAS, List.of());
    }

    /** How much noise is added anew, if it was given. */
    public OptionalDouble eta() {
        return number(ETA);
    }

    /** The shift of flow-matching models, if it was given. */
    public OptionalDouble flowShift() {
        return number(FLOW_SHIFT);
    }

    /** The timestep shift, if it was given. */
    public OptionalInt shiftedTimestep() {
        return options.get(SHIFTED_TIMESTEP).map(OptionalInt::of).orElse(OptionalInt.empty());
    }

    /** Further arguments, if they were given. */
    public Optional<String> arguments() {
        return options.get(ARGUMENTS);
    }

    /** The guidance scale towards the input picture, if it was given. */
    public OptionalDouble imageGuidanceScale() {
        return number(IMAGE_GUIDANCE_SCALE);
    }

    /** The guidance input of guidance-distilled models, if it was given. */
    public OptionalDouble distilledGuidance() {
        return number(DISTILLED_GUIDANCE);
    }

    /** Skip-layer guidance, if it was given. */
    public Optional<SkipLayerGuidance> skipLayerGuidance() {
        return options.get(SKIP_LAYER_GUIDANCE);
    }

    /** How work of earlier steps is reused, if it is. */
    public Optional<StepCache> cache() {
        return options.get(CACHE);
    }

    /** The second pass, if there is one. */
    public Optional<HighResFix> highResFix() {
        return options.get(HIGH_RES_FIX);
    }

    private OptionalDouble number(Option<Double> option) {
        return options.get(option).map(OptionalDouble::of).orElse(OptionalDouble.empty());
    }

    Map<String, Object> toJson() {
        return options.toJson(OPTIONS);
    }

    static NativeSampling fromJson(Map<String, @Nullable Object> fields) {
        NativeSampling sampling = new NativeSampling(OptionSet.fromJson(fields, OPTIONS));
        requireOne(sampling.schedule().isPresent() && !sampling.sigmas().isEmpty());
        return sampling;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof NativeSampling sampling && options.equals(sampling.options);
    }

    @Override
    public int hashCode() {
        return options.hashCode();
    }

    /** The options that were given, as JSON. */
    @Override
    public String toString() {
        return options.toString();
    }
}
