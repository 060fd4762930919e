package dev.diffusion4j.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelCatalogTest extends HubTestCase {

    private static final String MODEL = "model | mine | A model | 64x32 | 5 | 1.5 | euler | 3\n";
    private static final String PART =
            "part | mine | diffusion-model | hf:org/model/m-Q8_0.gguf | - | mit | open | verified\n";
    private static final String VAE =
            "part | mine | vae | hf:org/other/vae.safetensors | - | mit | gated | unverified\n";

    private void writeCatalog(String text) throws IOException {
        Path file = folder.resolve(".config/diffusion4j/models.txt");
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    @Test
    void theBuiltInTableCanBeRead() {
        ModelCatalog catalog = ModelCatalog.builtIn();
        assertThat(catalog.entries())
                .extracting(CatalogEntry::name)
                .contains(
                        "sd1.5",
                        "sdxl",
                        "sdxl-turbo",
                        "flux-schnell",
                        "flux2-klein",
                        "z-image-turbo",
                        "qwen-image",
                        "taesd",
                        "taesdxl",
                        "taesd3",
                        "taef1")
                .isSorted();
        // Nobody could compare it with the hub yet; a line that somebody did says so.
        assertThat(catalog.entries()).noneMatch(CatalogEntry::isVerified);
        CatalogEntry flux = catalog.get("FLUX-schnell");
        assertThat(flux.isGated()).isTrue();
        assertThat(flux.parts())
                .extracting(CatalogPart::part)
                .containsExactly(ModelPart.DIFFUSION_MODEL, ModelPart.VAE, ModelPart.CLIP_L, ModelPart.T5XXL);
        assertThat(flux.defaults().steps()).hasValue(4);
        assertThat(catalog.get("sd1.5").isGated()).isFalse();
    }

    @Test
    void theUsersTableAddsAndReplaces() throws IOException {
        writeCatalog(MODEL + PART + "\n# a comment\n" + MODEL.replace("mine", "sd1.5") + PART.replace("mine", "sd1.5"));
        ModelCatalog catalog = ModelCatalog.of(environment());
        assertThat(catalog.entries()).hasSize(ModelCatalog.builtIn().entries().size() + 1);
        assertThat(catalog.get("sd1.5").title()).isEqualTo("A model");
        ModelDefaults defaults = catalog.get("mine").defaults();
        assertThat(defaults.width()).isEqualTo(OptionalInt.of(64));
        assertThat(defaults.height()).isEqualTo(OptionalInt.of(32));
        assertThat(defaults.steps()).isEqualTo(OptionalInt.of(5));
        assertThat(defaults.guidance()).isEqualTo(OptionalDouble.of(1.5));
        assertThat(defaults.sampler()).hasValue("euler");
        assertThat(defaults.flowShift()).isEqualTo(OptionalDouble.of(3));
        assertThat(catalog.get("mine").isVerified()).isTrue();
    }

    @Test
    void withoutAUsersTableThereIsTheBuiltInOne() {
        assertThat(ModelCatalog.of(environment()).entries())
                .isEqualTo(ModelCatalog.builtIn().entries());
    }

    @Test
    void aUsersTableThatCannotBeReadIsAnError() throws IOException {
        Files.createDirectories(folder.resolve(".config/diffusion4j/models.txt"));
        Map<String, String> environment = environment();
        assertThatThrownBy(() -> ModelCatalog.of(environment)).isInstanceOf(CacheAccessException.class);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "1; nonsense; neither model nor part",
                "1; model | x | X | - | - | - | -; 8 cells",
                "1; model | A b | X | - | - | - | - | -; no name",
                "1; model | x | X | big | - | - | - | -; no size",
                "1; model | x | X | 1x1 | many | - | - | -; no number",
                "1; model | x | X | 1x1 | 0 | - | - | -; out of range",
                "1; model | x | X | 1x1 | 1 | NaN | - | -; out of range",
                "1; part | x | vae | hf:o/n | - | mit | open | verified; no model of a line above",
                "2; model | mine | X | - | - | - | - | -; twice",
                "2; part | mine | vae | hf:o/n | - | mit | open; 8 cells",
                "2; part | mine | nose | hf:o/n | - | mit | open | verified; no part",
                "2; part | mine | vae | o/n | - | mit | open | verified; does not begin with hf:",
                "2; part | mine | vae | hf:o/n | abc | mit | open | verified; no SHA-256",
                "2; part | mine | vae | hf:o/n | - | mit | shut | verified; neither gated nor open",
                "2; part | mine | vae | hf:o/n | - | mit | open | maybe; neither verified nor unverified",
            })
    void aLineThatCannotBeReadIsNamed(int line, String text, String reason) throws IOException {
        writeCatalog((line == 2 ? MODEL : "") + text);
        Map<String, String> environment = environment();
        assertThatThrownBy(() -> ModelCatalog.of(environment))
                .isInstanceOf(HubException.class)
                .hasMessageContaining("models.txt:" + line + ": ")
                .hasMessageContaining(reason);
    }

    @Test
    void aModelNeedsAPartAndEachOnlyOnce() throws IOException {
        Map<String, String> environment = environment();
        writeCatalog(MODEL);
        assertThatThrownBy(() -> ModelCatalog.of(environment)).hasMessageContaining("mine has no part");
        writeCatalog(MODEL + PART + PART);
        assertThatThrownBy(() -> ModelCatalog.of(environment))
                .hasMessageContaining("models.txt:3: diffusion-model is there twice");
    }

    @ParameterizedTest
    @CsvSource({
        "sd15, sd1.5",
        "sdxl-trubo, sdxl-turbo",
        "flux, flux-dev",
        "zimage-turbo, z-image-turbo",
        "SDXL:q8, sdxl"
    })
    void suggestsWhatIsSpeltAlike(String name, String suggestion) {
        assertThat(ModelCatalog.builtIn().suggestions(name))
                .contains(suggestion)
                .hasSizeLessThanOrEqualTo(3);
    }

    @Test
    void anUnknownNameIsAnErrorThatSuggests() {
        UnknownModelNameException failure = catchThrowableOfType(
                UnknownModelNameException.class, () -> ModelCatalog.builtIn().get("sdxl-tubro"));
        assertThat(failure.suggestions().getFirst()).isEqualTo("sdxl-turbo");
        assertThat(failure).hasMessageContaining("did you mean sdxl-turbo");
        assertThat(failure(UnknownModelNameException.class, "completely-different"))
                .hasMessage("\"completely-different\" is no model's name");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "model.safetensors", "/etc/passwd", "../x"})
    void whatIsNoNameIsUnknown(String name) {
        assertThat(ModelCatalog.builtIn().find(name)).isEmpty();
    }

    @Test
    void aNameBringsAllPartsWithItsDefaults() throws IOException {
        writeCatalog(MODEL + PART + VAE);
        stub.repository(REPOSITORY).add("m-Q8_0.gguf", "diffusion");
        stub.repository("org/other").add("vae.safetensors", "vae");
        ModelHub hub = builder().build();
        ResolvedModel model = hub.resolve("mine", recorder, new DownloadCancellation());
        assertThat(model.path()).hasContent("diffusion");
        assertThat(model.parts()).containsOnlyKeys(ModelPart.DIFFUSION_MODEL, ModelPart.VAE);
        assertThat(model.parts().get(ModelPart.VAE).path()).hasContent("vae");
        assertThat(model.defaults()).isEqualTo(hub.catalog().get("mine").defaults());
        assertThat(recorder.plans)
                .singleElement()
                .satisfies(plan -> assertThat(plan.files()).hasSize(2));
        assertThat(recorder.warnings)
                .singleElement()
                .asString()
                .contains("mine")
                .contains("not compared with the hub");
    }

    @Test
    void someOfThePartsComeWithoutTheOthers() throws IOException {
        writeCatalog(MODEL + PART + VAE);
        stub.repository("org/other").add("vae.safetensors", "vae");
        ModelHub hub = builder().build();
        CatalogEntry vaeAlone = hub.catalog().get("MINE").only(Set.of(ModelPart.VAE, ModelPart.LLM));
        ResolvedModel model = hub.resolve(vaeAlone, recorder, new DownloadCancellation());
        assertThat(model.name()).isEqualTo("mine");
        assertThat(model.parts()).containsOnlyKeys(ModelPart.VAE);
        assertThat(model.path()).hasContent("vae");
        assertThat(stub.requests()).noneMatch(request -> request.uri().getPath().contains(REPOSITORY));
        assertThat(vaeAlone.only(Set.of()).parts()).isEmpty();
    }

    @Test
    void aReferenceIsAModelOfOnePart() {
        stub.repository(REPOSITORY).add("m-Q8_0.gguf", "content");
        ResolvedModel model = builder().build().resolve("hf:org/model", recorder, new DownloadCancellation());
        assertThat(model.parts()).containsOnlyKeys(ModelPart.MODEL);
        assertThat(model.defaults()).isEqualTo(ModelDefaults.NONE);
    }

    @Test
    void anotherQuantizationOfTheMainPart() throws IOException {
        writeCatalog(MODEL + PART + VAE);
        stub.repository(REPOSITORY).add("m-Q8_0.gguf", "eight");
        stub.repository(REPOSITORY).add("m-Q4_0.gguf", "four");
        stub.repository("org/other").add("vae.safetensors", "vae");
        assertThat(resolve("mine:q4_0")).hasContent("four");
        assertThatThrownBy(() -> ModelCatalog.builtIn().get("sdxl:Q8_0")).isInstanceOf(NoSuchQuantException.class);
    }

    @Test
    void aPinnedHashHasToBeTheHubs() throws IOException {
        String right = StubRepository.sha256("diffusion".getBytes());
        stub.repository(REPOSITORY).add("m-Q8_0.gguf", "diffusion");
        writeCatalog(MODEL + PART.replace("| - |", "| " + right + " |"));
        assertThat(resolve("mine")).hasContent("diffusion");
        writeCatalog(MODEL + PART.replace("| - |", "| " + "0".repeat(64) + " |"));
        assertThat(failure(ChecksumException.class, "mine")).hasMessageContaining("the catalog names");
        failure(NotCachedException.class, builder().offline(true).build(), "mine");
        assertThat(List.of(right)).isEqualTo(blobs());
    }
}
