package dev.diffusion4j.benchmarks;

import dev.diffusion4j.scheduler.EulerScheduler;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.Timestep;
import dev.diffusion4j.tensor.RandomSource;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import dev.diffusion4j.tokenizer.ClipTokenizer;

/**
 * One way to run a Stable Diffusion 1.x model. All take and give arrays in row-major order; copying them in and out is
 * part of what is measured, on every side. Parts are loaded when they are first used.
 */
interface Backend extends AutoCloseable {

    /** Hidden states (77, 768) of 77 tokens. */
    float[] encodeText(int[] ids);

    /** The noise in latents (batch, 4, side, side), told by contexts (batch, 77, 768). */
    float[] predictNoise(float[] latents, int batch, int side, float timestep, float[] contexts);

    /** The picture (3, 8 * side, 8 * side), about -1 to 1, of unscaled latents (4, side, side). */
    float[] decode(float[] latents, int side);

    /**
     * Draws a picture: by default a loop over the three parts, with both predictions of a step in one batch, as users
     * of such libraries write it. Tokenizer and scheduler are this project's.
     *
     * @param afterStep called after each denoising step
     * @return (3, pixels, pixels), about -1 to 1
     */
    default float[] draw(Drawing drawing, Runnable afterStep) {
        ClipTokenizer tokenizer = ClipTokenizer.load();
        float[] negative = encodeText(tokenizer.encode("").ids());
        float[] positive = encodeText(tokenizer.encode(drawing.prompt()).ids());
        float[] contexts = joined(negative, positive);
        int side = drawing.side();
        Scheduler scheduler = EulerScheduler.stableDiffusion().withSteps(drawing.steps());
        Shape shape = Shape.of(1, 4, side, side);
        try (Tensor latents = Tensor.randomNormal(shape, drawing.seed(), RandomSource.CPU);
                Tensor scaled = Tensor.zeros(shape);
                Tensor guided = Tensor.zeros(shape)) {
            latents.scale(scheduler.initNoiseSigma());
            for (Timestep timestep : scheduler.timesteps()) {
                scheduler.scaleModelInput(latents, timestep, scaled);
                float[] input = scaled.toArray();
                float[] noise = predictNoise(joined(input, input), 2, side, timestep.value(), contexts);
                guide(noise, (float) drawing.guidance(), guided);
                scheduler.step(guided, timestep, latents);
                afterStep.run();
            }
            latents.scale(1 / Workspace.VAE_SCALING);
            return decode(latents.toArray(), side);
        }
    }

    private static void guide(float[] noise, float guidance, Tensor guided) {
        int half = noise.length / 2;
        for (int i = 0; i < half; i++) {
            guided.setFlat(i, noise[i] + guidance * (noise[half + i] - noise[i]));
        }
    }

    private static float[] joined(float[] first, float[] second) {
        float[] both = new float[first.length + second.length];
        System.arraycopy(first, 0, both, 0, first.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    /**
     * Opens a backend by name: {@code djl-pytorch}, {@code onnxruntime}, or {@code diffusion4j-} and a type of weights,
     * followed by options, such as {@code diffusion4j-f16} or {@code diffusion4j-q8_0+plain-attention+vae-direct}.
     *
     * @param model {@code full} or {@code demo}
     */
    static Backend open(String name, String model) {
        return switch (name) {
            case "djl-pytorch" -> new DjlPyTorchBackend(Workspace.model(model), Workspace.threads());
            case "onnxruntime" -> new OnnxRuntimeBackend(Workspace.model(model), Workspace.threads());
            default -> {
                if (!name.startsWith("diffusion4j-")) {
                    throw new IllegalArgumentException("no backend " + name);
                }
                yield Diffusion4jBackend.open(name.substring("diffusion4j-".length()), model);
            }
        };
    }

    @Override
    void close();
}
