package dev.diffusion4j.parity;

import static dev.diffusion4j.parity.FamilyGoldens.PROMPT;
import static dev.diffusion4j.parity.FamilyGoldens.TOLERANCE;
import static dev.diffusion4j.parity.FamilyGoldens.distance;
import static dev.diffusion4j.parity.FamilyGoldens.effect;
import static dev.diffusion4j.parity.FamilyGoldens.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.ImageGeneration;
import dev.diffusion4j.modelfile.TensorType;
import dev.diffusion4j.request.LoraMode;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.request.WeightType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Models with LoRAs of the kinds and names that people have, against diffusers' with what they mean added to the weights:
 * merged into the weights, and applied while computing, on weights as they are and quantised.
 */
@Tag("native")
@ParameterizedClass
@EnumSource
@Timeout(300)
class LoraParityTest {

    enum Family {
        SD1("sd1", List.of("kohya-rank1", "wrapped", "old", "parts", "loha", "lokr")),
        FLUX("flux", List.of("whole", "q", "k-v", "proj-mlp", "wrapped", "kohya-rank1"));

        private final String name;
        private final List<String> loras;

        Family(String name, List<String> loras) {
            this.name = name;
            this.loras = loras;
        }

        Path write(Path folder) {
            if (this == FLUX) {
                return FamilyGoldens.write(name, folder);
            }
            Path file = folder.resolve("sd1.safetensors");
            SyntheticModel.read("narrow").write(file, TensorType.F16);
            return file;
        }

        ImageGeneration request(DiffusionModel model) {
            ImageGeneration request =
                    FamilyGoldens.as(model.textToImage(PROMPT)).guidanceScale(1);
            return this == FLUX
                    ? request.sampling(Sampling.of(Sampler.EULER)
                            .withSigmas(1, 0.6, 0.25, 0)
                            .withDistilledGuidance(3.5))
                    : request.sampling(Sampling.of(Sampler.EULER).withSchedule(NoiseSchedule.DISCRETE))
                            .steps(3);
        }
    }

    @TempDir
    private static Path folder;

    private static Path file;
    private static DiffusionModel merging;
    private static DiffusionModel computing;

    @Parameter
    private Family family;

    @BeforeParameterizedClassInvocation
    static void open(Family family) {
        file = family.write(folder);
        merging = options().loraMode(LoraMode.IMMEDIATELY).open(file);
        computing = options().loraMode(LoraMode.AT_RUNTIME).open(file);
    }

    @AfterParameterizedClassInvocation
    static void close() throws Exception {
        merging.close();
        computing.close();
        Files.delete(file);
    }

    private GeneratedImage draw(DiffusionModel model, Path... loras) {
        ImageGeneration request = family.request(model);
        for (Path lora : loras) {
            request.lora(lora, 1);
        }
        return request.generate();
    }

    @Test
    void theModelAlone() {
        assertThat(distance(family.name, draw(merging))).isLessThan(TOLERANCE);
    }

    @TestFactory
    Stream<DynamicTest> withALora() {
        return family.loras.stream()
                .map(name -> family.name + "." + name)
                .map(name -> dynamicTest(name, () -> {
                    Path lora = FamilyGoldens.write("lora." + name, folder);
                    assertThat(effect(name)).as("without it").isGreaterThan(3 * TOLERANCE);
                    requireAllOf(lora, name, computing);
                    requireAllOf(lora, name, merging);
                }));
    }

    /** The picture is the reference's, and of what is applied nothing is said to be left out. */
    private void requireAllOf(Path lora, String name, DiffusionModel model) {
        String mode = model == merging ? "merged" : "while computing";
        GeneratedImage image = draw(model, lora);
        assertThat(distance(name, image)).as(mode).isLessThan(TOLERANCE);
        assertThat(image.warnings()).as(mode).isEmpty();
    }

    @Test
    void quantisedWeightsStayAsTheyAre() {
        try (DiffusionModel quantised = options().weightType(WeightType.Q8_0).open(file)) {
            double error = distance(family.name, draw(quantised));
            for (String name : family.loras) {
                Path lora = FamilyGoldens.write("lora." + family.name + "." + name, folder);
                assertThat(distance(family.name + "." + name, draw(quantised, lora)))
                        .as(name)
                        .isLessThan(2 * error + TOLERANCE);
            }
        }
    }
}
