package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

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
        "euler-cfg-pp, EULER_CFG_PP"
    })
    void samplersAreFoundByTheNamesPeopleType(String typed, Sampler expected) {
        assertThat(Sampler.of(typed)).isEqualTo(expected);
    }

    @ParameterizedTest
    @EnumSource
    void everySamplerIsFoundByAllItsNames(Sampler sampler) {
        assertThat(Sampler.of(sampler.cliName())).isEqualTo(sampler);
        assertThat(Sampler.of(sampler.title())).isEqualTo(sampler);
        assertThat(Sampler.of(sampler.name())).isEqualTo(sampler);
    }

    @ParameterizedTest
    @EnumSource
    void everyScheduleIsFoundByItsNames(NoiseSchedule schedule) {
        assertThat(NoiseSchedule.of(schedule.cliName())).isEqualTo(schedule);
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
