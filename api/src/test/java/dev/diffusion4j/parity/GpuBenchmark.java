package dev.diffusion4j.parity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.NativeRuntime;
import dev.diffusion4j.Progress;
import dev.diffusion4j.device.Device;
import dev.diffusion4j.modelfile.ComponentKind;
import dev.diffusion4j.modelfile.TensorType;
import dev.diffusion4j.request.WeightType;
import dev.diffusion4j.testing.gpu.Figures;
import dev.diffusion4j.testing.gpu.GpuDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Pictures a second, the time of a step and of decoding, and memory, for models of Stable Diffusion 1.5's and SDXL's sizes
 * by the type of their weights. The weights are made up: how long it takes does not depend on what they are.
 *
 * <ul>
 *   <li>{@code -Dgpu.model=} {@code full} (the default) or {@code narrow}, of Stable Diffusion 1.5's layout, or {@code
 *       sdxl} or {@code sdxl-narrow}
 *   <li>{@code -Dgpu.model.folder=} where its file is kept for the next run; a temporary one without it
 *   <li>{@code -Dgpu.size=}, {@code -Dgpu.types=} one or several, with commas between them
 *   <li>{@code -Dgpu.steps=}, {@code -Dgpu.pictures=} of each measurement
 * </ul>
 */
@Tag("gpu-benchmark")
class GpuBenchmark {

    private static final List<Integer> SIZES =
            list("gpu.size", "512").stream().map(Integer::valueOf).toList();
    private static final List<WeightType> TYPES =
            list("gpu.types", "f32,f16,q8_0,q4_0").stream().map(WeightType::of).toList();
    private static final int STEPS = Integer.getInteger("gpu.steps", 20);
    private static final int PICTURES = Integer.getInteger("gpu.pictures", 3);
    private static final String MODEL = System.getProperty("gpu.model", "full");
    private static final double MIB = 1 << 20;

    @TempDir
    private static Path temporary;

    private static Path file;

    private static List<String> list(String property, String otherwise) {
        return Arrays.asList(System.getProperty(property, otherwise).split(","));
    }

    @BeforeAll
    static void write() throws Exception {
        String kept = System.getProperty("gpu.model.folder");
        Path folder = kept == null ? temporary : Files.createDirectories(Path.of(kept));
        file = folder.resolve(MODEL + ".safetensors");
        if (!Files.exists(file)) {
            SyntheticModel model = switch (MODEL) {
                case "sdxl" -> SyntheticModel.readFullSdxl();
                case "sdxl-narrow" -> SyntheticModel.read(FamilyGoldens.open("sdxl.tsv"));
                default -> SyntheticModel.read(MODEL);
            };
            long start = System.nanoTime();
            Path unfinished = folder.resolve(MODEL + ".part");
            Files.deleteIfExists(unfinished);
            model.write(unfinished, TensorType.F16);
            Files.move(unfinished, file);
            Figures.add(
                    "model", Map.of("model", MODEL, "bytes", Files.size(file), "written_seconds", secondsSince(start)));
        }
    }

    private static double secondsSince(long start) {
        return (System.nanoTime() - start) / 1e9;
    }

    private static Device device(String name) {
        return NativeRuntime.devices().stream()
                .filter(device -> device.name().equalsIgnoreCase(name))
                .findFirst()
                .orElseThrow();
    }

    private static GeneratedImage draw(DiffusionModel sd, int size, int steps, Consumer<Progress> listener) {
        GeneratedImage image = sd.textToImage("a picture of a puppy")
                .size(size, size)
                .steps(steps)
                .guidanceScale(7)
                .seed(42)
                .onProgress(listener::accept)
                .generate();
        assertThat(image.width()).isEqualTo(size);
        return image;
    }

    /** The least free memory while something runs, asked for every few milliseconds, decoding included. */
    private static long leastFree(Device device, Runnable work) throws InterruptedException {
        AtomicLong least = new AtomicLong(NativeRuntime.memory(device).free());
        CountDownLatch done = new CountDownLatch(1);
        Thread watcher = Thread.ofPlatform().daemon().start(() -> {
            try {
                while (!done.await(5, TimeUnit.MILLISECONDS)) {
                    least.accumulateAndGet(NativeRuntime.memory(device).free(), Math::min);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        try {
            work.run();
        } finally {
            done.countDown();
        }
        watcher.join();
        return least.get();
    }

    /** When the steps of one picture ended. */
    private static final class Steps {

        private final List<Long> ends = new ArrayList<>();

        void heard(Progress progress) {
            if (progress.phase() == Progress.Phase.SAMPLING && progress.step() > 0) {
                ends.add(System.nanoTime());
            }
        }

        /** The median; of a single step there is nothing to say, as its begin is not known. */
        double seconds() {
            long[] steps = new long[ends.size() - 1];
            for (int i = 0; i < steps.length; i++) {
                steps[i] = ends.get(i + 1) - ends.get(i);
            }
            Arrays.sort(steps);
            return steps.length == 0 ? Double.NaN : steps[steps.length / 2] / 1e9;
        }

        double secondsAfterwards() {
            return secondsSince(ends.getLast());
        }
    }

    @Test
    void picturesASecondAndMemoryByWeightType() throws InterruptedException {
        for (WeightType type : TYPES) {
            long start = System.nanoTime();
            try (DiffusionModel sd = DiffusionModel.options()
                    .device(GpuDevice.wanted())
                    .weightType(type)
                    .open(file)) {
                double opened = secondsSince(start);
                for (int size : SIZES) {
                    measure(sd, type, size, opened);
                }
            }
        }
    }

    private static void measure(DiffusionModel sd, WeightType type, int size, double opened)
            throws InterruptedException {
        Device device = device(sd.device(ComponentKind.DENOISER));
        long total = NativeRuntime.memory(device).total();
        // The first one loads the weights and compiles what the device needs. It takes as much memory as a whole one.
        long start = System.nanoTime();
        long leastFree = leastFree(device, () -> draw(sd, size, Math.min(STEPS, 3), _ -> {}));
        double first = secondsSince(start);
        double[] steps = new double[PICTURES];
        double[] decodings = new double[PICTURES];
        double[] pictures = new double[PICTURES];
        for (int i = 0; i < PICTURES; i++) {
            Steps heard = new Steps();
            start = System.nanoTime();
            draw(sd, size, STEPS, heard::heard);
            decodings[i] = heard.secondsAfterwards();
            pictures[i] = secondsSince(start);
            steps[i] = heard.seconds();
        }
        double seconds = median(pictures);
        double inUse = (total - leastFree) / MIB;
        System.out.printf(
                Locale.ROOT,
                "| %s | %s | %s | %dx%d, %d steps | %.3f pictures/s | %.2f s | %.4f s a step | %.3f s to decode |"
                        + " %.0f MiB in use on the device |%n",
                device.description(),
                MODEL,
                type,
                size,
                size,
                STEPS,
                1 / seconds,
                seconds,
                median(steps),
                median(decodings),
                inUse);
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("model", MODEL);
        figures.put("type", type.toString());
        figures.put("device", device.description());
        figures.put("size", size);
        figures.put("steps", STEPS);
        figures.put("pictures", PICTURES);
        figures.put("pictures_a_second", 1 / seconds);
        figures.put("seconds_a_picture", seconds);
        figures.put("seconds_a_step", STEPS > 1 ? median(steps) : null);
        figures.put("seconds_to_decode", median(decodings));
        figures.put("seconds_to_open", opened);
        figures.put("seconds_of_the_first", first);
        figures.put("device_mib_in_use_at_most", inUse);
        figures.put("process_mib_at_most", processMib());
        Figures.add("drawing", figures);
    }

    /** The most memory that this process had so far, as Linux tells. */
    private static Double processMib() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith("VmHWM:"))
                    .map(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")) / 1024)
                    .findFirst()
                    .orElse(null);
        } catch (IOException e) {
            return null;
        }
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
