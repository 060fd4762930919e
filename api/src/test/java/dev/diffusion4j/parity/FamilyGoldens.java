package dev.diffusion4j.parity;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.ImageGeneration;
import dev.diffusion4j.modelfile.TensorType;
import dev.diffusion4j.tensor.NpyFile;
import dev.diffusion4j.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What {@code tools/parity/families.py} wrote: the pictures that diffusers draws, and of which models and LoRAs. */
final class FamilyGoldens {

    static final String PROMPT = "a red circle on a white background";
    static final String NEGATIVE_PROMPT = "A picture of a puppy";

    /** Of 255, on the average: cutting to 8 bits alone makes up more than 0.2 of it. */
    static final double TOLERANCE = 0.3;

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

    static InputStream open(String file) {
        return FamilyGoldens.class.getResourceAsStream(FOLDER + file);
    }

    /** The request with the size and noise of the references, whose sampler is Euler's. */
    static ImageGeneration as(ImageGeneration request) {
        return request.size(128, 64).seed(42);
    }

    static Tensor tensor(String name) {
        return NpyFile.read(resource(name + ".npy"));
    }

    /** How far a picture is from the reference's: the mean of the differences, of 255. */
    static double distance(String name, GeneratedImage image) {
        int stride = CASES.get("stride").asInt();
        double sum = 0;
        try (Tensor expected = tensor(name)) {
            for (long i = 0; i < expected.size(); i++) {
                int actual = Byte.toUnsignedInt(image.pixels().get(ValueLayout.JAVA_BYTE, i * stride));
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
