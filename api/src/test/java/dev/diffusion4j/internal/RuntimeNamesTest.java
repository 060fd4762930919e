package dev.diffusion4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.HighResFix;
import dev.diffusion4j.LoraMode;
import dev.diffusion4j.NoiseSchedule;
import dev.diffusion4j.Prediction;
import dev.diffusion4j.Sampler;
import dev.diffusion4j.WeightType;
import dev.diffusion4j.bindings.D4j;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The enums' numbers mean the same to the native library: upstream inserts values in the middle of its lists. */
class RuntimeNamesTest {

    @BeforeAll
    static void load() {
        NativeLibrary.load();
    }

    @Test
    void samplers() {
        assertThat(Sampler.values()).hasSize(D4j.SAMPLE_METHOD_COUNT());
        for (Sampler sampler : Sampler.values()) {
            assertThat(D4j.sd_sample_method_name(sampler.ordinal()).getString(0))
                    .isEqualTo(sampler.cliName());
        }
    }

    @Test
    void schedules() {
        assertThat(NoiseSchedule.values()).hasSize(D4j.SCHEDULER_COUNT());
        for (NoiseSchedule schedule : NoiseSchedule.values()) {
            assertThat(D4j.sd_scheduler_name(schedule.ordinal()).getString(0)).isEqualTo(schedule.cliName());
        }
    }

    @Test
    void weightTypes() {
        for (WeightType type : WeightType.values()) {
            assertThat(D4j.sd_type_name(type.code()).getString(0)).isEqualToIgnoringCase(type.toString());
        }
    }

    @Test
    void predictions() {
        assertThat(Prediction.values()).hasSize(D4j.PREDICTION_COUNT());
        assertThat(D4j.sd_prediction_name(Prediction.EPSILON.ordinal()).getString(0))
                .isEqualTo("eps");
        assertThat(D4j.sd_prediction_name(Prediction.V.ordinal()).getString(0)).isEqualTo("v");
        assertThat(D4j.sd_prediction_name(Prediction.FLUX2_FLOW.ordinal()).getString(0))
                .isEqualTo("flux2_flow");
    }

    @Test
    void loraModes() {
        assertThat(D4j.sd_lora_apply_mode_name(LoraMode.AUTO.ordinal()).getString(0))
                .isEqualTo("auto");
        assertThat(D4j.sd_lora_apply_mode_name(LoraMode.IMMEDIATELY.ordinal()).getString(0))
                .isEqualTo("immediately");
        assertThat(D4j.sd_lora_apply_mode_name(LoraMode.AT_RUNTIME.ordinal()).getString(0))
                .isEqualTo("at_runtime");
    }

    @Test
    void highResUpscalers() {
        for (HighResFix.Upscaler upscaler : HighResFix.Upscaler.values()) {
            String runtimeName = D4j.sd_hires_upscaler_name(upscaler.code()).getString(0);
            assertThat(runtimeName.toLowerCase(java.util.Locale.ROOT).replaceAll("[^a-z]", ""))
                    .isEqualTo(
                            upscaler.name().toLowerCase(java.util.Locale.ROOT).replace("_", ""));
        }
    }
}
