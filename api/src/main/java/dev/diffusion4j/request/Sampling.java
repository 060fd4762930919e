package dev.diffusion4j.request;

import dev.diffusion4j.scheduler.Scheduler;

/**
 * How noise becomes a picture: by the runtime's own loop over a {@link Sampler}, or by the loop in Java over a
 * {@link Scheduler}. What one of them alone can do is an option of its own type.
 */
public sealed interface Sampling permits NativeSampling, SchedulerSampling {

    /** The runtime's loop with what is usual for the model. */
    static NativeSampling standard() {
        return NativeSampling.STANDARD;
    }

    /** The runtime's loop over a sampler, with the schedule that is usual for it. */
    static NativeSampling of(Sampler sampler) {
        return NativeSampling.STANDARD.withSampler(sampler);
    }

    /** The runtime's loop over the model's usual sampler, with a noise schedule. */
    static NativeSampling of(NoiseSchedule schedule) {
        return NativeSampling.STANDARD.withSchedule(schedule);
    }

    /** The runtime's loop over a sampler and, where its name says one, a noise schedule. */
    static NativeSampling of(SamplerChoice choice) {
        NativeSampling sampling = of(choice.sampler());
        return choice.schedule().map(sampling::withSchedule).orElse(sampling);
    }

    /**
     * The loop in Java over the model's components, with this scheduler: one of this library's or any other implementation, whose
     * {@link Scheduler#name()} the picture's report carries. A scheduler that has a plan already ({@code withSteps},
     * {@code withSigmas}) is used as it is; one without gets the request's steps and strength. Noise comes from the request's
     * seed. For models whose denoiser is a U-Net.
     */
    static SchedulerSampling with(Scheduler scheduler) {
        return new SchedulerSampling(scheduler);
    }
}
