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

        /** The same cache with another change below which a step is reused, at least 0. */
        public Reuse withThreshold(double newThreshold) {
            return new Reuse(method, newThreshold, start, end, errorDecayRate, relativeThreshold, resetErrorOnCompute);
        }

        /** The same cache with another part of the run, from 0 to 1, after which steps may be reused. */
        public Reuse withStart(double newStart) {
            return new Reuse(method, threshold, newStart, end, errorDecayRate, relativeThreshold, resetErrorOnCompute);
        }

        /** The same cache with another part of the run, from 0 to 1, after which none is. */
        public Reuse withEnd(double newEnd) {
            return new Reuse(method, threshold, start, newEnd, errorDecayRate, relativeThreshold, resetErrorOnCompute);
        }

        /** The same cache with another factor on the accumulated error per step, 0 to 1. */
        public Reuse withErrorDecayRate(double newErrorDecayRate) {
            return new Reuse(method, threshold, start, end, newErrorDecayRate, relativeThreshold, resetErrorOnCompute);
        }

        /** The same cache with a threshold that is relative to the output's magnitude, or one that is not. */
        public Reuse withRelativeThreshold(boolean newRelativeThreshold) {
            return new Reuse(method, threshold, start, end, errorDecayRate, newRelativeThreshold, resetErrorOnCompute);
        }

        /** The same cache, in which computing a step clears the accumulated error or does not. */
        public Reuse withResetErrorOnCompute(boolean newResetErrorOnCompute) {
            return new Reuse(method, threshold, start, end, errorDecayRate, relativeThreshold, newResetErrorOnCompute);
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

        /** The same cache with another number of blocks at the front that are always computed. */
        public Blocks withFirstBlocks(int newFirstBlocks) {
            return new Blocks(
                    method,
                    newFirstBlocks,
                    lastBlocks,
                    residualThreshold,
                    warmupSteps,
                    maxCachedSteps,
                    maxContinuousCachedSteps,
                    taylorDerivatives,
                    taylorSkipInterval,
                    stepMask,
                    dynamicStepMask);
        }

        /** The same cache with another number of blocks at the end that are always computed. */
        public Blocks withLastBlocks(int newLastBlocks) {
            return new Blocks(
                    method,
                    firstBlocks,
                    newLastBlocks,
                    residualThreshold,
                    warmupSteps,
                    maxCachedSteps,
                    maxContinuousCachedSteps,
                    taylorDerivatives,
                    taylorSkipInterval,
                    stepMask,
                    dynamicStepMask);
        }

        /** The same cache with another residual difference below which blocks are reused. */
        public Blocks withResidualThreshold(double newResidualThreshold) {
            return new Blocks(
                    method,
                    firstBlocks,
                    lastBlocks,
                    newResidualThreshold,
                    warmupSteps,
                    maxCachedSteps,
                    maxContinuousCachedSteps,
                    taylorDerivatives,
                    taylorSkipInterval,
                    stepMask,
                    dynamicStepMask);
        }

        /** The same cache with another number of steps computed in full at the start. */
        public Blocks withWarmupSteps(int newWarmupSteps) {
            return new Blocks(
                    method,
                    firstBlocks,
                    lastBlocks,
                    residualThreshold,
                    newWarmupSteps,
                    maxCachedSteps,
                    maxContinuousCachedSteps,
                    taylorDerivatives,
                    taylorSkipInterval,
                    stepMask,
                    dynamicStepMask);
        }

        /** The same cache with another limit of steps reused in all, -1 for none. */
        public Blocks withMaxCachedSteps(int newMaxCachedSteps) {
            return new Blocks(
                    method,
                    firstBlocks,
                    lastBlocks,
                    residualThreshold,
                    warmupSteps,
                    newMaxCachedSteps,
                    maxContinuousCachedSteps,
                    taylorDerivatives,
                    taylorSkipInterval,
                    stepMask,
                    dynamicStepMask);
        }

        /** The same cache with another limit of steps reused one after another, -1 for none. */
        public Blocks withMaxContinuousCachedSteps(int newMaxContinuousCachedSteps) {
            return new Blocks(
                    method,
                    firstBlocks,
                    lastBlocks,
                    residualThreshold,
                    warmupSteps,
                    maxCachedSteps,
                    newMaxContinuousCachedSteps,
                    taylorDerivatives,
                    taylorSkipInterval,
                    stepMask,
                    dynamicStepMask);
        }

        /** The same cache with another order of the Taylor series. */
        public Blocks withTaylorDerivatives(int newTaylorDerivatives) {
            return new Blocks(
                    method,
                    firstBlocks,
                    lastBlocks,
                    residualThreshold,
                    warmupSteps,
                    maxCachedSteps,
                    maxContinuousCachedSteps,
                    newTaylorDerivatives,
                    taylorSkipInterval,
                    stepMask,
                    dynamicStepMask);
        }

        /** The same cache with another number of steps between computed ones. */
        public Blocks withTaylorSkipInterval(int newTaylorSkipInterval) {
            return new Blocks(
                    method,
                    firstBlocks,
                    lastBlocks,
                    residualThreshold,
                    warmupSteps,
                    maxCachedSteps,
                    maxContinuousCachedSteps,
                    taylorDerivatives,
                    newTaylorSkipInterval,
                    stepMask,
                    dynamicStepMask);
        }

        /** The same cache with another mask of the steps that are computed, as the runtime writes it. */
        public Blocks withStepMask(String newStepMask) {
            return new Blocks(
                    method,
                    firstBlocks,
                    lastBlocks,
                    residualThreshold,
                    warmupSteps,
                    maxCachedSteps,
                    maxContinuousCachedSteps,
                    taylorDerivatives,
                    taylorSkipInterval,
                    Optional.of(newStepMask),
                    dynamicStepMask);
        }

        /** The same cache with a mask that adapts to the residuals, or one that does not. */
        public Blocks withDynamicStepMask(boolean newDynamicStepMask) {
            return new Blocks(
                    method,
                    firstBlocks,
                    lastBlocks,
                    residualThreshold,
                    warmupSteps,
                    maxCachedSteps,
                    maxContinuousCachedSteps,
                    taylorDerivatives,
                    taylorSkipInterval,
                    stepMask,
                    newDynamicStepMask);
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

        /** The same cache with another weight of the prediction, 0 to 1. */
        public Spectrum withWeight(double newWeight) {
            return new Spectrum(newWeight, order, regularization, window, flexWindow, warmupSteps, stop);
        }

        /** The same cache with another number of basis functions, from 1. */
        public Spectrum withOrder(int newOrder) {
            return new Spectrum(weight, newOrder, regularization, window, flexWindow, warmupSteps, stop);
        }

        /** The same cache with another ridge term, at least 0. */
        public Spectrum withRegularization(double newRegularization) {
            return new Spectrum(weight, order, newRegularization, window, flexWindow, warmupSteps, stop);
        }

        /** The same cache with another number of steps between computed ones, from 1. */
        public Spectrum withWindow(int newWindow) {
            return new Spectrum(weight, order, regularization, newWindow, flexWindow, warmupSteps, stop);
        }

        /** The same cache with another growth of the window per use, at least 0. */
        public Spectrum withFlexWindow(double newFlexWindow) {
            return new Spectrum(weight, order, regularization, window, newFlexWindow, warmupSteps, stop);
        }

        /** The same cache with another number of steps computed in full at the start. */
        public Spectrum withWarmupSteps(int newWarmupSteps) {
            return new Spectrum(weight, order, regularization, window, flexWindow, newWarmupSteps, stop);
        }

        /** The same cache with another part of the run, from 0 to 1, after which every step is computed. */
        public Spectrum withStop(double newStop) {
            return new Spectrum(weight, order, regularization, window, flexWindow, warmupSteps, newStop);
        }
    }
}
