package dev.diffusion4j.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.format.Names;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("fast")
class NamesTest {

    @ParameterizedTest
    @CsvSource({
        "euler_a, EULER_A",
        "Euler a, EULER_A",
        "dpm++2m, DPMPP_2M",
        "DPM++ 2M, DPMPP_2M",
        "dpmpp_2m, DPMPP_2M",
        "dpm++2mv2, DPMPP_2M_V2",
        "HEUN, HEUN",
        "DDIM, DDIM_TRAILING",
        "euler-cfg-pp, EULER_CFG_PP",
        "k_euler_a, EULER_A",
        "K-Euler, EULER",
        "euler_ancestral, EULER_A",
        "Euler Ancestral CFG++, EULER_A_CFG_PP",
        "sample_euler_ancestral, EULER_A",
        "EulerAncestralDiscreteScheduler, EULER_A",
        "HeunDiscreteScheduler, HEUN",
        "k_dpm_2, DPM2",
        "KDPM2DiscreteScheduler, DPM2",
        "k_dpmpp_2m, DPMPP_2M",
        "DPMSolverMultistepScheduler, DPMPP_2M",
        "dpmpp_2s_ancestral, DPMPP_2S_A",
        "DPM++ 2S Ancestral, DPMPP_2S_A",
        "gradient_estimation, EULER_GE"
    })
    void samplersAreFoundByTheNamesPeopleType(String typed, Sampler expected) {
        assertThat(Sampler.of(typed)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "DPM++ 2M Karras, DPMPP_2M, KARRAS",
        "dpmpp_2m_karras, DPMPP_2M, KARRAS",
        "k-DPM++_2M   KARRAS, DPMPP_2M, KARRAS",
        "DPM++ 2M SGM Uniform, DPMPP_2M, SGM_UNIFORM",
        "DPM++ 2S a Exponential, DPMPP_2S_A, EXPONENTIAL",
        "Euler a Align Your Steps, EULER_A, AYS",
        "euler_ancestral_simple, EULER_A, SIMPLE",
        "Euler Normal, EULER, DISCRETE",
        "LCM, LCM, ",
        "lcm lcm, LCM, LCM",
        "DPM++ 2M, DPMPP_2M, "
    })
    void aNameMayHaveASchedule(String typed, Sampler sampler, NoiseSchedule schedule) {
        assertThat(SamplerChoice.of(typed)).isEqualTo(new SamplerChoice(sampler, Optional.ofNullable(schedule)));
    }

    @Test
    void everySamplerIsFoundWithEverySchedule() {
        for (Sampler sampler : Sampler.values()) {
            for (NoiseSchedule schedule : NoiseSchedule.values()) {
                SamplerChoice expected = new SamplerChoice(sampler, Optional.of(schedule));
                assertThat(SamplerChoice.of(sampler.title() + " " + schedule.title()))
                        .isEqualTo(expected);
                assertThat(SamplerChoice.of(sampler.name() + "_" + schedule.name()))
                        .isEqualTo(expected);
            }
        }
    }

    @Test
    void aSamplerAloneHasNoSchedule() {
        assertThatThrownBy(() -> Sampler.of("DPM++ 2M Karras"))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("such as dpm++2m")
                .hasMessageContaining("the schedule karras too");
    }

    @ParameterizedTest
    @CsvSource({
        "UniPC, UniPC is not available, dpm++2m",
        "uni_pc_bh2, UniPC is not available, dpm++2m",
        "UniPCMultistepScheduler, UniPC is not available, dpm++2m",
        "DPM++ 2M SDE Karras, DPM++ SDE is not available, er_sde",
        "dpmpp_3m_sde_gpu, DPM++ SDE is not available, er_sde",
        "k_dpm_2_ancestral, DPM2 a is not available, dpm2",
        "k_lms, the scheduler lms, euler",
        "PLMS, the scheduler pndm, ipndm",
        "DPM adaptive, DPM adaptive is not available, dpm++2m"
    })
    void samplersOfOtherProgramsAreNamedWithThoseNearThem(String typed, String reason, String near) {
        assertThatThrownBy(() -> SamplerChoice.of(typed)).isInstanceOfSatisfying(InvalidRequestException.class, e -> {
            assertThat(e.field()).isEqualTo("sampler");
            assertThat(e.allowed()).contains(reason);
            assertThat(e.allowed().substring(0, e.allowed().indexOf("; one of")))
                    .contains(near);
        });
    }

    @Test
    void noSamplerIsAvailableAndNot() {
        for (Sampler sampler : Sampler.values()) {
            assertThat(UnavailableSampler.find(Names.samplerKey(sampler.id()))).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void everySamplerIsFoundByAllItsNames(Sampler sampler) {
        assertThat(Sampler.of(sampler.id())).isEqualTo(sampler);
        assertThat(Sampler.of(sampler.title())).isEqualTo(sampler);
        assertThat(Sampler.of(sampler.name())).isEqualTo(sampler);
    }

    @ParameterizedTest
    @EnumSource
    void everyScheduleIsFoundByItsNames(NoiseSchedule schedule) {
        assertThat(NoiseSchedule.of(schedule.id())).isEqualTo(schedule);
        assertThat(NoiseSchedule.of(schedule.title())).isEqualTo(schedule);
    }

    @Test
    void unknownNamesListWhatThereIs() {
        assertThatThrownBy(() -> Sampler.of("nope")).isInstanceOfSatisfying(InvalidRequestException.class, e -> {
            assertThat(e.field()).isEqualTo("sampler");
            assertThat(e.value()).isEqualTo("nope");
            assertThat(e.allowed()).contains("euler_a").contains("dpm++2m");
        });
        assertThatThrownBy(() -> NoiseSchedule.of("nope")).hasMessageContaining("karras");
        assertThatThrownBy(() -> WeightType.of("f8")).hasMessageContaining("q8_0");
    }
}
