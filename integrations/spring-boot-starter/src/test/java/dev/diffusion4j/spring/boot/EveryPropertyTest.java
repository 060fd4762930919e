package dev.diffusion4j.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.device.DeviceChoice;
import dev.diffusion4j.error.GenerationTimeoutException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.hub.DownloadCancellation;
import dev.diffusion4j.hub.ModelHub;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.micrometer.DeviceMeters;
import dev.diffusion4j.modelfile.ComponentKind;
import dev.diffusion4j.modelfile.ModelComponent;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.InitImage;
import dev.diffusion4j.request.ModelOptions;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.request.WeightType;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.springframework.ai.content.Media;
import org.springframework.ai.image.ImageMessage;
import org.springframework.ai.image.ImageModel;
import org.springframework.ai.image.ImagePrompt;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.util.MimeTypeUtils;

/** Each property that the metadata for editors names: what it does, where it stands alone and among those of one of several models. */
class EveryPropertyTest {

    private static final String[] OF_ONE_MODEL = {"diffusion4j.", "diffusion4j.models.sd."};

    /**
     * What a property does.
     *
     * @param values of the property and of those that it goes with, without the prefix
     * @param effect asserts that it is there
     */
    private record Case(List<String> values, Consumer<AssertableApplicationContext> effect) {}

    private static final ModelHub OFFLINE =
            ModelHub.builder(Map.of()).offline(true).build();

    private final FakeSource source = new FakeSource();
    private final ApplicationContextRunner application = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    Diffusion4jAutoConfiguration.class,
                    Diffusion4jSpringAiAutoConfiguration.class,
                    Diffusion4jHealthAutoConfiguration.class,
                    Diffusion4jMetricsAutoConfiguration.class))
            .withBean(SimpleMeterRegistry.class)
            .withBean(ModelSource.class, () -> source);

    private Map<String, Case> ofOneModel() {
        Map<String, Case> cases = new HashMap<>();
        cases.put(
                "model",
                new Case(
                        List.of(),
                        context -> assertThat(properties(context).getModel()).isEqualTo("one")));
        cases.put("components", components());
        cases.put(
                "device",
                options(
                        "device=gpu:1,cpu",
                        options -> options.device(DeviceChoice.gpu(1).orElseCpu())));
        cases.put(
                "component-devices",
                options(
                        "component-devices.text-encoder=cpu",
                        options -> options.device(ComponentKind.TEXT_ENCODER, DeviceChoice.cpu())));
        cases.put("threads", options("threads=3", options -> options.threads(3)));
        cases.put("weight-type", options("weight-type=q8-0", options -> options.weightType(WeightType.Q8_0)));
        cases.put("isolated", options("isolated=true", ModelOptions.Builder::isolated));
        cases.put("lora-folder", options("lora-folder=/loras", options -> options.loraFolder(Path.of("/loras"))));
        cases.put("queue-capacity", options("queue-capacity=5", options -> options.queueCapacity(5)));
        cases.put(
                "lazy",
                new Case(
                        List.of("lazy=true"),
                        context -> assertThat(source.opened).isEmpty()));
        cases.put(
                "image.width",
                request(
                        List.of("image.width=128", "image.height=64"),
                        request ->
                                assertThat(request.size().map(ImageSize::width)).contains(128)));
        cases.put(
                "image.height",
                request(
                        List.of("image.width=128", "image.height=64"),
                        request -> assertThat(request.size().map(ImageSize::height))
                                .contains(64)));
        cases.put(
                "image.steps",
                request(
                        List.of("image.steps=7"),
                        request -> assertThat(request.steps()).hasValue(7)));
        cases.put(
                "image.guidance-scale",
                request(
                        List.of("image.guidance-scale=3.5"),
                        request -> assertThat(request.guidanceScale()).hasValue(3.5)));
        cases.put(
                "image.negative-prompt",
                request(
                        List.of("image.negative-prompt=blurry"),
                        request -> assertThat(request.negativePrompt()).isEqualTo("blurry")));
        cases.put(
                "image.sampler",
                request(
                        List.of("image.sampler=DPM++ 2M Karras"),
                        request -> assertThat(request.sampling())
                                .isEqualTo(Sampling.of(Sampler.DPMPP_2M).withSchedule(NoiseSchedule.KARRAS))));
        cases.put("image.strength", new Case(List.of("image.strength=0.4"), context -> {
            context.getBean(ImageModel.class).call(redrawing());
            assertThat(source.opened.getFirst().lastRequest().initImage().map(InitImage::strength))
                    .contains(0.4);
        }));
        cases.put("image.timeout", new Case(List.of("image.timeout=1ms"), context -> {
            source.opened.getFirst().hold();
            assertThatThrownBy(() -> context.getBean(ImageModel.class).call(new ImagePrompt("a star")))
                    .isInstanceOf(GenerationTimeoutException.class);
        }));
        return cases;
    }

    private Map<String, Case> ofAll() {
        return Map.of(
                "diffusion4j.models",
                new Case(
                        List.of("diffusion4j.models.two.model=second"),
                        context -> assertThat(
                                        context.getBean(DiffusionModels.class).names())
                                .containsExactly("one", "two")),
                "diffusion4j.metrics.device-memory",
                new Case(
                        List.of("diffusion4j.metrics.device-memory=true"),
                        context -> assertThat(context).hasSingleBean(DeviceMeters.class)),
                "management.health.diffusion4j.enabled",
                new Case(
                        List.of("management.health.diffusion4j.enabled=false"),
                        context -> assertThat(context).doesNotHaveBean(HealthIndicator.class)));
    }

    @TestFactory
    List<DynamicTest> eachDoesSomething() {
        List<DynamicTest> tests = new ArrayList<>();
        for (String prefix : OF_ONE_MODEL) {
            ofOneModel()
                    .forEach((name, property) -> tests.add(DynamicTest.dynamicTest(prefix + name, () -> {
                        source.opened.clear();
                        application
                                .withPropertyValues(prefix + "model=one")
                                .withPropertyValues(property.values().stream()
                                        .map(prefix::concat)
                                        .toArray(String[]::new))
                                .run(property.effect()::accept);
                    })));
        }
        ofAll().forEach((name, property) -> tests.add(DynamicTest.dynamicTest(
                name,
                () -> application
                        .withPropertyValues("diffusion4j.model=one")
                        .withPropertyValues(property.values().toArray(String[]::new))
                        .run(property.effect()::accept))));
        return tests;
    }

    /** Fails when a property comes along of which no test says what it does. */
    @Test
    void theMetadataHasThese() throws IOException {
        TreeSet<String> tested = new TreeSet<>(ofAll().keySet());
        ofOneModel().keySet().forEach(name -> tested.add("diffusion4j." + name));

        assertThat(metadata().findValues("properties").getFirst().findValuesAsText("name"))
                .containsExactlyInAnyOrderElementsOf(tested);
    }

    @Test
    void theyAreDescribedForEditors() throws IOException {
        for (JsonNode property : metadata().path("properties")) {
            assertThat(property.path("description").asText())
                    .as(property.path("name").asText())
                    .isNotEmpty();
        }
        assertThat(metadata().path("hints").findValuesAsText("name"))
                .contains("diffusion4j.image.sampler", "diffusion4j.device");
    }

    /** As the compiler's processor wrote it. */
    private static JsonNode metadata() throws IOException {
        try (InputStream in =
                EveryPropertyTest.class.getResourceAsStream("/META-INF/spring-configuration-metadata.json")) {
            return new ObjectMapper().readTree(in);
        }
    }

    private static ModelProperties properties(AssertableApplicationContext context) {
        return context.getBean(Diffusion4jProperties.class)
                .all()
                .values()
                .iterator()
                .next();
    }

    /** What opening is told, and nothing else. */
    private static Case options(String value, UnaryOperator<ModelOptions.Builder> expected) {
        return new Case(
                List.of(value),
                context -> assertThat(HubModelSource.opener(properties(context)).toOptions())
                        .isEqualTo(expected.apply(ModelOptions.builder()).build()));
    }

    /** What a request takes that says nothing but what to draw. */
    private Case request(List<String> values, Consumer<ImageRequest> expected) {
        return new Case(values, context -> {
            context.getBean(DiffusionModels.class).first().textToImage("a star").generate();
            expected.accept(source.opened.getFirst().lastRequest());
        });
    }

    /** Each file is found missing by its own name, before anything native runs. */
    private Case components() {
        List<String> values = new ArrayList<>();
        for (ModelComponent component : ModelComponent.values()) {
            values.add("components." + component.name().toLowerCase(Locale.ROOT).replace('_', '-') + "=" + component);
        }
        return new Case(values, context -> {
            assertThat(properties(context).getComponents()).hasSize(ModelComponent.values().length);
            properties(context).getComponents().forEach((component, file) -> {
                ModelProperties one = new ModelProperties();
                one.setModel(DemoModel.path().toString());
                one.setComponents(Map.of(component, file));
                assertThatThrownBy(() -> new HubModelSource(OFFLINE).open(one, new DownloadCancellation()))
                        .isInstanceOf(ModelFileException.class)
                        .hasMessageContaining(component.toString());
            });
        });
    }

    private static ImagePrompt redrawing() {
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        try {
            ImageIO.write(new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB), "png", png);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Media picture = Media.builder()
                .mimeType(MimeTypeUtils.IMAGE_PNG)
                .data(png.toByteArray())
                .build();
        return new ImagePrompt(List.of(new ImageMessage("a star", null, List.of(picture), Map.of())));
    }
}
