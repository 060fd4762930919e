package dev.diffusion4j.parity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.GpuDevice;
import dev.diffusion4j.StableDiffusion;
import dev.diffusion4j.StableDiffusionOptions;
import dev.diffusion4j.StableDiffusionOptions.ModelPart;
import dev.diffusion4j.WeightType;
import dev.diffusion4j.model.TensorType;
import dev.diffusion4j.runtime.Device;
import dev.diffusion4j.runtime.NativeRuntime;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Pictures a second and memory for a model of Stable Diffusion 1.5's size, by the type of its weights. The weights are made
 * up: how long it takes does not depend on what they are. {@code -Dgpu.size=} and {@code -Dgpu.steps=} take others than
 * 512 and 20.
 */
@Tag("gpu-benchmark")
class GpuBenchmark {

    private static final int SIZE = Integer.getInteger("gpu.size", 512);
    private static final int STEPS = Integer.getInteger("gpu.steps", 20);
    private static final int PICTURES = Integer.getInteger("gpu.pictures", 3);
    private static final String MODEL = System.getProperty("gpu.model", "full");
    private static final double MIB = 1 << 20;

    @TempDir
    private static Path folder;

    private static Path file;

    @BeforeAll
    static void write() {
        file = folder.resolve("model.safetensors");
        SyntheticModel.read(MODEL).write(file, TensorType.F16);
    }

    private static StableDiffusionOptions options(WeightType type) {
        return StableDiffusion.options().device(GpuDevice.wanted()).weightType(type);
    }

    private static Device device(String name) {
        return NativeRuntime.devices().stream()
                .filter(device -> device.name().equalsIgnoreCase(name))
                .findFirst()
                .orElseThrow();
    }

    private static GeneratedImage draw(StableDiffusion sd, Runnable onStep) {
        return sd.textToImage("a picture of a puppy")
                .size(SIZE, SIZE)
                .steps(STEPS)
                .guidanceScale(7)
                .seed(42)
                .onProgress(_ -> onStep.run())
                .generate();
    }

    @Test
    void picturesASecondAndMemoryByWeightType() {
        for (WeightType type : List.of(WeightType.F32, WeightType.F16, WeightType.Q8_0, WeightType.Q4_0)) {
            try (StableDiffusion sd = options(type).open(file)) {
                String name = sd.device(ModelPart.DIFFUSION_MODEL);
                long total = NativeRuntime.memory(device(name)).total();
                AtomicLong least = new AtomicLong(total);
                // The first one loads the weights and compiles what the device needs.
                GeneratedImage first = draw(
                        sd,
                        () -> least.accumulateAndGet(
                                NativeRuntime.memory(device(name)).free(), Math::min));
                assertThat(first.width()).isEqualTo(SIZE);
                long start = System.nanoTime();
                for (int i = 0; i < PICTURES; i++) {
                    draw(sd, () -> {});
                }
                double seconds = (System.nanoTime() - start) / 1e9 / PICTURES;
                System.out.printf(
                        Locale.ROOT,
                        "| %s | %s | %dx%d, %d steps | %.3f pictures/s | %.2f s | %.0f MiB in use on the device |%n",
                        device(name).description(),
                        type,
                        SIZE,
                        SIZE,
                        STEPS,
                        1 / seconds,
                        seconds,
                        (total - least.get()) / MIB);
            }
        }
    }
}
