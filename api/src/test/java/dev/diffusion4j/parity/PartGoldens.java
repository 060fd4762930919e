package dev.diffusion4j.parity;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.diffusion4j.tensor.NpyFile;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import dev.diffusion4j.testing.gpu.Figures;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;

/** What {@code tools/parity/components.py} wrote: the references' outputs, and of which inputs. */
final class PartGoldens {

    private static final String FOLDER = "/dev/diffusion4j/parts/";
    private static final JsonNode PARTS = parts();

    /** A prompt and its 77 ids. */
    record Prompt(String name, String text, int[] ids) {

        @Override
        public String toString() {
            return text;
        }
    }

    /**
     * Inputs of a U-Net, which are formulas of these shapes.
     *
     * @param guidance 1 for none
     */
    record UNetCase(String name, Shape latents, Shape context, double timestep, double guidance) {

        @Override
        public String toString() {
            return name;
        }
    }

    private PartGoldens() {}

    static List<Prompt> prompts() {
        List<Prompt> prompts = new ArrayList<>();
        PARTS.get("prompts").forEachEntry((name, entry) -> {
            int[] ids = StreamSupport.stream(entry.get("ids").spliterator(), false)
                    .mapToInt(JsonNode::asInt)
                    .toArray();
            prompts.add(new Prompt(name, entry.get("text").asText(), ids));
        });
        return prompts;
    }

    static Prompt prompt(String name) {
        return prompts().stream()
                .filter(prompt -> prompt.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    static List<UNetCase> unetCases(String model) {
        List<UNetCase> cases = new ArrayList<>();
        PARTS.get("unet").forEachEntry((name, entry) -> {
            if (name.startsWith("unet." + model + ".")) {
                cases.add(new UNetCase(
                        name,
                        shape(entry.get("latents")),
                        shape(entry.get("context")),
                        entry.get("timestep").asDouble(),
                        entry.path("guidance").asDouble(1)));
            }
        });
        return cases;
    }

    /** Asserts that an output is the reference's: that the norm of the error is small beside the norm of the output. */
    static void assertClose(String name, Tensor actual, double leniency) {
        JsonNode golden = PARTS.get("outputs").get(name);
        assertThat(actual.shape()).as(name).isEqualTo(shape(golden.get("shape")));
        int stride = golden.get("stride").asInt();
        double error = 0;
        double norm = 0;
        try (Tensor expected = NpyFile.read(resource(name + ".npy"))) {
            assertThat(expected.size()).as(name).isEqualTo(Math.ceilDiv(actual.size(), stride));
            for (long i = 0; i < expected.size(); i++) {
                double difference = actual.getFlat(i * stride) - expected.getFlat(i);
                error += difference * difference;
                norm += (double) expected.getFlat(i) * expected.getFlat(i);
            }
        }
        double distance = Math.sqrt(error / norm);
        double tolerance = golden.get("tolerance").asDouble();
        Figures.add("part", Map.of("output", name, "distance", distance, "tolerance", tolerance));
        assertThat(distance)
                .as(
                        "error of %s; tolerated because %s",
                        name, golden.get("reason").asText())
                .isLessThanOrEqualTo(leniency * tolerance);
    }

    static InputStream open(String file) {
        return PartGoldens.class.getResourceAsStream(FOLDER + file);
    }

    private static Shape shape(JsonNode dimensions) {
        return Shape.of(StreamSupport.stream(dimensions.spliterator(), false)
                .mapToLong(JsonNode::asLong)
                .toArray());
    }

    private static Path resource(String file) {
        try {
            return Path.of(PartGoldens.class.getResource(FOLDER + file).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static JsonNode parts() {
        try (InputStream json = open("parts.json")) {
            return new ObjectMapper().readTree(json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
