package dev.diffusion4j.request;

import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerJson;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The loop in Java over a scheduler. Equal if the schedulers are: this library's are with the same options and plan. Only
 * requests with those can be written as JSON.
 *
 * @param scheduler with or without a plan
 */
public record SchedulerSampling(Scheduler scheduler) implements Sampling {

    public SchedulerSampling {
        Objects.requireNonNull(scheduler, "scheduler");
    }

    Map<String, Object> toJson() {
        return SchedulerJson.write(scheduler);
    }

    static SchedulerSampling fromJson(Map<String, @Nullable Object> fields) {
        return new SchedulerSampling(SchedulerJson.read(fields));
    }
}
