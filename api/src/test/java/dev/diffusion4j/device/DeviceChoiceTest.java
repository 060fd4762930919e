package dev.diffusion4j.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.InvalidRequestException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Devices in words. */
@Tag("fast")
class DeviceChoiceTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "auto",
                "cpu",
                "gpu",
                "gpu:2",
                "gpu,cpu",
                "gpu:1,cpu",
                "CUDA0",
                "Vulkan1,cpu",
                "rpc:192.168.1.7:50052",
                "rpc:box.example-net:1,cpu"
            })
    void textIsReadAsItIsWritten(String text) {
        assertThat(DeviceChoice.parse(text)).hasToString(text);
    }

    @Test
    void theWordsMeanWhatTheySay() {
        assertThat(DeviceChoice.parse("AUTO")).isEqualTo(DeviceChoice.auto());
        assertThat(DeviceChoice.parse("Cpu")).isEqualTo(DeviceChoice.cpu());
        assertThat(DeviceChoice.parse("GPU,cpu")).isEqualTo(DeviceChoice.gpu().orElseCpu());
        assertThat(DeviceChoice.parse("gpu:3")).isEqualTo(DeviceChoice.gpu(3));
        assertThat(DeviceChoice.parse("cuda0")).isEqualTo(DeviceChoice.named("cuda0"));
        assertThat(DeviceChoice.parse("rpc:host:7")).isEqualTo(DeviceChoice.rpc("host:7"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "no such device",
                "vae=cpu",
                "cpu,te=gpu",
                "rpc:",
                "rpc:host",
                "rpc:host:port",
                "gpu:-1",
                "gpu,gpu"
            })
    void nonsenseIsRefused(String text) {
        assertThatThrownBy(() -> DeviceChoice.parse(text))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("device");
    }

    @Test
    void aServerOffersADeviceOfItsOwnMachine() {
        RpcServerOptions options = RpcServerOptions.DEFAULT;
        assertThatThrownBy(() -> options.withDevice(DeviceChoice.rpc("other:50052")))
                .isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> options.withPort(70000)).isInstanceOf(InvalidRequestException.class);
        assertThat(options.host()).isEqualTo("127.0.0.1");
    }
}
