package dev.diffusion4j.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.FakeModel;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.Generation;
import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.hub.ModelHub;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.SmartLifecycle;

/** How models are found, opened and closed. */
class ModelsTest {

    private final FakeSource source = new FakeSource();
    private final ApplicationContextRunner application = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(Diffusion4jAutoConfiguration.class))
            .withBean(ModelSource.class, () -> source);

    @Test
    void withoutAModelThereIsNothing() {
        application.run(context -> assertThat(context)
                .hasNotFailed()
                .doesNotHaveBean(DiffusionModel.class)
                .doesNotHaveBean(DiffusionModels.class));
        application
                .withPropertyValues("diffusion4j.lazy=true")
                .run(context -> assertThat(context).doesNotHaveBean(DiffusionModels.class));
    }

    @Test
    void oneIsOpenedWithTheApplicationAndClosedWithIt() {
        application
                .withPropertyValues("diffusion4j.model=/models/one.safetensors")
                .run(context -> {
                    assertThat(source.opened).hasSize(1);
                    assertThat(context.getBean(DiffusionModels.class).names()).containsExactly("one.safetensors");
                    DiffusionModel model = context.getBean(DiffusionModel.class);
                    assertThat(model.name()).isEqualTo("one.safetensors");
                    assertThat(model.textToImage("a star").generate().seed()).isEqualTo(7);
                    assertThat(source.opened.getFirst().isClosed()).isFalse();
                });

        assertThat(source.opened.getFirst().isClosed()).isTrue();
    }

    @Test
    void aModelOfSinglePartsIsOneToo() {
        application
                .withPropertyValues("diffusion4j.components.diffusion-model=flux.gguf")
                .run(context -> assertThat(
                                context.getBean(DiffusionModels.class).names())
                        .containsExactly("flux.gguf"));
    }

    @Test
    void aLazyOneIsOpenedWhenItIsUsed() {
        application
                .withPropertyValues("diffusion4j.model=one", "diffusion4j.lazy=true")
                .run(context -> {
                    DiffusionModel model = context.getBean(DiffusionModel.class);
                    assertThat(model.name()).isEqualTo("one");
                    assertThat(model.queuedGenerations()).isZero();
                    assertThat(source.opened).isEmpty();

                    model.textToImage("a star").generate();
                    model.textToImage("a star").generate();

                    assertThat(source.opened).hasSize(1);
                });
    }

    @Test
    void severalHaveNamesAndPropertiesOfTheirOwn() {
        application
                .withPropertyValues(
                        "diffusion4j.model=one",
                        "diffusion4j.models.two.model=/models/two.gguf",
                        "diffusion4j.models.two.lazy=true")
                .run(context -> {
                    DiffusionModels models = context.getBean(DiffusionModels.class);
                    assertThat(models.names()).containsExactly("one", "two");
                    assertThat(source.opened).hasSize(1);

                    models.get("two").textToImage("a star").generate();

                    assertThat(source.opened).hasSize(2);
                    assertThat(source.opened.getFirst().requests()).isEmpty();
                    assertThat(models.first()).isSameAs(context.getBean(DiffusionModel.class));
                    assertThatThrownBy(() -> models.get("three"))
                            .isInstanceOf(InvalidRequestException.class)
                            .hasMessageContaining("one, two");
                });
        assertThat(source.opened).allMatch(FakeModel::isClosed);
    }

    @Test
    void oneOfSeveralThatIsGivenByNothingIsRefused() {
        application
                .withPropertyValues("diffusion4j.model=one", "diffusion4j.models.two.lazy=true")
                .run(context -> assertThat(context)
                        .hasFailed()
                        .getFailure()
                        .rootCause()
                        .isInstanceOf(InvalidRequestException.class)
                        .hasMessageContaining("diffusion4j.models.two.model"));
    }

    @Test
    void twoOfOneNameAreRefused() {
        application
                .withPropertyValues("diffusion4j.model=/models/one.gguf", "diffusion4j.models[one.gguf].model=two")
                .run(context -> assertThat(context)
                        .hasFailed()
                        .getFailure()
                        .rootCause()
                        .isInstanceOf(InvalidRequestException.class));
    }

    @Test
    void severalNeedNoSingleOne() {
        application
                .withPropertyValues("diffusion4j.models.two.model=two.gguf")
                .run(context ->
                        assertThat(context.getBean(DiffusionModel.class).name()).isEqualTo("two"));
    }

    @Test
    void anApplicationsOwnModelTakesThePlaceOfAll() {
        FakeModel own = new FakeModel();
        application
                .withPropertyValues("diffusion4j.model=one")
                .withBean(DiffusionModel.class, () -> own)
                .run(context -> {
                    assertThat(context).doesNotHaveBean(DiffusionModels.class);
                    assertThat(context.getBean(DiffusionModel.class)).isSameAs(own);
                });
        assertThat(source.opened).isEmpty();
    }

    @Test
    void whatFailsToOpenFailsTheStartAndClosesTheRest() {
        source.failure = new ModelFileException("it is damaged");
        application
                .withPropertyValues("diffusion4j.model=one", "diffusion4j.models.two.model=broken")
                .run(context ->
                        assertThat(context).hasFailed().getFailure().rootCause().isSameAs(source.failure));
        assertThat(source.opened).hasSize(1).allMatch(FakeModel::isClosed);
    }

    @Test
    void aLazyOneThatFailedMayBeTriedAgain() {
        source.failure = new ModelFileException("it is not there yet");
        application
                .withPropertyValues("diffusion4j.model=broken", "diffusion4j.lazy=true")
                .run(context -> {
                    DiffusionModel model = context.getBean(DiffusionModel.class);
                    assertThatThrownBy(() -> model.textToImage("a star").generate())
                            .isSameAs(source.failure);
                    source.failure = null;

                    assertThat(model.textToImage("a star").generate().seed()).isEqualTo(7);
                });
    }

    @Test
    void stoppingCancelsWhatRunsAndRefusesMore() {
        application.withPropertyValues("diffusion4j.model=one").run(context -> {
            DiffusionModel model = context.getBean(DiffusionModel.class);
            FakeModel fake = source.opened.getFirst();
            fake.hold();
            Generation<GeneratedImage> running = model.textToImage("a star").start();
            fake.awaitBegin();

            context.stop();

            assertThatThrownBy(running::await).isInstanceOf(GenerationCancelledException.class);
            assertThat(fake.isClosed()).isTrue();
            assertThatThrownBy(() -> model.textToImage("a star").generate()).isInstanceOf(ClosedException.class);
            assertThat(context.getBean(DiffusionModels.class).isRunning()).isFalse();
        });
    }

    @Test
    void aContextThatIsStartedAgainDrawsAgain() {
        application.withPropertyValues("diffusion4j.model=one").run(context -> {
            context.stop();
            context.start();

            assertThat(context.getBean(DiffusionModel.class)
                            .textToImage("a star")
                            .generate()
                            .seed())
                    .isEqualTo(7);
            assertThat(source.opened).hasSize(2);
        });
    }

    @Test
    void itStopsBeforeTheWebServerWaitsForRequests() {
        // WebServerApplicationContext.GRACEFUL_SHUTDOWN_PHASE; later phases stop first.
        int graceful = SmartLifecycle.DEFAULT_PHASE - 1024;
        application
                .withPropertyValues("diffusion4j.model=one")
                .run(context -> assertThat(
                                context.getBean(DiffusionModels.class).getPhase())
                        .isGreaterThan(graceful));
    }

    @Test
    void theHubMayBeTheApplicationsOwn() {
        ModelHub hub = ModelHub.builder(Map.of()).offline(true).build();
        application
                .withPropertyValues("diffusion4j.model=one")
                .withBean(ModelHub.class, () -> hub)
                .run(context -> assertThat(context.getBean(ModelHub.class)).isSameAs(hub));
    }
}
