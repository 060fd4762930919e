package dev.diffusion4j.cli.options;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.ModelOpener;
import dev.diffusion4j.device.DeviceChoice;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.modelfile.ComponentKind;
import dev.diffusion4j.request.FlashAttention;
import dev.diffusion4j.request.MemoryBudget;
import dev.diffusion4j.request.ModelOptions;
import dev.diffusion4j.request.Seamless;
import dev.diffusion4j.scheduler.PredictionType;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** What the options of loading become in the API. */
class LoadingOptionsTest {

    private static ModelOptions options(String... args) {
        LoadingOptions loading = new LoadingOptions();
        CommandLine line = new CommandLine(loading);
        Converters.register(line, DeviceChoice.class, DeviceChoice::parse);
        Converters.registerEnum(line, SeamlessAxes.class);
        Converters.registerEnum(line, PredictionKind.class);
        line.parseArgs(args);
        ModelOpener opener = DiffusionModel.options();
        loading.applyTo(opener);
        return opener.toOptions();
    }

    @Test
    void aBudgetIsAnAmountOrWhatIsFreeOrNone() {
        assertThat(options("--vram-budget", "2.5").memoryBudget()).contains(MemoryBudget.gib(2.5));
        assertThat(options("--vram-budget", "-1").memoryBudget()).contains(MemoryBudget.freeLessOneGib());
        assertThat(options("--vram-budget", "0").memoryBudget()).isEmpty();
        assertThat(options().memoryBudget()).isEmpty();
        assertThatThrownBy(() -> options("--vram-budget", "-2"))
                .isInstanceOfSatisfying(
                        InvalidRequestException.class,
                        e -> assertThat(OptionNames.message(e))
                                .isEqualTo("--vram-budget must be from 0 to 4096, not -2"));
    }

    @Test
    void layersAreStreamedWithinABudget() {
        assertThat(options("--stream-layers", "--vram-budget", "1").streamLayers())
                .isTrue();
        assertThatThrownBy(() -> options("--stream-layers")).hasMessageContaining("given with --vram-budget");
        assertThatThrownBy(() -> options("--stream-layers", "--vram-budget", "0"))
                .isInstanceOf(InvalidRequestException.class);
    }

    @Test
    void flashAttentionEverywhereIsInTheDiffusionModelToo() {
        assertThat(options().flashAttention()).isEqualTo(FlashAttention.DENOISER);
        assertThat(options("--no-diffusion-fa").flashAttention()).isEqualTo(FlashAttention.NONE);
        assertThat(options("--fa").flashAttention()).isEqualTo(FlashAttention.ALL);
        assertThat(options("--fa", "--no-diffusion-fa").flashAttention()).isEqualTo(FlashAttention.ALL);
    }

    @ParameterizedTest
    @CsvSource({"x, HORIZONTALLY", "y, VERTICALLY", "XY, BOTH"})
    void edgesFitInTheDirectionsThatAreTyped(String axes, Seamless edges) {
        assertThat(options("--seamless", axes).seamless()).contains(edges);
    }

    @ParameterizedTest
    @CsvSource({
        "epsilon, EPSILON",
        "v, V_PREDICTION",
        "edm-v, EDM_V",
        "flow, FLOW",
        "flux_flow, FLUX_FLOW",
        "FLUX2-FLOW, FLUX2_FLOW"
    })
    void knowsWhatModelsPredict(String typed, PredictionType type) {
        assertThat(options("--prediction", typed).prediction()).contains(type);
    }

    @Test
    void componentsHaveDevicesOfTheirOwn() {
        ModelOptions options = options("--device", "gpu", "--clip-device", "cpu", "--vae-device", "cpu");
        assertThat(options.device()).isEqualTo(DeviceChoice.parse("gpu"));
        assertThat(options.componentDevices())
                .isEqualTo(Map.of(
                        ComponentKind.TEXT_ENCODER,
                        DeviceChoice.parse("cpu"),
                        ComponentKind.AUTOENCODER,
                        DeviceChoice.parse("cpu")));
    }
}
