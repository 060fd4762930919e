package dev.diffusion4j.scheduler;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** Makes a scheduler from diffusers' names and options, as the file of a model has them where there is one. */
final class GoldenOptions {

    /** What a case says of its run and not of the scheduler. */
    private static final List<String> OF_THE_RUN =
            List.of("strength", "torch_seed", "custom_sigmas", "mu", "image_seq_len");

    private GoldenOptions() {}

    static Scheduler scheduler(String name, JsonNode options) {
        ObjectNode config = options.deepCopy();
        config.remove(OF_THE_RUN);
        if (config.has("pipeline_sigmas")) {
            return pipelines(config);
        }
        if (config.has("eta")) {
            return ddim(config);
        }
        return DiffusersConfig.parse(config.put("_class_name", name).toString());
    }

    /** What steps are given in Python, and no file has. */
    private static Scheduler ddim(ObjectNode options) {
        double eta = options.remove("eta").asDouble();
        DdimScheduler read = (DdimScheduler) DiffusersConfig.parse(
                options.put("_class_name", "DDIMScheduler").toString());
        DdimScheduler.Options others = (DdimScheduler.Options) read.options();
        return new DdimScheduler(
                read.config(),
                new DdimScheduler.Options(eta, others.setAlphaToOne(), others.clipSampleRange()),
                PlannedScheduler.Run.UNPLANNED);
    }

    private static Scheduler pipelines(ObjectNode options) {
        options.remove("pipeline_sigmas");
        FlowMatchEulerScheduler read = (FlowMatchEulerScheduler) DiffusersConfig.parse(
                options.put("_class_name", "FlowMatchEulerDiscreteScheduler").toString());
        FlowMatchEulerScheduler.Options others = (FlowMatchEulerScheduler.Options) read.options();
        FlowMatchEulerScheduler.Builder builder =
                FlowMatchEulerScheduler.builder().shift(others.shift()).timestepSpacing(TimestepSpacing.TRAILING);
        others.dynamicShift().ifPresent(builder::dynamicShift);
        others.shiftTerminal().ifPresent(builder::shiftTerminal);
        return builder.build();
    }
}
