package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.device.DeviceChoice;
import dev.diffusion4j.error.OutOfNativeMemoryException;
import dev.diffusion4j.request.FlashAttention;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** More than a device has is asked of it. */
@Tag("native")
class OutOfMemoryTest {

    private static DiffusionModel open(DeviceChoice device) {
        // Flash attention would never hold all scores: it would compute for hours in little memory.
        return DiffusionModel.options()
                .device(device)
                .flashAttention(FlashAttention.NONE)
                .open(DemoModel.path());
    }

    static void assertDoesNotFit(DeviceChoice device) {
        try (DiffusionModel sd = open(device)) {
            // Attention between a million places needs more than any machine has.
            assertThatThrownBy(() -> sd.textToImage("a red circle")
                            .size(8192, 8192)
                            .steps(1)
                            .generate())
                    .isInstanceOf(OutOfNativeMemoryException.class);
        }
        try (DiffusionModel next = open(device)) {
            assertThat(DevicesTest.draw(next)).isNotNull();
        }
    }

    @Test
    void aPictureThatDoesNotFitIsOutOfMemoryAndTheNextModelDraws() {
        assertDoesNotFit(DeviceChoice.cpu());
    }
}
