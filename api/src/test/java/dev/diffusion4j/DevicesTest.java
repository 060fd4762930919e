package dev.diffusion4j;

import static dev.diffusion4j.testing.DrawnPicture.psnr;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.device.Device;
import dev.diffusion4j.device.DeviceChoice;
import dev.diffusion4j.device.DeviceMemory;
import dev.diffusion4j.error.DeviceUnavailableException;
import dev.diffusion4j.modelfile.ComponentKind;
import dev.diffusion4j.request.MemoryBudget;
import java.awt.image.BufferedImage;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Choosing devices, as far as a machine without a GPU can show it. */
@Tag("native")
class DevicesTest {

    static BufferedImage draw(DiffusionModel sd) {
        return sd.textToImage("a red circle on a white background")
                .steps(4)
                .seed(42)
                .generate()
                .toBufferedImage();
    }

    static BufferedImage draw(ModelOpener options) {
        try (DiffusionModel sd = options.open(DemoModel.path())) {
            return draw(sd);
        }
    }

    private static String cpu() {
        return NativeRuntime.devices().stream()
                .filter(device -> device.kind() == Device.Kind.CPU)
                .findFirst()
                .orElseThrow()
                .name();
    }

    private static void requireNoGpu() {
        boolean hasGpu = NativeRuntime.devices().stream()
                .anyMatch(device -> device.kind() == Device.Kind.GPU || device.kind() == Device.Kind.INTEGRATED_GPU);
        Assumptions.assumeFalse(hasGpu, "tells what happens on a machine without a GPU, and here is one");
    }

    @Test
    void modelsOfThisProcessAreCounted() {
        long before = NativeRuntime.openModels();
        try (DiffusionModel _ = DiffusionModel.open(DemoModel.path());
                DiffusionModel _ = DiffusionModel.options().isolated().open(DemoModel.path())) {
            assertThat(NativeRuntime.openModels()).isEqualTo(before + 1);
        }
        assertThat(NativeRuntime.openModels()).isEqualTo(before);
    }

    @Test
    void devicesHaveMemory() {
        Device cpu = NativeRuntime.devices().stream()
                .filter(device -> device.kind() == Device.Kind.CPU)
                .findFirst()
                .orElseThrow();
        DeviceMemory memory = NativeRuntime.memory(cpu);
        assertThat(memory.total()).isPositive();
        assertThat(memory.free()).isPositive().isLessThanOrEqualTo(memory.total());
    }

    @Test
    void aDeviceThatIsNotThereHasNoMemory() {
        Device gone = new Device("CUDA99", "a card that was taken out", Device.Kind.GPU);
        assertThatThrownBy(() -> NativeRuntime.memory(gone))
                .isInstanceOf(DeviceUnavailableException.class)
                .hasMessageContaining("CUDA99");
    }

    @Test
    void aGpuThatIsNotThereIsRefusedWithWhatIs() {
        requireNoGpu();
        assertThatThrownBy(() -> draw(DiffusionModel.options().device(DeviceChoice.gpu())))
                .isInstanceOf(DeviceUnavailableException.class)
                .hasMessageContaining("there is no GPU")
                .hasMessageContaining(cpu());
        assertThatThrownBy(() -> draw(DiffusionModel.options().device(ComponentKind.AUTOENCODER, DeviceChoice.gpu())))
                .isInstanceOf(DeviceUnavailableException.class);
        assertThatThrownBy(() -> draw(DiffusionModel.options().device(DeviceChoice.named("cuda9"))))
                .isInstanceOf(DeviceUnavailableException.class)
                .hasMessageContaining("cuda9");
    }

    @Test
    void theCpuTakesItsPlaceWhereThatIsAllowed() {
        requireNoGpu();
        ModelOpener options = DiffusionModel.options()
                .device(DeviceChoice.gpu().orElseCpu())
                .device(ComponentKind.AUTOENCODER, DeviceChoice.auto());
        try (DiffusionModel sd = options.open(DemoModel.path())) {
            for (ComponentKind part : ComponentKind.values()) {
                assertThat(sd.device(part)).isEqualTo(cpu());
            }
        }
    }

    @Test
    void aChildProcessHearsOfTheChoice() {
        requireNoGpu();
        assertThatThrownBy(() -> draw(
                        DiffusionModel.options().isolated().device(ComponentKind.TEXT_ENCODER, DeviceChoice.gpu())))
                .isInstanceOf(DeviceUnavailableException.class)
                .hasMessageContaining("there is no GPU");
        ModelOpener options =
                DiffusionModel.options().isolated().device(DeviceChoice.gpu().orElseCpu());
        try (DiffusionModel sd = options.open(DemoModel.path())) {
            assertThat(sd.device(ComponentKind.DENOISER)).isEqualTo(cpu());
        }
    }

    @Test
    void aBudgetAndStreamingDoNotChangeThePicture() {
        BufferedImage expected = draw(DiffusionModel.options().device(DeviceChoice.cpu()));
        BufferedImage streamed = draw(DiffusionModel.options()
                .device(DeviceChoice.cpu())
                .memoryBudget(MemoryBudget.gib(0.02))
                .streamLayers(true));
        assertThat(psnr(expected, streamed)).isGreaterThan(50);
    }
}
