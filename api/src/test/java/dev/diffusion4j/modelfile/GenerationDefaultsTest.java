package dev.diffusion4j.modelfile;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Steps and guidance by family, by what tells its variants apart, and by what a file recommends. */
@Tag("fast")
class GenerationDefaultsTest {

    @TempDir
    private Path folder;

    private GenerationDefaults read(Safetensors model) {
        return ModelFile.read(model.write(folder.resolve("model.safetensors"))).generationDefaults();
    }

    private static Safetensors flux(String... further) {
        Safetensors model = new Safetensors().floats("double_blocks.0.img_attn.qkv.weight", 4, 4);
        Arrays.stream(further).forEach(name -> model.floats(name, 4, 4));
        return model;
    }

    private static Safetensors recommending(String steps, String guidance) {
        return flux().entry(
                        "__metadata__",
                        "{\"diffusion4j.steps\":\"%s\",\"diffusion4j.guidance\":\"%s\"}".formatted(steps, guidance));
    }

    @ParameterizedTest
    @CsvSource({
        "SD1, 20, 7",
        "SDXL, 20, 7",
        "SDXS_512, 1, 1",
        "SD3, 20, 4.5",
        "FLUX_FILL, 20, 1",
        "FLUX2_KLEIN, 4, 1",
        "Z_IMAGE, 8, 1",
        "QWEN_IMAGE, 20, 2.5",
        "CHROMA_RADIANCE, 20, 4",
        "FLUX_CONTROL, 20, 1",
        "FLEX_2, 20, 1",
        "FLUX2, 20, 1",
        "HIDREAM_O1, 20, 1",
        "OVIS_IMAGE, 20, 5",
        "ERNIE_IMAGE, 20, 5",
        "LENS, 20, 5",
        "LONGCAT, 20, 5",
        "ANIMA, 20, 6",
        "IDEOGRAM_4, 20, 7",
        "PID, 4, 1"
    })
    void byFamily(ModelFamily family, int steps, double guidance) {
        GenerationDefaults defaults = GenerationDefaults.of(family);
        assertThat(defaults.steps()).isEqualTo(steps);
        assertThat(defaults.guidanceScale()).isEqualTo(guidance);
    }

    @Test
    void fluxByItsVariant() {
        GenerationDefaults dev = read(flux("guidance_in.in_layer.weight"));
        assertThat(dev.steps()).isEqualTo(20);
        assertThat(dev.guidanceScale()).isEqualTo(1);
        assertThat(dev.distilledGuidance()).isEmpty();
        GenerationDefaults schnell = read(flux());
        assertThat(schnell.steps()).isEqualTo(4);
        assertThat(schnell.guidanceScale()).isEqualTo(1);
        GenerationDefaults chroma = read(flux("distilled_guidance_layer.in_proj.weight"));
        assertThat(chroma.steps()).isEqualTo(20);
        assertThat(chroma.guidanceScale()).isEqualTo(4);
        assertThat(GenerationDefaults.of(ModelFamily.FLUX_FILL).distilledGuidance())
                .hasValue(30);
        assertThat(GenerationDefaults.of(ModelFamily.FLUX2).distilledGuidance()).hasValue(4);
    }

    @Test
    void whatTheFileRecommendsComesFirst() {
        GenerationDefaults own = read(recommending("9", "2.5"));
        assertThat(own.steps()).isEqualTo(9);
        assertThat(own.guidanceScale()).isEqualTo(2.5);
    }

    @ParameterizedTest
    @CsvSource({"0, -1", "1001, 101", "many, much", "'', ''", "NaN, NaN"})
    void aRecommendationThatMakesNoSenseIsNone(String steps, String guidance) {
        GenerationDefaults defaults = read(recommending(steps, guidance));
        assertThat(defaults.steps()).isEqualTo(4);
        assertThat(defaults.guidanceScale()).isEqualTo(1);
    }
}
