package dev.diffusion4j.internal.ffm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.error.NativeFailureException;
import dev.diffusion4j.internal.ffm.library.NativeLibrary;
import dev.diffusion4j.request.HighResFix;
import dev.diffusion4j.request.LoraMode;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.PreviewMode;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.WeightType;
import dev.diffusion4j.scheduler.PredictionType;
import dev.diffusion4j.tensor.RandomSource;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The enums' numbers mean the same to the native library: upstream inserts values in the middle of its lists. */
@Tag("native")
class RuntimeNamesTest {

    @BeforeAll
    static void load() {
        NativeLibrary.load();
    }

    @Test
    void samplers() {
        assertThat(Sampler.values()).hasSize(D4j.SAMPLE_METHOD_COUNT());
        for (Sampler sampler : Sampler.values()) {
            assertThat(D4j.sd_sample_method_name(RuntimeCodes.of(sampler)).getString(0))
                    .isEqualTo(sampler.id());
        }
    }

    @Test
    void schedules() {
        assertThat(NoiseSchedule.values()).hasSize(D4j.SCHEDULER_COUNT());
        for (NoiseSchedule schedule : NoiseSchedule.values()) {
            assertThat(D4j.sd_scheduler_name(RuntimeCodes.of(schedule)).getString(0))
                    .isEqualTo(schedule.id());
        }
    }

    @Test
    void weightTypes() {
        for (WeightType type : WeightType.values()) {
            assertThat(D4j.sd_type_name(RuntimeCodes.of(type)).getString(0)).isEqualToIgnoringCase(type.toString());
        }
    }

    @Test
    void predictions() {
        Map<PredictionType, String> names = Map.of(
                PredictionType.EPSILON, "eps",
                PredictionType.V_PREDICTION, "v",
                PredictionType.EDM_V, "edm_v",
                PredictionType.FLOW, "sd3_flow",
                PredictionType.FLUX_FLOW, "flux_flow",
                PredictionType.FLUX2_FLOW, "flux2_flow");
        // No model of the runtime predicts the sample itself.
        Set<PredictionType> known = EnumSet.complementOf(EnumSet.of(PredictionType.SAMPLE));
        assertThat(names).containsOnlyKeys(known).hasSize(D4j.PREDICTION_COUNT());
        names.forEach((prediction, name) -> assertThat(
                        D4j.sd_prediction_name(RuntimeCodes.of(prediction)).getString(0))
                .isEqualTo(name));
    }

    @Test
    void loraModes() {
        assertThat(LoraMode.values()).hasSize(D4j.LORA_APPLY_MODE_COUNT());
        for (LoraMode mode : LoraMode.values()) {
            assertThat(D4j.sd_lora_apply_mode_name(RuntimeCodes.of(mode)).getString(0))
                    .isEqualTo(mode.name().toLowerCase(Locale.ROOT));
        }
    }

    @Test
    void randomSources() {
        Map<RandomSource, String> names =
                Map.of(RandomSource.CUDA, "cuda", RandomSource.CPU, "cpu", RandomSource.STD, "std_default");
        assertThat(names).containsOnlyKeys(RandomSource.values()).hasSize(D4j.RNG_TYPE_COUNT());
        names.forEach((source, name) -> assertThat(
                        D4j.sd_rng_type_name(RuntimeCodes.of(source)).getString(0))
                .isEqualTo(name));
    }

    @Test
    void previewModes() {
        Map<PreviewMode, String> names =
                Map.of(PreviewMode.PROJECTION, "proj", PreviewMode.TINY_AUTOENCODER, "tae", PreviewMode.VAE, "vae");
        assertThat(names).containsOnlyKeys(PreviewMode.values()).hasSize(D4j.PREVIEW_COUNT() - 1);
        names.forEach((mode, name) -> assertThat(
                        D4j.sd_preview_name(RuntimeCodes.of(mode)).getString(0))
                .isEqualTo(name));
    }

    @Test
    void numbersComeBackAsWhatTheyWere() {
        for (Sampler sampler : Sampler.values()) {
            assertThat(RuntimeCodes.sampler(RuntimeCodes.of(sampler))).isEqualTo(sampler);
        }
        for (NoiseSchedule schedule : NoiseSchedule.values()) {
            assertThat(RuntimeCodes.schedule(RuntimeCodes.of(schedule))).isEqualTo(schedule);
        }
    }

    @Test
    void numbersBeyondTheEnumsAreRefusedByName() {
        assertThatThrownBy(() -> RuntimeCodes.sampler(D4j.SAMPLE_METHOD_COUNT()))
                .isInstanceOf(NativeFailureException.class)
                .hasMessageContaining("sampler")
                .hasMessageContaining("number " + D4j.SAMPLE_METHOD_COUNT());
        assertThatThrownBy(() -> RuntimeCodes.schedule(-1))
                .isInstanceOf(NativeFailureException.class)
                .hasMessageContaining("schedule")
                .hasMessageContaining("number -1");
        assertThatThrownBy(() -> RuntimeCodes.progressKind(99)).isInstanceOf(NativeFailureException.class);
    }

    @Test
    void highResUpscalers() {
        for (HighResFix.Upscaler upscaler : HighResFix.Upscaler.values()) {
            String runtimeName =
                    D4j.sd_hires_upscaler_name(RuntimeCodes.of(upscaler)).getString(0);
            assertThat(runtimeName.toLowerCase(Locale.ROOT).replaceAll("[^a-z]", ""))
                    .isEqualTo(upscaler.name().toLowerCase(Locale.ROOT).replace("_", ""));
        }
    }
}
