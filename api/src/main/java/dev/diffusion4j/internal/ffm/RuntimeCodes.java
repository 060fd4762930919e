package dev.diffusion4j.internal.ffm;

import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.error.NativeFailureException;
import dev.diffusion4j.internal.engine.GenerationObserver.ProgressKind;
import dev.diffusion4j.request.HighResFix;
import dev.diffusion4j.request.LoraMode;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.PreviewMode;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.WeightType;
import dev.diffusion4j.scheduler.PredictionType;
import dev.diffusion4j.tensor.RandomSource;
import java.util.Arrays;
import java.util.function.ToIntFunction;

/**
 * The runtime's number of each enum constant, by the bindings' names: upstream inserts values in the middle of its lists, so
 * that a constant's place in a list of this library says nothing. The enums themselves do not know their numbers, because
 * the bindings must not be touched before the library is loaded.
 */
public final class RuntimeCodes {

    private RuntimeCodes() {}

    /** The runtime's {@code sample_method_t}. */
    public static int of(Sampler sampler) {
        return switch (sampler) {
            case EULER -> D4j.EULER_SAMPLE_METHOD();
            case EULER_A -> D4j.EULER_A_SAMPLE_METHOD();
            case HEUN -> D4j.HEUN_SAMPLE_METHOD();
            case DPM2 -> D4j.DPM2_SAMPLE_METHOD();
            case DPMPP_2S_A -> D4j.DPMPP2S_A_SAMPLE_METHOD();
            case DPMPP_2M -> D4j.DPMPP2M_SAMPLE_METHOD();
            case DPMPP_2M_V2 -> D4j.DPMPP2Mv2_SAMPLE_METHOD();
            case IPNDM -> D4j.IPNDM_SAMPLE_METHOD();
            case IPNDM_V -> D4j.IPNDM_V_SAMPLE_METHOD();
            case LCM -> D4j.LCM_SAMPLE_METHOD();
            case DDIM_TRAILING -> D4j.DDIM_TRAILING_SAMPLE_METHOD();
            case TCD -> D4j.TCD_SAMPLE_METHOD();
            case RES_MULTISTEP -> D4j.RES_MULTISTEP_SAMPLE_METHOD();
            case RES_2S -> D4j.RES_2S_SAMPLE_METHOD();
            case ER_SDE -> D4j.ER_SDE_SAMPLE_METHOD();
            case EULER_CFG_PP -> D4j.EULER_CFG_PP_SAMPLE_METHOD();
            case EULER_A_CFG_PP -> D4j.EULER_A_CFG_PP_SAMPLE_METHOD();
            case EULER_GE -> D4j.EULER_GE_SAMPLE_METHOD();
        };
    }

    /** The runtime's {@code scheduler_t}. */
    public static int of(NoiseSchedule schedule) {
        return switch (schedule) {
            case DISCRETE -> D4j.DISCRETE_SCHEDULER();
            case KARRAS -> D4j.KARRAS_SCHEDULER();
            case EXPONENTIAL -> D4j.EXPONENTIAL_SCHEDULER();
            case AYS -> D4j.AYS_SCHEDULER();
            case GITS -> D4j.GITS_SCHEDULER();
            case SGM_UNIFORM -> D4j.SGM_UNIFORM_SCHEDULER();
            case SIMPLE -> D4j.SIMPLE_SCHEDULER();
            case SMOOTHSTEP -> D4j.SMOOTHSTEP_SCHEDULER();
            case KL_OPTIMAL -> D4j.KL_OPTIMAL_SCHEDULER();
            case LCM -> D4j.LCM_SCHEDULER();
            case BONG_TANGENT -> D4j.BONG_TANGENT_SCHEDULER();
            case LTX2 -> D4j.LTX2_SCHEDULER();
        };
    }

    /** The runtime's {@code prediction_t}. */
    public static int of(PredictionType prediction) {
        return switch (prediction) {
            case EPSILON -> D4j.EPS_PRED();
            case V_PREDICTION -> D4j.V_PRED();
            case SAMPLE -> throw new IllegalStateException("refused by the options");
            case EDM_V -> D4j.EDM_V_PRED();
            case FLOW -> D4j.FLOW_PRED();
            case FLUX_FLOW -> D4j.FLUX_FLOW_PRED();
            case FLUX2_FLOW -> D4j.FLUX2_FLOW_PRED();
        };
    }

    /** The runtime's {@code lora_apply_mode_t}. */
    public static int of(LoraMode mode) {
        return switch (mode) {
            case AUTO -> D4j.LORA_APPLY_AUTO();
            case IMMEDIATELY -> D4j.LORA_APPLY_IMMEDIATELY();
            case AT_RUNTIME -> D4j.LORA_APPLY_AT_RUNTIME();
        };
    }

    /** The runtime's {@code rng_type_t}. */
    public static int of(RandomSource source) {
        return switch (source) {
            case CUDA -> D4j.CUDA_RNG();
            case CPU -> D4j.CPU_RNG();
            case STD -> D4j.STD_DEFAULT_RNG();
        };
    }

    /** The runtime's {@code preview_t}. */
    public static int of(PreviewMode mode) {
        return switch (mode) {
            case PROJECTION -> D4j.PREVIEW_PROJ();
            case TINY_AUTOENCODER -> D4j.PREVIEW_TAE();
            case VAE -> D4j.PREVIEW_VAE();
        };
    }

    /** The runtime's {@code sd_type_t}, which is ggml's number of the type. */
    public static int of(WeightType type) {
        return switch (type) {
            case F32 -> D4j.SD_TYPE_F32();
            case F16 -> D4j.SD_TYPE_F16();
            case Q4_0 -> D4j.SD_TYPE_Q4_0();
            case Q4_1 -> D4j.SD_TYPE_Q4_1();
            case Q5_0 -> D4j.SD_TYPE_Q5_0();
            case Q5_1 -> D4j.SD_TYPE_Q5_1();
            case Q8_0 -> D4j.SD_TYPE_Q8_0();
            case Q2_K -> D4j.SD_TYPE_Q2_K();
            case Q3_K -> D4j.SD_TYPE_Q3_K();
            case Q4_K -> D4j.SD_TYPE_Q4_K();
            case Q5_K -> D4j.SD_TYPE_Q5_K();
            case Q6_K -> D4j.SD_TYPE_Q6_K();
            case IQ4_NL -> D4j.SD_TYPE_IQ4_NL();
            case BF16 -> D4j.SD_TYPE_BF16();
        };
    }

    /** The runtime's {@code sd_hires_upscaler_t}. */
    public static int of(HighResFix.Upscaler upscaler) {
        return switch (upscaler) {
            case LATENT -> D4j.SD_HIRES_UPSCALER_LATENT();
            case LATENT_NEAREST -> D4j.SD_HIRES_UPSCALER_LATENT_NEAREST();
            case LATENT_NEAREST_EXACT -> D4j.SD_HIRES_UPSCALER_LATENT_NEAREST_EXACT();
            case LATENT_ANTIALIASED -> D4j.SD_HIRES_UPSCALER_LATENT_ANTIALIASED();
            case LATENT_BICUBIC -> D4j.SD_HIRES_UPSCALER_LATENT_BICUBIC();
            case LATENT_BICUBIC_ANTIALIASED -> D4j.SD_HIRES_UPSCALER_LATENT_BICUBIC_ANTIALIASED();
            case LANCZOS -> D4j.SD_HIRES_UPSCALER_LANCZOS();
            case NEAREST -> D4j.SD_HIRES_UPSCALER_NEAREST();
        };
    }

    private static int of(ProgressKind kind) {
        return switch (kind) {
            case LOADING -> D4j.D4J_PROGRESS_LOADING();
            case SAMPLING -> D4j.D4J_PROGRESS_SAMPLING();
            case TILES -> D4j.D4J_PROGRESS_TILES();
        };
    }

    /**
     * The sampler of a number that the runtime gave.
     *
     * @throws NativeFailureException if this library knows none
     */
    public static Sampler sampler(int code) {
        return constant("sampler", Sampler.values(), RuntimeCodes::of, code);
    }

    /**
     * The schedule of a number that the runtime gave.
     *
     * @throws NativeFailureException if this library knows none
     */
    public static NoiseSchedule schedule(int code) {
        return constant("schedule", NoiseSchedule.values(), RuntimeCodes::of, code);
    }

    static ProgressKind progressKind(int code) {
        return constant("kind of progress", ProgressKind.values(), RuntimeCodes::of, code);
    }

    private static <E extends Enum<E>> E constant(String what, E[] constants, ToIntFunction<E> codeOf, int code) {
        return Arrays.stream(constants)
                .filter(constant -> codeOf.applyAsInt(constant) == code)
                .findFirst()
                .orElseThrow(() -> new NativeFailureException("the runtime named a " + what + " by the number " + code
                        + ", which this version of Diffusion4J does not know"));
    }
}
