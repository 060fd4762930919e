package dev.diffusion4j.spring.boot;

import static io.micrometer.observation.tck.TestObservationRegistryAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.FakeModel;
import dev.diffusion4j.springai.Diffusion4jImageModel;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.tck.TestObservationRegistry;
import org.junit.jupiter.api.Test;
import org.springframework.ai.image.ImageModel;
import org.springframework.ai.image.ImageOptionsBuilder;
import org.springframework.ai.image.ImagePrompt;
import org.springframework.ai.image.observation.DefaultImageModelObservationConvention;
import org.springframework.ai.image.observation.ImageModelObservationConvention;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** The image models of Spring AI and LangChain4j. */
class ImageModelsTest {

    private final FakeSource source = new FakeSource();
    private final ApplicationContextRunner bare = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    Diffusion4jAutoConfiguration.class,
                    Diffusion4jSpringAiAutoConfiguration.class,
                    Diffusion4jLangChain4jAutoConfiguration.class))
            .withBean(ModelSource.class, () -> source);
    private final ApplicationContextRunner application = bare.withPropertyValues("diffusion4j.model=one");

    @Test
    void bothAreThere() {
        application.run(context -> assertThat(context)
                .hasSingleBean(ImageModel.class)
                .hasSingleBean(dev.langchain4j.model.image.ImageModel.class));
    }

    @Test
    void withoutAModelThereIsNone() {
        bare.run(context -> assertThat(context)
                .hasNotFailed()
                .doesNotHaveBean(ImageModel.class)
                .doesNotHaveBean(dev.langchain4j.model.image.ImageModel.class));
    }

    @Test
    void thePropertyOfSpringAiSaysWhichProviderIsMeant() {
        application
                .withPropertyValues("spring.ai.model.image=openai")
                .run(context -> assertThat(context).doesNotHaveBean(ImageModel.class));
        application
                .withPropertyValues("spring.ai.model.image=diffusion4j")
                .run(context -> assertThat(context).hasSingleBean(ImageModel.class));
    }

    @Test
    void namesOfPromptsPickAModel() {
        application.withPropertyValues("diffusion4j.models.two.model=two").run(context -> {
            context.getBean(ImageModel.class)
                    .call(new ImagePrompt(
                            "a star", ImageOptionsBuilder.builder().model("two").build()));

            assertThat(source.opened).hasSize(2);
            assertThat(source.opened.getFirst().requests()).isEmpty();
            assertThat(source.opened.getLast().requests()).hasSize(1);
        });
    }

    @Test
    void anApplicationsOwnModelIsDrawnWith() {
        FakeModel own = new FakeModel();
        bare.withBean(DiffusionModel.class, () -> own).run(context -> {
            context.getBean(ImageModel.class).call(new ImagePrompt("a star"));
            context.getBean(dev.langchain4j.model.image.ImageModel.class).generate("a star");

            assertThat(own.requests()).hasSize(2);
        });
    }

    @Test
    void anApplicationsOwnImageModelsTakeTheirPlace() {
        Diffusion4jImageModel own =
                Diffusion4jImageModel.builder().model(new FakeModel()).build();
        dev.langchain4j.model.image.ImageModel other = prompt -> null;
        application
                .withBean(Diffusion4jImageModel.class, () -> own)
                .withBean(dev.langchain4j.model.image.ImageModel.class, () -> other)
                .run(context -> {
                    assertThat(context.getBean(ImageModel.class)).isSameAs(own);
                    assertThat(context.getBean(dev.langchain4j.model.image.ImageModel.class))
                            .isSameAs(other);
                });
    }

    @Test
    void withoutLangChain4jThereIsNoneOfIt() {
        application
                .withClassLoader(new FilteredClassLoader("dev.langchain4j", "dev.diffusion4j.langchain4j"))
                .run(context -> assertThat(context)
                        .hasNotFailed()
                        .hasSingleBean(ImageModel.class)
                        .doesNotHaveBean(Diffusion4jLangChain4jAutoConfiguration.class));
    }

    @Test
    void callsAndGenerationsAreObserved() {
        TestObservationRegistry observations = TestObservationRegistry.create();
        application
                .withBean(ObservationRegistry.class, () -> observations)
                .withBean(ImageModelObservationConvention.class, () -> new DefaultImageModelObservationConvention() {
                    @Override
                    public String getName() {
                        return "own.name";
                    }
                })
                .run(context -> context.getBean(ImageModel.class).call(new ImagePrompt("a star")));

        assertThat(observations)
                .hasObservationWithNameEqualTo("own.name")
                .that()
                .hasLowCardinalityKeyValue("gen_ai.request.model", "one");
        assertThat(observations)
                .hasObservationWithNameEqualTo("diffusion4j.generation")
                .that()
                .hasParentObservationContextMatching(parent -> "own.name".equals(parent.getName()))
                .hasLowCardinalityKeyValue("diffusion4j.model", "one");
    }
}
