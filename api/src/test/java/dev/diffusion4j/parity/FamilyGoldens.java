package dev.diffusion4j.parity;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.GeneratedVideo;
import dev.diffusion4j.ImageGeneration;
import dev.diffusion4j.ModelOpener;
import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.component.Denoiser;
import dev.diffusion4j.device.DeviceChoice;
import dev.diffusion4j.modelfile.TensorType;
import dev.diffusion4j.request.NativeSampling;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.tensor.NormalGenerator;
import dev.diffusion4j.tensor.NpyFile;
import dev.diffusion4j.tensor.RandomSource;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the scripts of {@code tools/parity} wrote: the pictures that diffusers draws, and of which models and LoRAs. */
final class FamilyGoldens {

    static final String PROMPT = "a red circle on a white background";
    static final String NEGATIVE_PROMPT = "A picture of a puppy";

    /** Of 255, on the average: cutting to 8 bits alone makes up more than 0.2 of it. */
    static final double TOLERANCE = 0.3;

    /** Of single parts, the norm of the error over the reference's. */
    static final double PART_TOLERANCE = 2e-3;

    /** The three steps of the references whose models predict flows. */
    static final NativeSampling FLOW = Sampling.of(Sampler.EULER).withSigmas(1, 0.6, 0.25, 0);

    private static final int WIDTH = 128;
    private static final int HEIGHT = 64;
    private static final String FOLDER = "/dev/diffusion4j/families/";
    private static final JsonNode CASES = cases();

    private FamilyGoldens() {}

    /** Writes a model or a LoRA in f16, unless it is there already. */
    static Path write(String name, Path folder) {
        Path file = folder.resolve(name + ".safetensors");
        if (!Files.exists(file)) {
            SyntheticModel.read(open(name + ".tsv")).write(file, TensorType.F16);
        }
        return file;
    }

    /** Writes a model in f16 that is another one but for the tensors in a list of its own. */
    static Path write(String name, String base, Path folder) {
        Path file = folder.resolve(name + ".safetensors");
        SyntheticModel.read(open(base + ".tsv")).with(open(name + ".tsv")).write(file, TensorType.F16);
        return file;
    }

    static InputStream open(String file) {
        return FamilyGoldens.class.getResourceAsStream(FOLDER + file);
    }

    /** How the models are opened: on the CPU, and with the noise of PyTorch. */
    static ModelOpener options() {
        return DiffusionModel.options().device(DeviceChoice.cpu()).random(RandomSource.CPU);
    }

    /** The request with the size and noise of the references, whose sampler is Euler's. */
    static ImageGeneration as(ImageGeneration request) {
        return request.size(WIDTH, HEIGHT).seed(42);
    }

    /** The picture that models are given: blocks of many colours. */
    static BufferedImage picture() {
        BufferedImage picture = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                int right = x / 16;
                int down = y / 16;
                int red = (53 * right + 97 * down) % 256;
                int green = (151 * right + 29 * down) % 256;
                int blue = (11 * right + 199 * down) % 256;
                picture.setRGB(x, y, red << 16 | green << 8 | blue);
            }
        }
        return picture;
    }

    /** Of that picture. */
    static BufferedImage mask() {
        return mask(new Rectangle(32, 16, 64, 32));
    }

    static BufferedImage mask(Rectangle white) {
        BufferedImage mask = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = mask.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.fill(white);
        graphics.dispose();
        return mask;
    }

    static Tensor tensor(String name) {
        return NpyFile.read(resource(name + ".npy"));
    }

    /** The noise that the references begin with. */
    static Tensor startingNoise(int channels) {
        int cell = channels == 128 ? 16 : 8;
        Tensor latents = Tensor.zeros(Shape.of(1, channels, HEIGHT / cell, WIDTH / cell));
        NormalGenerator.of(RandomSource.CPU, 42).fill(latents);
        return latents;
    }

    /** Asserts that what a part computes is the reference's, of whose numbers every n-th is there. */
    static void requireClose(String name, Tensor actual) {
        long stride = actual.size() / 4096 | 1;
        double difference = 0;
        double norm = 0;
        try (Tensor expected = tensor(name)) {
            assertThat(expected.size()).as(name).isEqualTo(Math.ceilDiv(actual.size(), stride));
            for (long i = 0; i < expected.size(); i++) {
                difference += Math.pow(actual.getFlat(i * stride) - expected.getFlat(i), 2);
                norm += Math.pow(expected.getFlat(i), 2);
            }
        }
        assertThat(Math.sqrt(difference / norm)).as(name).isLessThan(PART_TOLERANCE);
    }

    /**
     * Asserts that one call of a denoiser is the reference's, whose context is a formula.
     *
     * @param conditioning what else it is told
     * @param tokens of that context
     */
    static void requirePrediction(String name, Denoiser denoiser, Conditioning conditioning, int tokens) {
        try (Tensor context = Formula.input("context", 1, Shape.of(1, tokens, denoiser.contextSize()));
                Tensor latents = startingNoise(denoiser.latentChannels());
                Tensor prediction = Tensor.zeros(latents.shape())) {
            denoiser.predictNoise(latents, 600, conditioning.with(Conditioning.CONTEXT, context), prediction);
            requireClose(name + ".prediction", prediction);
        }
    }

    /** How far a picture is from the reference's: the mean of the differences, of 255. */
    static double distance(String name, GeneratedImage image) {
        return distance(name, image.pixels());
    }

    /** How far the frames of a video are from the reference's. */
    static double distance(String name, GeneratedVideo video) {
        byte[] frames = new byte[video.frameCount() * 3 * video.width() * video.height()];
        int frame = frames.length / video.frameCount();
        for (int i = 0; i < video.frameCount(); i++) {
            MemorySegment.copy(video.pixels(i), ValueLayout.JAVA_BYTE, 0, frames, i * frame, frame);
        }
        return distance(name, MemorySegment.ofArray(frames));
    }

    private static double distance(String name, MemorySegment pixels) {
        int stride = CASES.get("stride").asInt();
        double sum = 0;
        try (Tensor expected = tensor(name)) {
            for (long i = 0; i < expected.size(); i++) {
                int actual = Byte.toUnsignedInt(pixels.get(ValueLayout.JAVA_BYTE, i * stride));
                sum += Math.abs(actual - expected.getFlat(i));
            }
            return sum / expected.size();
        }
    }

    /** How far the reference's picture is from that of the model without the LoRA. */
    static double effect(String name) {
        return CASES.get("distances").get(name).asDouble();
    }

    private static Path resource(String file) {
        try {
            return Path.of(FamilyGoldens.class.getResource(FOLDER + file).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static JsonNode cases() {
        try (InputStream json = open("cases.json")) {
            return new ObjectMapper().readTree(json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
