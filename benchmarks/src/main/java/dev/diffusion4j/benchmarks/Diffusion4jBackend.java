package dev.diffusion4j.benchmarks;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.GenerationListener;
import dev.diffusion4j.Progress;
import dev.diffusion4j.request.FlashAttention;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.ModelOptions;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.tensor.RandomSource;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import dev.diffusion4j.tokenizer.ClipTokenizer;
import dev.diffusion4j.tokenizer.Tokens;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** This library, through its public interface. */
final class Diffusion4jBackend implements Backend {

    private final DiffusionModel model;

    private Diffusion4jBackend(DiffusionModel model) {
        this.model = model;
    }

    /** @param weights the type of weights and options, joined by plus signs */
    static Diffusion4jBackend open(String weights, String model) {
        String[] parts = weights.split("\\+");
        ModelOptions.Builder options =
                ModelOptions.builder().threads(Workspace.threads()).random(RandomSource.CPU);
        for (String option : Arrays.asList(parts).subList(1, parts.length)) {
            switch (option) {
                case "plain-attention" -> options.flashAttention(FlashAttention.NONE);
                case "mmap" -> options.memoryMap(true);
                default -> throw new IllegalArgumentException("no option " + option);
            }
        }
        return new Diffusion4jBackend(DiffusionModel.open(Workspace.weights(model, parts[0]), options.build()));
    }

    @Override
    public float[] encodeText(int[] ids) {
        try (Tensor hidden = model.textEncoder().encode(tokens(ids))) {
            return hidden.toArray();
        }
    }

    private Tokens tokens(int[] ids) {
        ClipTokenizer tokenizer = model.tokenizer();
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
                Tensor noise = model.unet().predictNoise(input, timestep, context)) {
            return noise.toArray();
        }
    }

    @Override
    public float[] decode(float[] latents, int side) {
        try (Tensor input = Tensor.of(latents, Shape.of(1, 4, side, side));
                Tensor picture = model.vae().decode(input)) {
            return picture.toArray();
        }
    }

    /** The native sampler, which is what users of this library call. */
    @Override
    public float[] draw(Drawing drawing, Runnable afterStep) {
        return planes(generate(drawing, afterStep));
    }

    GeneratedImage generate(Drawing drawing, Runnable afterStep) {
        GenerationListener listener = GenerationListener.NONE.onProgress(progress -> {
            if (progress.phase() == Progress.Phase.SAMPLING && progress.step() > 0) {
                afterStep.run();
            }
        });
        return model.generate(request(drawing), listener);
    }

    private static ImageRequest request(Drawing drawing) {
        return ImageRequest.textToImage(drawing.prompt())
                .size(drawing.pixels(), drawing.pixels())
                .steps(drawing.steps())
                .guidanceScale(drawing.guidance())
                .sampling(Sampling.of(Sampler.EULER).withSchedule(NoiseSchedule.DISCRETE))
                .seed(drawing.seed())
                .build();
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
        model.close();
    }
}
