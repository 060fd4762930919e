package dev.diffusion4j.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files as published models have them; {@link SchedulerParityTest} reads every option through the same reader. */
@Tag("fast")
class DiffusersConfigTest {

    @TempDir
    private Path folder;

    @Test
    void readsStableDiffusionsFile() {
        assertThat(parse("""
                {"_class_name": "PNDMScheduler", "_diffusers_version": "0.6.0", "beta_end": 0.012,
                 "beta_schedule": "scaled_linear", "beta_start": 0.00085, "num_train_timesteps": 1000,
                 "set_alpha_to_one": false, "skip_prk_steps": true, "steps_offset": 1, "trained_betas": null,
                 "clip_sample": false}""")).isEqualTo(SchedulerType.PNDM.create());
    }

    @Test
    void readsFluxsAndStableDiffusion3sFiles() throws IOException {
        Path flux = Files.writeString(folder.resolve("scheduler_config.json"), """
                {"_class_name": "FlowMatchEulerDiscreteScheduler", "_diffusers_version": "0.30.0.dev0",
                 "base_image_seq_len": 256, "base_shift": 0.5, "max_image_seq_len": 4096, "max_shift": 1.15,
                 "num_train_timesteps": 1000, "shift": 3.0, "use_dynamic_shifting": true}""");
        assertThat(DiffusersConfig.read(flux))
                .isEqualTo(FlowMatchEulerScheduler.builder()
                        .shift(3)
                        .dynamicShift(DynamicShift.FLUX)
                        .build());
        assertThat(parse("""
                {"_class_name": "FlowMatchEulerDiscreteScheduler", "invert_sigmas": false, "shift": 3.0,
                 "shift_terminal": null, "time_shift_type": "exponential", "use_dynamic_shifting": false,
                 "max_shift": 1.15, "base_image_seq_len": 256}""")).isEqualTo(SchedulerType.FLOW_MATCH_EULER.create());
    }

    @ParameterizedTest
    @CsvSource({
        "FlowMatchEulerDiscreteScheduler, invert_sigmas, true",
        "FlowMatchEulerDiscreteScheduler, time_shift_type, '\"square\"'",
        "FlowMatchEulerDiscreteScheduler, base_image_seq_len, 0.5",
        "FlowMatchEulerDiscreteScheduler, shift, '\"3\"'",
        "FlowMatchHeunDiscreteScheduler, use_dynamic_shifting, true",
        "DPMSolverMultistepScheduler, use_lu_lambdas, true",
        "DPMSolverMultistepScheduler, thresholding, true",
        "EulerDiscreteScheduler, interpolation_type, '\"log_linear\"'",
        "EulerDiscreteScheduler, trained_betas, '[0.1, 0.2]'",
        "EulerDiscreteScheduler, prediction_type, '\"flow\"'",
        "EulerDiscreteScheduler, use_karras_sigmas, 1",
        "EulerDiscreteScheduler, num_train_timesteps, 1e20",
        "DDIMScheduler, of_a_later_version, 1",
    })
    void refusesWhatItCannotDo(String scheduler, String option, String value) {
        assertThatExceptionOfType(InvalidRequestException.class)
                .isThrownBy(() -> parse("{\"_class_name\": \"%s\", \"%s\": %s}".formatted(scheduler, option, value)))
                .returns(option, InvalidRequestException::field);
    }

    @Test
    void refusesOtherSchedulersAndFilesThatAreNone() throws IOException {
        assertThatExceptionOfType(InvalidRequestException.class)
                .isThrownBy(() -> parse("{\"_class_name\": \"UniPCMultistepScheduler\"}"))
                .withMessageContaining("dpm-solver-multistep");
        assertThatExceptionOfType(InvalidRequestException.class).isThrownBy(() -> parse("{}"));
        Path file = Files.writeString(folder.resolve("broken.json"), "{");
        assertThatExceptionOfType(ModelFileException.class)
                .isThrownBy(() -> DiffusersConfig.read(file))
                .withMessageContaining("broken.json");
        assertThatExceptionOfType(ModelFileException.class)
                .isThrownBy(() -> DiffusersConfig.read(folder.resolve("absent.json")))
                .withMessageContaining("absent.json");
    }

    private static Scheduler parse(String json) {
        return DiffusersConfig.parse(json);
    }
}
