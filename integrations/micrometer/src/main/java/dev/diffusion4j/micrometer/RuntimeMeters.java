package dev.diffusion4j.micrometer;

import dev.diffusion4j.NativeRuntime;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.BaseUnits;
import io.micrometer.core.instrument.binder.MeterBinder;

/**
 * Gauges of what native code holds in this process: {@code diffusion4j.models.open}, how many models, and
 * {@code diffusion4j.picture.memory}, the bytes of pictures on their way to the heap. They have no tags, and do not load the native
 * library. What isolated models hold is in processes of their own and does not count.
 */
public final class RuntimeMeters implements MeterBinder {

    /** Meters of this process. */
    public RuntimeMeters() {}

    @Override
    public void bindTo(MeterRegistry registry) {
        Gauge.builder("diffusion4j.models.open", NativeRuntime::openModels)
                .description("Models that native code holds open in this process")
                .register(registry);
        Gauge.builder("diffusion4j.picture.memory", NativeRuntime::pictureMemory)
                .description("Native memory of pictures on their way to the heap")
                .baseUnit(BaseUnits.BYTES)
                .register(registry);
    }
}
