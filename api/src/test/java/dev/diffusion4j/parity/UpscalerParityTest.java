package dev.diffusion4j.parity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.UpscaledImage;
import dev.diffusion4j.Upscaler;
import dev.diffusion4j.device.DeviceChoice;
import dev.diffusion4j.image.Picture;
import dev.diffusion4j.request.UpscaleRequest;
import dev.diffusion4j.request.UpscalerOptions;
import dev.diffusion4j.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An RRDBNet of two blocks and random weights against PyTorch's, by {@code tools/parity/upscalers.py}. */
@Tag("native")
@Timeout(120)
class UpscalerParityTest {

    private static final int STRIDE = 5;

    @TempDir
    private Path folder;

    @Test
    void enlargesAsPyTorchDoes() {
        BufferedImage part = FamilyGoldens.picture().getSubimage(10, 10, 40, 24);
        Path file = FamilyGoldens.write("upscaler", folder);
        try (Upscaler upscaler = Upscaler.open(file, UpscalerOptions.DEFAULT.withDevice(DeviceChoice.cpu()));
                Tensor expected = FamilyGoldens.tensor("upscaler")) {
            UpscaledImage whole = upscaler.upscale(part);
            assertThat(whole.width()).isEqualTo(160);
            double sum = 0;
            for (long i = 0; i < expected.size(); i++) {
                int actual = Byte.toUnsignedInt(whole.pixels().get(ValueLayout.JAVA_BYTE, i * STRIDE));
                double difference = Math.abs(actual - expected.getFlat(i));
                assertThat(difference).as("number %d", i).isLessThan(3);
                sum += difference;
            }
            // Cutting to 8 bits makes up half of one at most.
            assertThat(sum / expected.size()).isLessThan(0.6);

            // Random weights see further than trained ones, beyond the overlap of so small tiles, and yet it is the
            // same picture.
            UpscaledImage tiled =
                    upscaler.upscale(UpscaleRequest.of(Picture.of(part)).withTileSize(20));
            double off = 0;
            for (long i = 0; i < whole.pixels().byteSize(); i++) {
                off += Math.abs(Byte.toUnsignedInt(whole.pixels().get(ValueLayout.JAVA_BYTE, i))
                        - Byte.toUnsignedInt(tiled.pixels().get(ValueLayout.JAVA_BYTE, i)));
            }
            assertThat(off / whole.pixels().byteSize()).isBetween(0.001, 6.0);
        }
    }
}
