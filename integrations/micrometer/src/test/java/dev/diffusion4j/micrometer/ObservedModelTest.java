package dev.diffusion4j.micrometer;

import static io.micrometer.observation.tck.TestObservationRegistryAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.FakeModel;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.Generation;
import dev.diffusion4j.Progress;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.error.NativeFailureException;
import dev.diffusion4j.error.QueueFullException;
import dev.diffusion4j.request.ImageRequest;
import io.micrometer.common.KeyValues;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.tck.TestObservationRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ObservedModelTest {

    private static final ImageRequest TWO = ImageRequest.textToImage("a secret")
            .size(64, 128)
            .steps(3)
            .batchCount(2)
            .build();

    private final FakeModel fake = new FakeModel();
    private final TestObservationRegistry observations = TestObservationRegistry.create();
    private final MeterRegistry meters = new SimpleMeterRegistry();
    private final DiffusionModel model = ObservedModel.of(fake, observations);

    ObservedModelTest() {
        observations
                .observationConfig()
                .observationHandler(new DefaultMeterObservationHandler(meters))
                .observationHandler(new GenerationMeters(meters));
    }

    @Test
    void aGenerationIsAnObservationWithoutItsPrompt() {
        model.generateAll(TWO);

        assertThat(observations)
                .hasNumberOfObservationsEqualTo(1)
                .hasObservationWithNameEqualTo("diffusion4j.generation")
                .that()
                .hasBeenStarted()
                .hasBeenStopped()
                .doesNotHaveError()
                .hasContextualNameEqualTo("text-to-image fake.safetensors")
                .hasLowCardinalityKeyValue("diffusion4j.model", "fake.safetensors")
                .hasLowCardinalityKeyValue("diffusion4j.family", "SD 1.x")
                .hasLowCardinalityKeyValue("diffusion4j.device", "CPU")
                .hasLowCardinalityKeyValue("diffusion4j.task", "text-to-image")
                .hasLowCardinalityKeyValue("diffusion4j.outcome", "success")
                .hasHighCardinalityKeyValue("diffusion4j.size", "64x128")
                .hasHighCardinalityKeyValue("diffusion4j.pictures", "2")
                .hasHighCardinalityKeyValue("diffusion4j.steps", "6")
                .satisfies(context ->
                        assertThat(context.getAllKeyValues().toString()).doesNotContain("secret"));
    }

    @Test
    void picturesStepsAndWaitingAreMetered() {
        model.generateAll(TWO);
        model.textToImage("a star").steps(5).generate();

        assertThat(meters.get("diffusion4j.generation")
                        .tag("diffusion4j.outcome", "success")
                        .timer()
                        .count())
                .isEqualTo(2);
        assertThat(meters.get("diffusion4j.pictures").counter().count()).isEqualTo(3);
        assertThat(meters.get("diffusion4j.steps")
                        .tag("diffusion4j.model", "fake.safetensors")
                        .counter()
                        .count())
                .isEqualTo(11);
        assertThat(meters.get("diffusion4j.queue.time").timer().count()).isEqualTo(2);
    }

    @Test
    void aStartedGenerationIsObservedToItsEnd() throws InterruptedException {
        fake.hold();
        Generation<GeneratedImage> generation = model.textToImage("a star").start();
        fake.awaitBegin();

        assertThat(observations)
                .hasObservationWithNameEqualTo("diffusion4j.generation")
                .that()
                .isNotStopped();
        fake.release();
        generation.await();

        await().untilAsserted(() ->
                assertThat(meters.get("diffusion4j.pictures").counter().count()).isEqualTo(1));
    }

    @Test
    void cancellingIsNoErrorAndCountsTheStepsThatWereDone() throws InterruptedException {
        fake.hold();
        Generation<GeneratedImage> generation = model.textToImage("a star").start();
        fake.awaitBegin();
        fake.letSteps(2);
        generation.cancel();

        assertThatThrownBy(generation::await).isInstanceOf(GenerationCancelledException.class);
        await().untilAsserted(() -> assertThat(observations)
                .hasObservationWithNameEqualTo("diffusion4j.generation")
                .that()
                .hasBeenStopped()
                .doesNotHaveError()
                .hasLowCardinalityKeyValue("diffusion4j.outcome", "cancelled"));
        assertThat(meters.get("diffusion4j.pictures").counter().count()).isZero();
        assertThat(meters.get("diffusion4j.steps").counter().count()).isLessThanOrEqualTo(2);
    }

    @Test
    void failuresAreErrors() {
        fake.failWith(() -> new NativeFailureException("broken"));

        assertThatThrownBy(() -> model.generateAll(TWO)).isInstanceOf(NativeFailureException.class);
        assertThat(observations)
                .hasObservationWithNameEqualTo("diffusion4j.generation")
                .that()
                .hasBeenStopped()
                .hasError()
                .hasLowCardinalityKeyValue("diffusion4j.outcome", "error");
    }

    @Test
    void whatIsRefusedIsToldApart() {
        fake.failWith(() -> new QueueFullException(0));

        assertThatThrownBy(() -> model.generateAll(TWO)).isInstanceOf(QueueFullException.class);
        assertThat(observations)
                .hasObservationWithNameEqualTo("diffusion4j.generation")
                .that()
                .hasBeenStopped()
                .hasLowCardinalityKeyValue("diffusion4j.outcome", "refused");
    }

    @Test
    void openingIsObservedByTheNameThatTheModelIsGiven() {
        try (DiffusionModel opened = ObservedModel.open("sd", () -> fake, observations)) {
            assertThat(opened.name()).isEqualTo("sd");
            opened.textToImage("a star").steps(3).generate();
        }

        assertThat(observations)
                .hasObservationWithNameEqualTo("diffusion4j.model.load")
                .that()
                .hasBeenStopped()
                .doesNotHaveError()
                .hasLowCardinalityKeyValue("diffusion4j.model", "sd");
        assertThat(meters.get("diffusion4j.model.load")
                        .tag("diffusion4j.model", "sd")
                        .timer()
                        .count())
                .isEqualTo(1);
        assertThat(meters.get("diffusion4j.generation")
                        .tag("diffusion4j.model", "sd")
                        .timer()
                        .count())
                .isEqualTo(1);
        assertThat(fake.isClosed()).isTrue();
    }

    @Test
    void openingThatFailsIsAnErrorAndThrowsWhatItThrew() {
        ModelFileException failure = new ModelFileException("it is damaged");

        assertThatThrownBy(() -> ObservedModel.open(
                        "sd",
                        () -> {
                            throw failure;
                        },
                        observations))
                .isSameAs(failure);
        assertThat(meters.get("diffusion4j.model.load")
                        .tag("error", "ModelFileException")
                        .timer()
                        .count())
                .isEqualTo(1);
    }

    @Test
    void readingWeightsIsTimedWhereAGenerationDoes() {
        GenerationContext context =
                new GenerationContext(model, ImageRequest.textToImage("a star").build());
        context.progressed(progress(Progress.Phase.LOADING, 1, 100));
        context.progressed(progress(Progress.Phase.LOADING, 2, 250));
        context.progressed(progress(Progress.Phase.ENCODING, 1, 400));
        context.progressed(progress(Progress.Phase.SAMPLING, 1, 500));
        context.progressed(progress(Progress.Phase.LOADING, 1, 600));
        context.progressed(progress(Progress.Phase.DECODING, 1, 650));

        new GenerationMeters(meters).onStop(context);

        assertThat(meters.get("diffusion4j.weights.load").timer().totalTime(TimeUnit.MILLISECONDS))
                .isEqualTo(350);
        assertThat(context.steps()).isEqualTo(1);
    }

    @Test
    void aGenerationThatFoundAllWeightsIsNotOneOfReadingThem() {
        model.generateAll(TWO);

        assertThat(meters.find("diffusion4j.weights.load").timer()).isNull();
    }

    private static Progress progress(Progress.Phase phase, int step, int millis) {
        return new Progress(phase, step, 9, 0, 1, Duration.ofMillis(millis), 0, Optional.empty());
    }

    @Test
    void theTimeInTheQueueIsThatBeforeAGenerationBegan() throws InterruptedException {
        fake.hold();
        Generation<GeneratedImage> generation = model.textToImage("a star").start();
        fake.awaitBegin();
        fake.release();
        generation.await();

        await().untilAsserted(() ->
                assertThat(meters.get("diffusion4j.queue.time").timer().count()).isEqualTo(1));
        assertThat(meters.get("diffusion4j.queue.time").timer().totalTime(TimeUnit.NANOSECONDS))
                .isLessThanOrEqualTo(
                        meters.get("diffusion4j.generation").timer().totalTime(TimeUnit.NANOSECONDS));
    }

    @Test
    void itIsAChildOfTheCallersObservation() {
        Observation caller = Observation.start("caller", observations);
        caller.scoped(() -> model.generateAll(TWO));
        caller.stop();

        assertThat(observations)
                .hasObservationWithNameEqualTo("diffusion4j.generation")
                .that()
                .hasParentObservationEqualTo(caller);
    }

    @Test
    void theCallersListenerStillHears() {
        List<Integer> steps = new ArrayList<>();

        model.textToImage("a star")
                .steps(3)
                .onProgress(progress -> steps.add(progress.step()))
                .generate();

        assertThat(steps).containsExactly(1, 2, 3);
    }

    @Test
    void tagsCanBeOthers() {
        GenerationConvention convention = new GenerationConvention() {
            @Override
            public KeyValues getLowCardinalityKeyValues(GenerationContext context) {
                return super.getLowCardinalityKeyValues(context).and("tenant", "one");
            }
        };

        ObservedModel.of(fake, observations, convention).textToImage("a star").generate();

        assertThat(observations)
                .hasObservationWithNameEqualTo("diffusion4j.generation")
                .that()
                .hasLowCardinalityKeyValue("tenant", "one");
    }

    @Test
    void withoutObservationsItDrawsAllTheSame() {
        assertThat(ObservedModel.of(fake, ObservationRegistry.NOOP).generateAll(TWO))
                .hasSize(2);
    }

    @Test
    void closingItClosesTheModel() {
        model.close();

        assertThat(fake.isClosed()).isTrue();
    }
}
