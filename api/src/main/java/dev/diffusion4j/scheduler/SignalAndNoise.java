package dev.diffusion4j.scheduler;

/**
 * The shares of signal and noise at a noise level, in float32.
 *
 * @param alpha the signal's share
 * @param sigma the noise's share
 */
record SignalAndNoise(float alpha, float sigma) {

    /** Of which the squares make one, as of models of noise variances; the level is the ratio of noise to signal. */
    static SignalAndNoise ofRatio(float level) {
        float alpha = 1 / (float) Math.sqrt(level * level + 1);
        return new SignalAndNoise(alpha, level * alpha);
    }

    /** Which make one themselves, as in flow matching; the level is the noise's share. */
    static SignalAndNoise ofFlow(float level) {
        return new SignalAndNoise(1 - level, level);
    }

    /** Half the logarithm of the ratio of the variances. */
    float lambda() {
        return (float) Math.log(alpha) - (float) Math.log(sigma);
    }
}
