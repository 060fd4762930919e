package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.scheduler.SchedulerType;
import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SchedulersCommandTest {

    @Test
    void listsAllNames() {
        Run run = Run.diffuse("schedulers");
        assertThat(run.code()).isZero();
        assertThat(run.err()).isEmpty();
        Stream.of(SchedulerType.values())
                .forEach(type -> assertThat(run.out().lines())
                        .anySatisfy(line -> assertThat(line)
                                .contains(
                                        type.id(),
                                        type.title(),
                                        type.implementation().getSimpleName())));
        Stream.of(Sampler.values()).forEach(sampler -> assertThat(run.out()).contains(sampler.id(), sampler.title()));
        Stream.of(NoiseSchedule.values())
                .forEach(schedule -> assertThat(run.out()).contains(schedule.id(), schedule.title()));
    }

    @Test
    void listsAllNamesInJson() throws IOException {
        JsonNode json = json("schedulers", "--json");
        assertThat(json.path("schedulers")).hasSize(SchedulerType.values().length);
        assertThat(json.path("samplers")).hasSize(Sampler.values().length);
        assertThat(json.path("noiseSchedules")).hasSize(NoiseSchedule.values().length);
        assertThat(json.at("/schedulers/0/name").asText()).isEqualTo("pndm");
        assertThat(json.at("/schedulers/0/class").asText()).isEqualTo("dev.diffusion4j.scheduler.PndmScheduler");
        assertThat(json.at("/schedulers/0/description").asText()).isNotBlank();
    }

    @Test
    void showsThePlanOfASchedulerOverNoiseLevels() throws IOException {
        Run run = Run.diffuse("schedulers", "--scheduler", "Heun", "--steps", 3);
        assertThat(run.out().lines()).hasSize(8).first().isEqualTo("Heun, steps: 3, model calls: 5");
        assertThat(run.out()).containsPattern("0 +999\\.000 +14\\.61\\d\\d\\R").containsPattern("end +0\\.0000\\R");
        JsonNode json = json("schedulers", "--scheduler", "Heun", "--steps", 3, "--json");
        assertThat(json.path("scheduler").asText()).isEqualTo("heun");
        assertThat(json.path("timesteps")).hasSize(5);
        assertThat(json.path("sigmas")).hasSize(6);
        assertThat(json.at("/sigmas/5").asDouble()).isZero();
    }

    @Test
    void showsThePlanOfASchedulerOverTimesteps() throws IOException {
        assertThat(Run.diffuse("schedulers", "--scheduler", "pndm", "--steps", 4)
                        .out())
                .doesNotContain("sigma", "end");
        JsonNode json = json("schedulers", "--scheduler", "pndm", "--steps", 4, "--json");
        assertThat(json.path("timesteps").toString()).isEqualTo("[751.0,501.0,501.0,251.0,1.0]");
        assertThat(json.has("sigmas")).isFalse();
    }

    @ParameterizedTest
    @EnumSource(SchedulerType.class)
    void plansWithEachScheduler(SchedulerType type) throws IOException {
        JsonNode json = json("schedulers", "--scheduler", type, "--steps", 10, "--json");
        assertThat(json.path("steps").asInt()).isEqualTo(10);
        assertThat(json.path("timesteps").size()).isGreaterThanOrEqualTo(10);
    }

    @Test
    void refusesHalfAPlan() {
        assertRefused(Run.diffuse("schedulers", "--steps", 4), "--scheduler must be given with --steps, not absent");
        assertRefused(
                Run.diffuse("schedulers", "--scheduler", "ddim"), "--steps must be given with --scheduler, not absent");
        assertRefused(
                Run.diffuse("schedulers", "--scheduler", "ddim", "--steps", 1001), "--steps must be from 1 to 1000");
    }

    private static void assertRefused(Run run, String message) {
        assertThat(run.err().lines()).singleElement().asString().startsWith("diffuse: " + message);
        assertThat(run.code()).isEqualTo(ExitCode.USAGE);
        assertThat(run.out()).isEmpty();
    }

    private static JsonNode json(Object... args) throws IOException {
        return new ObjectMapper().readTree(Run.diffuse(args).out());
    }
}
