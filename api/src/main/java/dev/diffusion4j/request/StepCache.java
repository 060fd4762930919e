package dev.diffusion4j.request;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.check.Checks;
import java.util.Objects;
import java.util.Optional;

/**
 * Reuses work of earlier denoising steps, trading some accuracy for speed. {@link Reuse} skips whole steps and suits
 * U-Nets (UCACHE) and diffusion transformers (EASYCACHE); {@link Blocks} skips transformer blocks; {@link Spectrum}
 * extrapolates whole steps.
 */
public sealed interface StepCache {

    /** Skips a step when the predicted change stays under a threshold. */
    static Reuse uCache() {
        return new Reuse(Reuse.Method.UCACHE, 1.0, 0.15, 0.95, 1.0, true, true);
    }

    /** Skips a step when the predicted change stays under a threshold; for diffusion transformers. */
    static Reuse easyCache() {
        return new Reuse(Reuse.Method.EASYCACHE, 0.2, 0.15, 0.95, 1.0, true, true);
    }

    /** Skips transformer blocks whose residual hardly changes. */
    static Blocks dbCache() {
        return new Blocks(Blocks.Method.DBCACHE, 8, 0, 0.08, 8, -1, -1, 1, 1, Optional.empty(), true);
    }

    /** Extrapolates skipped blocks by their Taylor series. */
    static Blocks taylorSeer() {
        return new Blocks(Blocks.Method.TAYLORSEER, 8, 0, 0.08, 8, -1, -1, 1, 1, Optional.empty(), true);
    }

    /** Block cache and Taylor series together. */
    static Blocks cacheDit() {
        return new Blocks(Blocks.Method.CACHE_DIT, 8, 0, 0.08, 8, -1, -1, 1, 1, Optional.empty(), true);
    }

    /** Predicts steps from the spectrum of earlier ones; not for CFG++ samplers. */
    static Spectrum spectrum() {
        return new Spectrum(0.40, 3, 1.0, 2, 0.50, 4, 0.9);
    }

    /**
     * Whole steps are reused.
     *
     * @param method which of the two algorithms
     * @param threshold change below which a step is reused, at least 0
     * @param start part of the run, from 0 to 1, after which steps may be reused
     * @param end part of the run, from 0 to 1, after which none is
     * @param errorDecayRate factor on the accumulated error per step, 0 to 1
     * @param relativeThreshold whether the threshold is relative to the output's magnitude
     * @param resetErrorOnCompute whether computing a step clears the accumulated error
     */
    record Reuse(
            Method method,
            double threshold,
            double start,
            double end,
            double errorDecayRate,
            boolean relativeThreshold,
            boolean resetErrorOnCompute)
            implements StepCache {

        /** The algorithms that reuse whole steps. */
        public enum Method {
            EASYCACHE,
            UCACHE
        }

        public Reuse {
            Objects.requireNonNull(method, "method");
            Checks.range("cache.threshold", threshold, 0, 1000);
            Checks.range("cache.start", start, 0, 1);
            Checks.range("cache.end", end, start, 1);
            Checks.range("cache.errorDecayRate", errorDecayRate, 0, 1);
        }

        /** The same cache with another threshold. */
        public Reuse withThreshold(double newThreshold) {
            return new Reuse(method, newThreshold, start, end, errorDecayRate, relativeThreshold, resetErrorOnCompute);
        }
    }

    /**
     * Transformer blocks are reused.
     *
     * @param method which of the algorithms
     * @param firstBlocks blocks at the front that are always computed
     * @param lastBlocks blocks at the end that are always computed
     * @param residualThreshold residual difference below which the others are reused
     * @param warmupSteps steps computed in full at the start
     * @param maxCachedSteps most steps reused in all, -1 without limit
     * @param maxContinuousCachedSteps most steps reused one after another, -1 without limit
     * @param taylorDerivatives order of the Taylor series
     * @param taylorSkipInterval steps between computed ones
     * @param stepMask which steps are computed, as the runtime writes it: "1,1,0,0,1"
     * @param dynamicStepMask whether the mask adapts to the residuals
     */
    record Blocks(
            Method method,
            int firstBlocks,
            int lastBlocks,
            double residualThreshold,
            int warmupSteps,
            int maxCachedSteps,
            int maxContinuousCachedSteps,
            int taylorDerivatives,
            int taylorSkipInterval,
            Optional<String> stepMask,
            boolean dynamicStepMask)
            implements StepCache {

        /** The algorithms that reuse transformer blocks. */
        public enum Method {
            DBCACHE,
            TAYLORSEER,
            CACHE_DIT
        }

        public Blocks {
            Objects.requireNonNull(method, "method");
            Objects.requireNonNull(stepMask, "stepMask");
            Checks.range("cache.firstBlocks", firstBlocks, 0, 1000);
            Checks.range("cache.lastBlocks", lastBlocks, 0, 1000);
            Checks.range("cache.residualThreshold", residualThreshold, 0, 1000);
            Checks.range("cache.warmupSteps", warmupSteps, 0, 1000);
            Checks.range("cache.maxCachedSteps", maxCachedSteps, -1, 1000);
            Checks.range("cache.maxContinuousCachedSteps", maxContinuousCachedSteps, -1, 1000);
            Checks.range("cache.taylorDerivatives", taylorDerivatives, 0, 8);
            Checks.range("cache.taylorSkipInterval", taylorSkipInterval, 1, 1000);
            stepMask.ifPresent(mask -> {
                if (!mask.matches("[01](,[01])*")) {
                    throw new InvalidRequestException("cache.stepMask", mask, "zeros and ones separated by commas");
                }
            });
        }
    }

    /**
     * Steps are predicted from the spectrum of earlier ones.
     *
     * @param weight weight of the prediction, 0 to 1
     * @param order number of basis functions, from 1
     * @param regularization ridge term, at least 0
     * @param window steps between computed ones, from 1
     * @param flexWindow growth of the window per use, at least 0
     * @param warmupSteps steps computed in full at the start
     * @param stop part of the run, from 0 to 1, after which every step is computed
     */
    record Spectrum(
            double weight,
            int order,
            double regularization,
            int window,
            double flexWindow,
            int warmupSteps,
            double stop)
            implements StepCache {

        public Spectrum {
            Checks.range("cache.weight", weight, 0, 1);
            Checks.range("cache.order", order, 1, 16);
            Checks.range("cache.regularization", regularization, 0, 1000);
            Checks.range("cache.window", window, 1, 1000);
            Checks.range("cache.flexWindow", flexWindow, 0, 1000);
            Checks.range("cache.warmupSteps", warmupSteps, 0, 1000);
            Checks.range("cache.stop", stop, 0, 1);
        }
    }
}
