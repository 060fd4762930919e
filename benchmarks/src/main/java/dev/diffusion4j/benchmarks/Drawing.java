package dev.diffusion4j.benchmarks;

/**
 * A picture to draw from a prompt, square, by Euler's method over the usual noise levels, from torch's noise on the CPU.
 *
 * @param prompt what to draw; the negative prompt is empty
 * @param pixels width and height
 * @param steps denoising steps
 * @param guidance the guidance scale; each step predicts twice
 * @param seed of the noise
 */
record Drawing(String prompt, int pixels, int steps, double guidance, long seed) {

    private static final String PROMPT = "a red circle on a white background";
    private static final long SEED = 42;

    /** What the reference picture of a model was drawn with. */
    static Drawing ofReference(String model) {
        return switch (model) {
            case "full" -> of(model, 256, 4);
            case "demo" -> of(model, 128, 20);
            default -> throw new IllegalArgumentException("no model " + model);
        };
    }

    static Drawing of(String model, int pixels, int steps) {
        return new Drawing(PROMPT, pixels, steps, model.equals("demo") ? 2 : 3, SEED);
    }

    /** Width and height of the latents. */
    int side() {
        return pixels / 8;
    }
}
