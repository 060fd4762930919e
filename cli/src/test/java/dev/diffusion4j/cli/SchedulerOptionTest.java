package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.scheduler.SchedulerType;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Drawing with the loop in Java. */
class SchedulerOptionTest {

    private static final String SIZE = "128x128";

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({
        "pndm, pndm",
        "K-LMS, lms",
        "HeunDiscreteScheduler, heun",
        "dpm++2m, dpm-solver-multistep",
        "euler, euler",
        "euler_a, euler-ancestral",
        "DDIM, ddim"
    })
    void drawsWithEachSchedulerUnderItsNames(String typed, String name) throws IOException {
        Path file = folder.resolve("x.png");
        Run run = Run.diffuse(
                "generate",
                "a red circle",
                "--scheduler",
                typed,
                "--steps",
                2,
                "--size",
                SIZE,
                "-s",
                3,
                "--json",
                "-q",
                "-o",
                file);
        assertThat(run.err()).isEmpty();
        JsonNode parameters = new ObjectMapper().readTree(run.out()).path("parameters");
        assertThat(SchedulerType.of(parameters.path("scheduler").asText()).id()).isEqualTo(name);
        assertThat(parameters.at("/request/steps").asInt()).isEqualTo(2);
        assertThat(parameters.path("request").path("sampling").has("sampler")).isFalse();
        assertThat(ImageIO.read(file.toFile()).getWidth()).isEqualTo(128);
    }

    @ParameterizedTest
    @CsvSource({
        "DPM++ 2M Karras, dpm++2m, karras",
        "k_dpmpp_2m_karras, dpm++2m, karras",
        "k_euler_a, euler_a, discrete",
        "euler_ancestral_exponential, euler_a, exponential"
    })
    void drawsWithTheSamplerAndScheduleOfOneName(String typed, String sampler, String schedule) throws IOException {
        Run run = Run.diffuse(
                "generate",
                "x",
                "--sampler",
                typed,
                "--steps",
                2,
                "--size",
                "64x64",
                "-s",
                3,
                "--json",
                "-q",
                "-o",
                folder.resolve("x.png"));
        assertThat(run.err()).isEmpty();
        JsonNode sampling = new ObjectMapper().readTree(run.out()).at("/parameters/request/sampling");
        assertThat(sampling.path("sampler").asText()).isEqualTo(sampler);
        assertThat(sampling.path("schedule").asText()).isEqualTo(schedule);
    }

    @Test
    void aScheduleThatContradictsTheSamplersNameIsRefused() {
        Run run = Run.diffuse(
                "generate",
                "x",
                "--sampler",
                "DPM++ 2M Karras",
                "--schedule",
                "exponential",
                "-o",
                folder.resolve("x.png"));
        assertThat(run.code()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains("--schedule must be karras").contains("not exponential");
    }

    @Test
    void noiseLevelsTakeThePlaceOfAScheduleAndOfSteps() throws IOException {
        Run run = Run.diffuse(
                "generate",
                "x",
                "--sigmas",
                "14,2,0",
                "--sampler",
                "DPM++ 2M Karras",
                "--steps",
                5,
                "--size",
                "64x64",
                "--json",
                "-q",
                "-o",
                folder.resolve("x.png"));
        assertThat(run.err()).isEmpty();
        JsonNode request = new ObjectMapper().readTree(run.out()).at("/parameters/request");
        assertThat(request.path("steps").asInt()).isEqualTo(2);
        assertThat(request.at("/sampling/sigmas").toString()).isEqualTo("[14.0,2.0,0.0]");
        assertThat(request.path("sampling").has("schedule")).isFalse();
    }

    @Test
    void withoutStepsItDrawsWithTheModels() throws IOException {
        Run run = Run.diffuse(
                "generate",
                "x",
                "--scheduler",
                "ddim",
                "--cfg-scale",
                1,
                "--size",
                SIZE,
                "--json",
                "-o",
                folder.resolve("x.png"));
        try (DiffusionModel demo = DiffusionModel.open(DemoModel.path())) {
            assertThat(run.err()).contains("sampling " + demo.defaultSteps() + "/" + demo.defaultSteps());
            assertThat(new ObjectMapper()
                            .readTree(run.out())
                            .at("/parameters/request/steps")
                            .asInt())
                    .isEqualTo(demo.defaultSteps());
        }
    }

    @Test
    void editsAndInpaints() throws IOException {
        Path input = folder.resolve("in.png");
        ImageIO.write(new BufferedImage(128, 128, BufferedImage.TYPE_INT_RGB), "png", input.toFile());
        for (List<Object> mask : List.of(List.<Object>of(), List.<Object>of("--mask", input))) {
            Path output = folder.resolve("out" + mask.size() + ".png");
            List<Object> args = new ArrayList<>(List.of(
                    "edit",
                    input,
                    "x",
                    "--scheduler",
                    "euler-ancestral",
                    "--steps",
                    4,
                    "--strength",
                    0.5,
                    "-q",
                    "-o",
                    output));
            args.addAll(mask);
            Run run = Run.diffuse(args.toArray());
            assertThat(run.err()).isEmpty();
            assertThat(ImageIO.read(output.toFile()).getHeight()).isEqualTo(128);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--sampler euler",
                "--schedule karras",
                "--sigmas 14,2,0",
                "--eta 1",
                "--distilled-guidance 3",
                "--cache ucache",
                "--hires",
                "--skip-layers 7",
                "--sampler-args a=1"
            })
    void refusesOptionsOfTheNativeSampler(String options) {
        Path output = folder.resolve("x.png");
        List<Object> args = new ArrayList<>(List.of("generate", "x", "--scheduler", "pndm", "-o", output));
        args.addAll(Arrays.asList(options.split(" ")));
        Run run = Run.diffuse(args.toArray());
        assertThat(run.err().lines())
                .singleElement()
                .asString()
                .startsWith("diffuse: " + options.split(" ")[0] + " must be absent with a scheduler");
        assertThat(run.code()).isEqualTo(ExitCode.USAGE);
        assertThat(Files.exists(output)).isFalse();
    }
}
