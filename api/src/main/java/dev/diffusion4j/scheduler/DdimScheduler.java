package dev.diffusion4j.scheduler;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;

/**
 * Denoising diffusion implicit models (Song et al. 2021): one model call a step; deterministic with an eta of 0, as
 * noisy as the original diffusion process with 1. Equal to diffusers' DDIMScheduler.
 */
public final class DdimScheduler extends DiscreteScheduler {

    /**
     * What this scheduler alone has.
     *
     * @param clipSampleRange the limit of estimates of x0, 0 for none
     */
    record Options(double eta, boolean setAlphaToOne, double clipSampleRange) {

        Options {
            if (!(eta >= 0 && eta <= 1)) {
                throw new InvalidRequestException("eta", eta, "from 0 to 1");
            }
            if (!(clipSampleRange >= 0)) {
                throw new InvalidRequestException("clipSampleRange", clipSampleRange, "0 or above");
            }
        }
    }

    private final Options options;
    private final NoiseTable table;
    private final History scratch = new History(2);

    DdimScheduler(SchedulerConfig config, Options options, Run run) {
        super(config.requireNoFlow(), run, plan(config, run), 1);
        this.options = options;
        table = NoiseTable.of(config);
    }

    /** For Stable Diffusion 1.x: estimates are not clipped, and the last step ends on the lowest level of training. */
    public static DdimScheduler stableDiffusion() {
        return builder().stableDiffusion().build();
    }

    /** With diffusers' defaults, which clip estimates of x0 to -1 to 1: right for pixels, wrong for latents. */
    public static Builder builder() {
        return new Builder();
    }

    private static double[] plan(SchedulerConfig config, Run run) {
        if (!run.isPlanned()) {
            return new double[0];
        }
        double[] timesteps = Spacing.timesteps(config, run.steps());
        for (int i = 0; i < timesteps.length; i++) {
            timesteps[i] = Math.rint(timesteps[i]);
        }
        if (timesteps[0] >= config.numTrainTimesteps()) {
            throw new InvalidRequestException(
                    "stepsOffset", config.stepsOffset(), "small enough for the first timestep to be a training step");
        }
        return timesteps;
    }

    @Override
    Record options() {
        return options;
    }

    @Override
    DiscreteScheduler with(Run newRun) {
        return new DdimScheduler(config(), options, newRun);
    }

    @Override
    public boolean isStochastic() {
        return options.eta() > 0;
    }

    @Override
    void allocate(Shape newShape) {
        scratch.allocate(newShape);
    }

    @Override
    void restart() {}

    @Override
    void advance(Tensor output, Timestep timestep, int call, Tensor latents) {
        int time = (int) timestep.value();
        int target = time - config().numTrainTimesteps() / steps();
        double alphaCumprod = table.alphaCumprod(time);
        double alphaCumprodNext = alphaCumprodAfter(target);
        double alpha = Math.sqrt(alphaCumprod);
        double sigma = Math.sqrt(1 - alphaCumprod);
        double variance = (1 - alphaCumprodNext) / (1 - alphaCumprod) * (1 - alphaCumprod / alphaCumprodNext);
        double deviation = options.eta() * Math.sqrt(variance);
        double originalWeight = Math.sqrt(alphaCumprodNext);
        double noiseWeight = Math.sqrt(1 - alphaCumprodNext - deviation * deviation);

        PredictionType type = config().predictionType();
        double fromLatents = noiseWeight * type.sampleInNoise(alpha, sigma);
        double fromOutput = noiseWeight * type.outputInNoise(alpha, sigma);
        double latentsInOriginal = type.sampleInOriginal(alpha, sigma);
        double outputInOriginal = type.outputInOriginal(alpha, sigma);
        if (options.clipSampleRange() > 0) {
            Tensor original = scratch.push();
            float limit = (float) options.clipSampleRange();
            sum.clear()
                    .add(latentsInOriginal, latents)
                    .add(outputInOriginal, output)
                    .into(original);
            original.clamp(-limit, limit);
            sum.clear().add(originalWeight, original);
        } else {
            fromLatents += originalWeight * latentsInOriginal;
            fromOutput += originalWeight * outputInOriginal;
            sum.clear();
        }
        sum.add(fromLatents, latents).add(fromOutput, output);
        if (isStochastic()) {
            Tensor noise = scratch.push();
            drawNoise(noise);
            sum.add(deviation, noise);
        }
        sum.into(latents);
    }

    private double alphaCumprodAfter(int time) {
        if (time >= 0) {
            return table.alphaCumprod(time);
        }
        return options.setAlphaToOne() ? 1 : table.alphaCumprod(0);
    }

    @Override
    public void addNoise(Tensor latents, Tensor noise, Timestep timestep) {
        requirePlanned(timestep);
        requireSameShape(noise, latents);
        double alpha = table.alphaCumprod((int) timestep.value());
        sum.clear()
                .add(Math.sqrt(alpha), latents)
                .add(Math.sqrt(1 - alpha), noise)
                .into(latents);
    }

    /** Options by name. */
    public static final class Builder extends DiscreteScheduler.Builder<Builder> {

        private double eta;
        private boolean setAlphaToOne = true;
        private boolean clipSample = true;
        private double clipSampleRange = 1;

        private Builder() {
            super(TimestepSpacing.LEADING);
        }

        @Override
        Builder self() {
            return this;
        }

        /** {@inheritDoc} Also switches clipping off and ends on the lowest noise level of training. */
        @Override
        public Builder stableDiffusion() {
            return super.stableDiffusion().clipSample(false).setAlphaToOne(false);
        }

        /** How much fresh noise each step adds, 0 (none) to 1; 0 without it. */
        public Builder eta(double value) {
            eta = value;
            return this;
        }

        /** Whether the last step ends on no noise instead of the lowest level of training; true without it. */
        public Builder setAlphaToOne(boolean one) {
            setAlphaToOne = one;
            return this;
        }

        /** Whether estimates of x0 are clipped; true without it. */
        public Builder clipSample(boolean clip) {
            clipSample = clip;
            return this;
        }

        /** The limit of estimates of x0 where they are clipped, above 0; 1 without it. */
        public Builder clipSampleRange(double limit) {
            clipSampleRange = limit;
            return this;
        }

        /** Whether the last training step is rescaled to hold no signal; false without it. */
        public Builder rescaleBetasZeroSnr(boolean rescale) {
            return zeroSnr(rescale);
        }

        @Override
        public DdimScheduler build() {
            if (!(clipSampleRange > 0)) {
                throw new InvalidRequestException("clipSampleRange", clipSampleRange, "above 0");
            }
            Options options = new Options(eta, setAlphaToOne, clipSample ? clipSampleRange : 0);
            return new DdimScheduler(config(), options, Run.UNPLANNED);
        }
    }
}
