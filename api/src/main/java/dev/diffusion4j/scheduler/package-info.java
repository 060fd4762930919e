/**
 * Schedulers in Java: how many model calls a picture takes, at which timesteps, and how each call moves the latents.
 *
 * <p>They equal Hugging Face diffusers' schedulers of the same names, options and defaults, number for number up to
 * float32 rounding, so results can be compared across both. For the native runtime's own samplers, which run inside
 * native code, see {@link dev.diffusion4j.request.Sampler}.
 *
 * <pre>{@code
 * Scheduler scheduler = DpmSolverMultistepScheduler.stableDiffusion().withSteps(25);
 * latents.scale(scheduler.initNoiseSigma());
 * for (Timestep t : scheduler.timesteps()) {
 *     scheduler.scaleModelInput(latents, t, input);
 *     try (Tensor noise = unet.predictNoise(input, t, context)) {
 *         scheduler.step(noise, t, latents);
 *     }
 * }
 * }</pre>
 */
@NullMarked
package dev.diffusion4j.scheduler;

import org.jspecify.annotations.NullMarked;
