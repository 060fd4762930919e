package dev.diffusion4j.scheduler;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;

/** Makes a scheduler from diffusers' names and options. */
final class GoldenOptions {

    private GoldenOptions() {}

    static Scheduler scheduler(String name, JsonNode options) {
        DiscreteScheduler.Builder<?> builder = switch (name) {
            case "PNDMScheduler" -> PndmScheduler.builder();
            case "LMSDiscreteScheduler" -> LmsScheduler.builder();
            case "HeunDiscreteScheduler" -> HeunScheduler.builder();
            case "EulerDiscreteScheduler" -> EulerScheduler.builder();
            case "EulerAncestralDiscreteScheduler" -> EulerAncestralScheduler.builder();
            case "DDIMScheduler" -> DdimScheduler.builder();
            case "DPMSolverMultistepScheduler" -> DpmSolverMultistepScheduler.builder();
            default -> throw new IllegalArgumentException(name);
        };
        options.properties().forEach(option -> set(builder, option.getKey(), option.getValue()));
        return builder.build();
    }

    private static void set(DiscreteScheduler.Builder<?> builder, String name, JsonNode value) {
        switch (name) {
            case "num_train_timesteps" -> builder.numTrainTimesteps(value.asInt());
            case "beta_start" -> builder.betaStart(value.asDouble());
            case "beta_end" -> builder.betaEnd(value.asDouble());
            case "beta_schedule" -> builder.betaSchedule(constant(BetaSchedule.values(), value));
            case "prediction_type" -> builder.predictionType(constant(PredictionType.values(), value));
            case "timestep_spacing" -> builder.timestepSpacing(constant(TimestepSpacing.values(), value));
            case "steps_offset" -> builder.stepsOffset(value.asInt());
            case "rescale_betas_zero_snr" -> builder.zeroSnr(value.asBoolean());
            case "strength", "torch_seed", "custom_sigmas" -> {}
            default -> {
                switch (builder) {
                    case PndmScheduler.Builder pndm -> setPndm(pndm, name, value);
                    case DdimScheduler.Builder ddim -> setDdim(ddim, name, value);
                    case DpmSolverMultistepScheduler.Builder dpm -> setDpm(dpm, name, value);
                    case SigmaScheduler.Builder<?> sigma -> setSigma(sigma, name, value);
                }
            }
        }
    }

    private static void setPndm(PndmScheduler.Builder builder, String name, JsonNode value) {
        switch (name) {
            case "skip_prk_steps" -> builder.skipPrkSteps(value.asBoolean());
            case "set_alpha_to_one" -> builder.setAlphaToOne(value.asBoolean());
            default -> throw new IllegalArgumentException(name);
        }
    }

    private static void setDdim(DdimScheduler.Builder builder, String name, JsonNode value) {
        switch (name) {
            case "eta" -> builder.eta(value.asDouble());
            case "set_alpha_to_one" -> builder.setAlphaToOne(value.asBoolean());
            case "clip_sample" -> builder.clipSample(value.asBoolean());
            case "clip_sample_range" -> builder.clipSampleRange(value.asDouble());
            default -> throw new IllegalArgumentException(name);
        }
    }

    private static void setDpm(DpmSolverMultistepScheduler.Builder builder, String name, JsonNode value) {
        switch (name) {
            case "algorithm_type" -> builder.algorithmType(constant(DpmSolverAlgorithm.values(), value));
            case "solver_order" -> builder.solverOrder(value.asInt());
            case "solver_type" -> builder.solverType(constant(DpmSolverType.values(), value));
            case "final_sigmas_type" -> builder.finalSigmasType(constant(FinalSigmasType.values(), value));
            case "use_karras_sigmas" -> builder.useKarrasSigmas(value.asBoolean());
            case "lambda_min_clipped" -> builder.lambdaMinClipped(value.asDouble());
            case "euler_at_final" -> builder.eulerAtFinal(value.asBoolean());
            case "lower_order_final" -> builder.lowerOrderFinal(value.asBoolean());
            default -> throw new IllegalArgumentException(name);
        }
    }

    private static void setSigma(SigmaScheduler.Builder<?> builder, String name, JsonNode value) {
        switch (name) {
            case "final_sigmas_type" ->
                ((EulerScheduler.Builder) builder).finalSigmasType(constant(FinalSigmasType.values(), value));
            case "use_karras_sigmas" -> setKarras(builder, value.asBoolean());
            default -> throw new IllegalArgumentException(name);
        }
    }

    private static void setKarras(SigmaScheduler.Builder<?> builder, boolean use) {
        switch (builder) {
            case EulerScheduler.Builder euler -> euler.useKarrasSigmas(use);
            case LmsScheduler.Builder lms -> lms.useKarrasSigmas(use);
            case HeunScheduler.Builder heun -> heun.useKarrasSigmas(use);
            case EulerAncestralScheduler.Builder ancestral ->
                throw new IllegalArgumentException("use_karras_sigmas: " + ancestral);
        }
    }

    private static <E extends Enum<E>> E constant(E[] constants, JsonNode value) {
        return Arrays.stream(constants)
                .filter(constant -> constant.toString().equals(value.asText()))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(value.asText()));
    }
}
