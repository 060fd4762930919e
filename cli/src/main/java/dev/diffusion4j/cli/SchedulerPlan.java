package dev.diffusion4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.scheduler.FlowMatchScheduler;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerType;
import dev.diffusion4j.scheduler.SigmaScheduler;
import dev.diffusion4j.scheduler.Timestep;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The model calls of a scheduler, for people and machines.
 *
 * @param sigmas the noise level of each call and the one that the last ends on, of schedulers that work with them
 */
record SchedulerPlan(SchedulerType type, int steps, List<Timestep> timesteps, Optional<float[]> sigmas) {

    static SchedulerPlan of(SchedulerType type, int steps) {
        Scheduler planned = type.create().withSteps(steps);
        Optional<float[]> sigmas = switch (planned) {
            case SigmaScheduler levels -> Optional.of(levels.sigmas());
            case FlowMatchScheduler levels -> Optional.of(levels.sigmas());
            default -> Optional.empty();
        };
        return new SchedulerPlan(type, steps, planned.timesteps(), sigmas);
    }

    void print(PrintStream out) {
        out.printf("%s, steps: %d, model calls: %d%n", type.title(), steps, timesteps.size());
        out.printf("%4s  %9s%s%n", "call", "timestep", sigmas.isPresent() ? "  " + "%9s".formatted("sigma") : "");
        for (int i = 0; i < timesteps.size(); i++) {
            out.printf(
                    "%4d  %9s%s%n",
                    i, String.format(Locale.ROOT, "%.3f", timesteps.get(i).value()), sigma(i));
        }
        if (sigmas.isPresent()) {
            out.printf("%4s  %9s%s%n", "end", "", sigma(timesteps.size()));
        }
    }

    private String sigma(int index) {
        return sigmas.map(levels -> String.format(Locale.ROOT, "  %9.4f", levels[index]))
                .orElse("");
    }

    ObjectNode toJson() {
        ObjectNode node = new ObjectMapper().createObjectNode();
        node.put("scheduler", type.id()).put("steps", steps);
        ArrayNode times = node.putArray("timesteps");
        timesteps.forEach(timestep -> times.add(timestep.value()));
        sigmas.ifPresent(levels -> {
            ArrayNode array = node.putArray("sigmas");
            for (float level : levels) {
                array.add(level);
            }
        });
        return node;
    }
}
