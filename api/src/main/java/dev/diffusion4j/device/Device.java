package dev.diffusion4j.device;

import java.util.Objects;

/**
 * Something that models can run on.
 *
 * @param name the name to choose it by, such as {@code CPU} or {@code CUDA0}
 * @param description what it is, such as the processor's or the card's name
 * @param kind what sort of device it is
 */
public record Device(String name, String description, Kind kind) {

    public Device {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(description, "description");
        Objects.requireNonNull(kind, "kind");
    }

    /** The sorts of devices. */
    public enum Kind {
        CPU,
        GPU,
        /** A GPU that shares the system's memory. */
        INTEGRATED_GPU,
        /** A library that speeds up the CPU, such as BLAS. */
        ACCELERATOR,
        /** A device of an {@code RpcServer}; nothing else is known of it. */
        REMOTE
    }
}
