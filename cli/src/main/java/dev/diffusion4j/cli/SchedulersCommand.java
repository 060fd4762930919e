package dev.diffusion4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.scheduler.SchedulerType;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code diffuse schedulers}: the names that {@code --scheduler}, {@code --sampler} and {@code --schedule} take. */
@Command(
        name = "schedulers",
        header = {"List the schedulers, samplers and noise schedules, or show a scheduler's plan.", ""},
        description = "Needs no model.")
final class SchedulersCommand implements Callable<Integer> {

    @ParentCommand
    private Diffuse diffuse;

    @Option(
            names = "--scheduler",
            paramLabel = "NAME",
            description =
                    "Show the plan of this scheduler: the timesteps that the model is called with, and their noise"
                            + " levels where the scheduler has them.")
    private SchedulerType scheduler;

    @Option(names = "--steps", paramLabel = "N", description = "For that many steps, 1 to 1000.")
    private Integer steps;

    @Option(names = "--json", description = "Write one JSON object.")
    private boolean json;

    @Override
    public Integer call() {
        if ((scheduler == null) != (steps == null)) {
            throw new InvalidRequestException(
                    scheduler == null ? "--scheduler" : "--steps",
                    "absent",
                    "given with " + (scheduler == null ? "--steps" : "--scheduler"));
        }
        Console console = diffuse.console();
        if (scheduler != null) {
            SchedulerPlan plan = SchedulerPlan.of(scheduler, steps);
            if (json) {
                console.printJson(plan.toJson());
            } else {
                plan.print(console.out());
            }
        } else if (json) {
            console.printJson(names());
        } else {
            printNames(console.out());
        }
        return ExitCode.OK;
    }

    private static void printNames(PrintStream out) {
        int width = Stream.of(
                        Stream.of(SchedulerType.values()),
                        Stream.of(Sampler.values()),
                        Stream.of(NoiseSchedule.values()))
                .flatMap(names -> names)
                .mapToInt(name -> name.toString().length())
                .max()
                .orElse(1);
        String form = "  %-" + width + "s  %s%n";
        out.println("Schedulers of the loop in Java (--scheduler)");
        for (SchedulerType type : SchedulerType.values()) {
            String implementation = type.implementation().getSimpleName();
            out.printf(form, type.id(), type.title() + ": " + description(type) + " (" + implementation + ")");
        }
        out.println();
        out.println("Samplers of the native runtime (--sampler)");
        for (Sampler sampler : Sampler.values()) {
            out.printf(form, sampler.id(), sampler.title());
        }
        out.println();
        out.println("Noise schedules of the native runtime (--schedule)");
        for (NoiseSchedule schedule : NoiseSchedule.values()) {
            out.printf(form, schedule.id(), schedule.title());
        }
    }

    private static ObjectNode names() {
        ObjectNode node = new ObjectMapper().createObjectNode();
        ArrayNode schedulers = node.putArray("schedulers");
        for (SchedulerType type : SchedulerType.values()) {
            schedulers
                    .addObject()
                    .put("name", type.id())
                    .put("title", type.title())
                    .put("class", type.implementation().getName())
                    .put("description", description(type));
        }
        ArrayNode samplers = node.putArray("samplers");
        Arrays.stream(Sampler.values())
                .forEach(sampler ->
                        samplers.addObject().put("name", sampler.id()).put("title", sampler.title()));
        ArrayNode schedules = node.putArray("noiseSchedules");
        Arrays.stream(NoiseSchedule.values())
                .forEach(schedule ->
                        schedules.addObject().put("name", schedule.id()).put("title", schedule.title()));
        return node;
    }

    private static String description(SchedulerType type) {
        return switch (type) {
            case PNDM -> "pseudo numerical methods, Stable Diffusion's original default";
            case LMS -> "linear multistep, also known as K-LMS";
            case HEUN -> "Heun's method, two model calls a step";
            case DPM_SOLVER_MULTISTEP -> "second order, 20 to 25 steps are enough";
            case EULER -> "Euler's method over the noise level";
            case EULER_ANCESTRAL -> "Euler's method with fresh noise in each step";
            case DDIM -> "denoising diffusion implicit models";
            case FLOW_MATCH_EULER -> "Euler's method for SD 3, FLUX, Qwen-Image and Z-Image";
            case FLOW_MATCH_HEUN -> "Heun's method for the same, two model calls a step";
        };
    }
}
