package dev.diffusion4j.benchmarks;

import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.Progress;
import dev.diffusion4j.tensor.RandomSource;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.StableDiffusion;
import dev.diffusion4j.StableDiffusionOptions;
import dev.diffusion4j.TextToImageRequest;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import dev.diffusion4j.tokenizer.ClipTokenizer;
import dev.diffusion4j.tokenizer.Tokens;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** This library, through its public interface. */
final class Diffusion4jBackend implements Backend {

    private final StableDiffusion sd;

    private Diffusion4jBackend(StableDiffusion sd) {
        this.sd = sd;
    }

    /** @param weights the type of weights and options, joined by plus signs */
    static Diffusion4jBackend open(String weights, String model) {
        String[] parts = weights.split("\\+");
        StableDiffusionOptions options =
                StableDiffusion.options().threads(Workspace.threads()).random(RandomSource.CPU);
        for (String option : Arrays.asList(parts).subList(1, parts.length)) {
            switch (option) {
                case "plain-attention" -> options.diffusionFlashAttention(false);
                case "mmap" -> options.memoryMap(true);
                default -> throw new IllegalArgumentException("no option " + option);
            }
        }
        return new Diffusion4jBackend(options.open(Workspace.weights(model, parts[0])));
    }

    @Override
    public float[] encodeText(int[] ids) {
        try (Tensor hidden = sd.textEncoder().encode(tokens(ids))) {
            return hidden.toArray();
        }
    }

    private Tokens tokens(int[] ids) {
        ClipTokenizer tokenizer = sd.tokenizer();
        Tokens tokens = tokenizer.encode(tokenizer.decode(ids, true));
        if (!Arrays.equals(tokens.ids(), ids)) {
            throw new IllegalArgumentException("these tokens are of no text");
        }
        return tokens;
    }

    @Override
    public float[] predictNoise(float[] latents, int batch, int side, float timestep, float[] contexts) {
        try (Tensor input = Tensor.of(latents, Shape.of(batch, 4, side, side));
                Tensor context = Tensor.of(contexts, Shape.of(batch, ClipTokenizer.CONTEXT_LENGTH, 768));
                Tensor noise = sd.unet().predictNoise(input, timestep, context)) {
            return noise.toArray();
        }
    }

    @Override
    public float[] decode(float[] latents, int side) {
        try (Tensor input = Tensor.of(latents, Shape.of(1, 4, side, side));
                Tensor picture = sd.vae().decode(input)) {
            return picture.toArray();
        }
    }

    /** The native sampler, which is what users of this library call. */
    @Override
    public float[] draw(Drawing drawing, Runnable afterStep) {
        return planes(generate(drawing, afterStep));
    }

    GeneratedImage generate(Drawing drawing, Runnable afterStep) {
        return request(drawing)
                .onProgress(progress -> {
                    if (progress.phase() == Progress.Phase.SAMPLING && progress.step() > 0) {
                        afterStep.run();
                    }
                })
                .generate();
    }

    private TextToImageRequest request(Drawing drawing) {
        return sd.textToImage(drawing.prompt())
                .size(drawing.pixels(), drawing.pixels())
                .steps(drawing.steps())
                .guidanceScale(drawing.guidance())
                .sampler(Sampler.EULER)
                .schedule(NoiseSchedule.DISCRETE)
                .seed(drawing.seed());
    }

    private static float[] planes(GeneratedImage image) {
        MemorySegment pixels = image.pixels();
        int plane = image.width() * image.height();
        float[] picture = new float[3 * plane];
        for (int i = 0; i < plane; i++) {
            for (int channel = 0; channel < 3; channel++) {
                int value = Byte.toUnsignedInt(pixels.get(ValueLayout.JAVA_BYTE, 3L * i + channel));
                picture[channel * plane + i] = value / 127.5f - 1;
            }
        }
        return picture;
    }

    @Override
    public void close() {
        sd.close();
    }
}
