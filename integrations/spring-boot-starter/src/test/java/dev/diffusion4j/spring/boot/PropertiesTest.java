package dev.diffusion4j.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.hub.DownloadCancellation;
import dev.diffusion4j.hub.ModelDefaults;
import dev.diffusion4j.hub.ModelHub;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.ModelOptions;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.Sampling;
import dev.langchain4j.data.image.Image;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.ai.image.ImageModel;
import org.springframework.ai.image.ImagePrompt;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/** That each property arrives where it is meant for. */
class PropertiesTest {

    private final FakeSource source = new FakeSource();
    private final ApplicationContextRunner application = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    Diffusion4jAutoConfiguration.class,
                    Diffusion4jSpringAiAutoConfiguration.class,
                    Diffusion4jLangChain4jAutoConfiguration.class))
            .withBean(ModelSource.class, () -> source);

    @Test
    void withoutPropertiesNothingIsGiven() {
        assertThat(HubModelSource.opener(new ModelProperties()).toOptions()).isEqualTo(ModelOptions.DEFAULT);
    }

    @Test
    void whatRequestsTake() {
        application
                .withPropertyValues(
                        "diffusion4j.model=one",
                        "diffusion4j.image.width=128",
                        "diffusion4j.image.height=64",
                        "diffusion4j.image.steps=7",
                        "diffusion4j.image.guidance-scale=3.5",
                        "diffusion4j.image.negative-prompt=blurry",
                        "diffusion4j.image.sampler=DPM++ 2M Karras")
                .run(context -> {
                    ImageRequest expected = ImageRequest.textToImage("a star")
                            .size(128, 64)
                            .steps(7)
                            .guidanceScale(3.5)
                            .negativePrompt("blurry")
                            .sampling(Sampling.of(Sampler.DPMPP_2M).withSchedule(NoiseSchedule.KARRAS))
                            .build();

                    context.getBean(ImageModel.class).call(new ImagePrompt("a star"));
                    assertThat(source.opened.getFirst().lastRequest()).isEqualTo(expected);

                    context.getBean(dev.langchain4j.model.image.ImageModel.class)
                            .generate("a star");
                    assertThat(source.opened.getFirst().requests()).hasSize(2).containsOnly(expected);

                    context.getBean(DiffusionModel.class).textToImage("a star").generate();
                    assertThat(source.opened.getFirst().requests()).hasSize(3).containsOnly(expected);
                });
    }

    @Test
    void aTimeoutEndsACall() {
        application
                .withPropertyValues("diffusion4j.model=one", "diffusion4j.image.timeout=1ms")
                .run(context -> {
                    source.opened.getFirst().hold();
                    assertThatThrownBy(() -> context.getBean(ImageModel.class).call(new ImagePrompt("a star")))
                            .isInstanceOf(dev.diffusion4j.error.GenerationTimeoutException.class);
                    assertThatThrownBy(() -> context.getBean(dev.langchain4j.model.image.ImageModel.class)
                                    .generate("a star"))
                            .isInstanceOf(dev.langchain4j.exception.TimeoutException.class);
                    source.opened.getFirst().release();
                });
    }

    @Test
    void whatIsUsualForANameIsTakenWhereNoPropertyIsGiven() {
        source.usual = new ModelDefaults(
                OptionalInt.of(1024),
                OptionalInt.of(512),
                OptionalInt.of(4),
                OptionalDouble.of(1),
                Optional.of("euler"),
                OptionalDouble.of(3));
        application
                .withPropertyValues("diffusion4j.model=flux-schnell", "diffusion4j.image.steps=8")
                .run(context -> {
                    context.getBean(ImageModel.class).call(new ImagePrompt("a star"));

                    assertThat(source.opened.getFirst().lastRequest())
                            .isEqualTo(ImageRequest.textToImage("a star")
                                    .size(1024, 512)
                                    .steps(8)
                                    .guidanceScale(1)
                                    .sampling(Sampling.of(Sampler.EULER).withFlowShift(3))
                                    .build());
                });
    }

    @Test
    void theSizeThatIsUsualForANameIsNoneForPicturesThatAreRedrawn() {
        source.usual = new ModelDefaults(
                OptionalInt.of(1024),
                OptionalInt.of(1024),
                OptionalInt.of(4),
                OptionalDouble.empty(),
                Optional.empty(),
                OptionalDouble.empty());
        Image picture = Image.builder().base64Data(png(64, 128)).build();
        application.withPropertyValues("diffusion4j.model=sdxl").run(context -> {
            context.getBean(dev.langchain4j.model.image.ImageModel.class).edit(picture, "a star");
            assertThat(source.opened.getFirst().lastRequest().size()).contains(new ImageSize(64, 128));
            assertThat(source.opened.getFirst().lastRequest().steps()).hasValue(4);
        });
    }

    private static String png(int width, int height) {
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        try {
            ImageIO.write(new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB), "png", png);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Base64.getEncoder().encodeToString(png.toByteArray());
    }

    @Test
    void valuesThatCannotBeAreRefusedAtTheStart() {
        for (String property : new String[] {
            "diffusion4j.image.steps=0",
            "diffusion4j.image.width=512",
            "diffusion4j.image.sampler=magic",
            "diffusion4j.image.strength=2",
            "diffusion4j.image.timeout=0s"
        }) {
            application
                    .withPropertyValues("diffusion4j.model=one", property)
                    .run(context -> assertThat(context)
                            .hasFailed()
                            .getFailure()
                            .rootCause()
                            .isInstanceOf(InvalidRequestException.class));
        }
        for (String property : new String[] {
            "diffusion4j.weight-type=magic", "diffusion4j.image.stepz=3", "diffusion4j.models.two.modell=two"
        }) {
            application
                    .withPropertyValues("diffusion4j.model=one", property)
                    .run(context -> assertThat(context).hasFailed());
        }
        assertThat(source.opened).isEmpty();
    }

    @Test
    void variablesOfTheEnvironmentForOthersAreNoProperties() {
        application
                .withPropertyValues("diffusion4j.model=one")
                .withInitializer(context -> context.getEnvironment()
                        .getPropertySources()
                        .replace(
                                StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME,
                                new SystemEnvironmentPropertySource(
                                        StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME,
                                        Map.of("DIFFUSION4J_CACHE", "/cache", "DIFFUSION4J_LAZY", "true"))))
                .run(context -> {
                    assertThat(context).hasNotFailed();
                    assertThat(context.getBean(Diffusion4jProperties.class).isLazy())
                            .isTrue();
                });
    }

    @Test
    void namesAreLookedUpWithoutBeingDownloaded(@TempDir Path cache) {
        ModelHub hub =
                ModelHub.builder(Map.of()).cacheFolder(cache).offline(true).build();
        HubModelSource names = new HubModelSource(hub);
        ModelProperties sdxl = new ModelProperties();
        sdxl.setModel("sdxl");
        assertThat(names.usual(sdxl).width()).hasValue(1024);

        ModelProperties unknown = new ModelProperties();
        unknown.setModel("sdxll");
        assertThat(names.usual(unknown)).isEqualTo(ModelDefaults.NONE);
        assertThatThrownBy(() -> names.open(unknown, new DownloadCancellation()))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("there is no file sdxll")
                .hasMessageContaining("sdxl");
    }
}
