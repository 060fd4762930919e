package dev.diffusion4j.parity;

import static dev.diffusion4j.parity.FamilyGoldens.PROMPT;
import static dev.diffusion4j.parity.FamilyGoldens.TOLERANCE;
import static dev.diffusion4j.parity.FamilyGoldens.distance;
import static dev.diffusion4j.parity.FamilyGoldens.effect;
import static dev.diffusion4j.parity.FamilyGoldens.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.ImageGeneration;
import dev.diffusion4j.ModelOpener;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.request.LoraMode;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.Sampling;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BiFunction;
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
 * LoRAs of SD 2.x and of diffusion transformers, in the names of diffusers, PEFT, kohya, LyCORIS and the original models, against
 * diffusers' modules with what they mean added to the weights: while computing and merged.
 */
@Tag("native")
@ParameterizedClass
@EnumSource
@Timeout(300)
class LoraFamiliesTest {

    private static final List<String> TRANSFORMER = List.of("diffusers", "wrapped", "kohya-rank1", "loha", "lokr");
    private static final List<String> WITH_ORIGINALS =
            List.of("diffusers", "wrapped", "kohya-rank1", "loha", "lokr", "original", "original-kohya-rank1");

    enum Family {
        SD2("sd2", List.of("kohya-rank1", "parts", "wrapped", "loha", "lokr"), Family::openOneFile),
        SD35("sd3.5", TRANSFORMER, Family::openOneFile),
        FLUX2_KLEIN("flux2-klein", WITH_ORIGINALS, (family, folder) -> family.openParts(folder, "qwen3", "vae32")),
        Z_IMAGE("z-image", WITH_ORIGINALS, (family, folder) -> family.openParts(folder, "qwen3", "vae16")),
        QWEN_IMAGE(
                "qwen-image",
                List.of("diffusers", "wrapped", "kohya-rank1", "loha", "lokr", "bare"),
                (family, folder) -> family.openParts(folder, "qwen2.5", "wan-vae"));

        private final String name;
        private final List<String> loras;
        private final BiFunction<Family, Path, Opening> files;

        Family(String name, List<String> loras, BiFunction<Family, Path, Opening> files) {
            this.name = name;
            this.loras = loras;
            this.files = files;
        }

        private Opening openOneFile(Path folder) {
            Path file = FamilyGoldens.write(name, folder);
            return options -> options.open(file);
        }

        private Opening openParts(Path folder, String languageModel, String vae) {
            Path transformer = FamilyGoldens.write(name, folder);
            Path text = FamilyGoldens.write(languageModel, folder);
            Path autoencoder = FamilyGoldens.write(vae, folder);
            return options -> options.diffusionModel(transformer)
                    .languageModel(text)
                    .vae(autoencoder)
                    .open();
        }

        private ImageGeneration request(DiffusionModel model) {
            ImageGeneration request =
                    FamilyGoldens.as(model.textToImage(PROMPT)).guidanceScale(1);
            return this == SD2
                    ? request.sampling(Sampling.of(Sampler.EULER).withSchedule(NoiseSchedule.DISCRETE))
                            .steps(3)
                    : request.sampling(FamilyGoldens.FLOW);
        }
    }

    private interface Opening {
        DiffusionModel with(ModelOpener options);
    }

    @TempDir
    private static Path folder;

    private static DiffusionModel merging;
    private static DiffusionModel computing;

    @Parameter
    private Family family;

    @BeforeParameterizedClassInvocation
    static void open(Family family) {
        Opening opening = family.files.apply(family, folder);
        merging = opening.with(options().loraMode(LoraMode.IMMEDIATELY));
        computing = opening.with(options().loraMode(LoraMode.AT_RUNTIME));
    }

    @AfterParameterizedClassInvocation
    static void close() {
        merging.close();
        computing.close();
    }

    @TestFactory
    Stream<DynamicTest> withALora() {
        return family.loras.stream()
                .flatMap(name -> models(name)
                        .map(model -> dynamicTest(
                                name + (model == merging ? ", merged" : ", while computing"),
                                () -> requireAllOf(family.name + "." + name, model))));
    }

    /** Both with {@code -Dstress=full}, one in turn as a sample: it is the same file that is read. */
    private Stream<DiffusionModel> models(String name) {
        boolean mergesIt = family.loras.indexOf(name) % 2 == 1;
        return "full".equals(System.getProperty("stress"))
                ? Stream.of(computing, merging)
                : Stream.of(mergesIt ? merging : computing);
    }

    /** The picture is the reference's, and of the file nothing is left out. */
    private void requireAllOf(String name, DiffusionModel model) {
        Path lora = FamilyGoldens.write("lora." + name, folder);
        assertThat(effect(name)).as("without it").isGreaterThan(0.4);
        GeneratedImage image = family.request(model).lora(lora, 1).generate();
        assertThat(image.warnings()).isEmpty();
        assertThat(distance(name, image)).isLessThan(TOLERANCE);
    }

    @Test
    void refusesALoraOfAnotherFamily() {
        String other = family == Family.Z_IMAGE ? "flux2-klein.diffusers" : "z-image.diffusers";
        Path lora = FamilyGoldens.write("lora." + other, folder);
        for (DiffusionModel model : List.of(computing, merging)) {
            assertThatExceptionOfType(ModelFileException.class)
                    .isThrownBy(() -> family.request(model).lora(lora, 1).generate())
                    .withMessageContaining("none of its");
        }
    }
}
