package dev.diffusion4j.request;

import dev.diffusion4j.device.DeviceChoice;
import dev.diffusion4j.device.IsolatedOptions;
import dev.diffusion4j.internal.check.Checks;
import java.util.Objects;
import java.util.Optional;

/**
 * How an upscaler is opened. Immutable.
 *
 * @param device the device that computes
 * @param threads of the CPU, 1 to 512; without it as many as a model takes
 * @param queueCapacity how many pictures may wait beside the one that is enlarged, 0 to 1,000,000
 * @param isolation makes it run in a process of its own
 */
public record UpscalerOptions(
        DeviceChoice device, Optional<Integer> threads, int queueCapacity, Optional<IsolatedOptions> isolation) {

    /** The first GPU, else the CPU; in this process. */
    public static final UpscalerOptions DEFAULT = new UpscalerOptions(
            DeviceChoice.auto(), Optional.empty(), ModelOptions.DEFAULT_QUEUE_CAPACITY, Optional.empty());

    public UpscalerOptions {
        Objects.requireNonNull(device, "device");
        threads.ifPresent(count -> Checks.range("threads", count, 1, 512));
        Checks.range("queueCapacity", queueCapacity, 0, 1_000_000);
        Objects.requireNonNull(isolation, "isolation");
    }

    /** The same on another device. */
    public UpscalerOptions withDevice(DeviceChoice newDevice) {
        return new UpscalerOptions(newDevice, threads, queueCapacity, isolation);
    }

    /** The same with so many threads. */
    public UpscalerOptions withThreads(int count) {
        return new UpscalerOptions(device, Optional.of(count), queueCapacity, isolation);
    }

    /** The same with a queue of another length. */
    public UpscalerOptions withQueueCapacity(int pictures) {
        return new UpscalerOptions(device, threads, pictures, isolation);
    }

    /** The same in a process of its own. */
    public UpscalerOptions withIsolation(IsolatedOptions options) {
        return new UpscalerOptions(device, threads, queueCapacity, Optional.of(options));
    }
}
