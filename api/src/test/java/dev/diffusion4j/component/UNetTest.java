package dev.diffusion4j.component;

import static dev.diffusion4j.testing.Tensors.distance;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.DiffusionException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.request.FlashAttention;
import dev.diffusion4j.scheduler.PredictionType;
import dev.diffusion4j.scheduler.Timestep;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The demo model's U-Net by itself. */
@Tag("native")
@Timeout(120)
class UNetTest {

    private static final Shape LATENTS = Shape.of(1, 4, 16, 16);

    private static DiffusionModel sd;
    private static UNet unet;
    private static Tensor latents;
    private static Conditioning circle;
    private static Conditioning square;

    @BeforeAll
    static void open() {
        sd = DiffusionModel.open(DemoModel.path());
        unet = sd.unet();
        latents = Tensor.randomNormal(LATENTS, 5);
        circle = sd.encodePrompt("a red circle on a white background");
        square = sd.encodePrompt("a blue square on a yellow background");
    }

    @AfterAll
    static void close() {
        sd.close();
        latents.close();
        circle.close();
        square.close();
    }

    private static void assertRefused(String field, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        InvalidRequestException.class,
                        e -> assertThat(e.field()).isEqualTo(field));
    }

    private static Tensor predict(Tensor input, double timestep) {
        return unet.predictNoise(input, timestep, circle.context());
    }

    /** Tensors of the same shape one after another in the outermost dimension. */
    private static Tensor batch(Tensor first, Tensor second) {
        long[] dimensions = first.shape().toArray();
        dimensions[0] *= 2;
        Tensor both = Tensor.zeros(Shape.of(dimensions));
        try (Tensor top = both.slice(0, dimensions[0] / 2);
                Tensor bottom = both.slice(dimensions[0] / 2, dimensions[0])) {
            top.copyFrom(first);
            bottom.copyFrom(second);
        }
        return both;
    }

    /** Token counts that do and do not fill the tiles, and the context's 77, which fills none. */
    @ParameterizedTest
    @CsvSource({"16, 16", "8, 40", "24, 8", "32, 24"})
    void flashAttentionPredictsWhatPlainAttentionPredicts(int height, int width) {
        try (DiffusionModel plain = DiffusionModel.options()
                        .flashAttention(FlashAttention.NONE)
                        .open(DemoModel.path());
                Tensor input = Tensor.randomNormal(Shape.of(2, 4, height, width), 6);
                Tensor expected = plain.unet().predictNoise(input, 300, circle.context());
                Tensor actual = predict(input, 300)) {
            // Keys and values in f16; a key too many or too few makes a hundred times as much.
            assertThat(distance(actual, expected)).isPositive().isLessThan(3e-3);
        }
    }

    @Test
    void isThatOfStableDiffusion1() {
        assertThat(unet.latentChannels()).isEqualTo(4);
        assertThat(unet.inChannels()).isEqualTo(4);
        assertThat(unet.contextSize()).isEqualTo(768);
        assertThat(unet.vectorSize()).isZero();
        assertThat(unet.sizeMultiple()).isEqualTo(sd.sizeMultiple() / sd.vae().scaleFactor());
        assertThat(unet.predictionType()).isEqualTo(PredictionType.EPSILON);
    }

    @Test
    void almostPureNoiseIsSeenAsNoise() {
        try (Tensor noise = predict(latents, 999)) {
            double error = 0;
            for (long i = 0; i < noise.size(); i++) {
                error += Math.pow(noise.getFlat(i) - latents.getFlat(i), 2);
            }
            assertThat(Math.sqrt(error / noise.size())).isLessThan(0.2);
        }
    }

    @Test
    void theSameInputsGiveTheSame() {
        try (Tensor first = predict(latents, 500);
                Tensor again = unet.predictNoise(latents, new Timestep(0, 500), circle.context());
                Tensor other = unet.predictNoise(latents, 500, square.context())) {
            assertThat(distance(first, again)).isZero();
            assertThat(distance(first, other)).isGreaterThan(0.01);
            assertThat(first.standardDeviation()).isBetween(0.5, 1.5);
        }
    }

    @Test
    void aBatchIsPredictedPictureByPicture() {
        try (Tensor otherLatents = Tensor.randomNormal(LATENTS, 6);
                Tensor both = batch(latents, otherLatents);
                Tensor predictions = predict(both, 500);
                Tensor first = predict(latents, 500);
                Tensor second = predict(otherLatents, 500);
                Tensor expected = batch(first, second)) {
            assertThat(distance(predictions, expected)).isZero();
            assertThat(distance(first, second)).isGreaterThan(0.1);
        }
    }

    @Test
    void eachPictureOfABatchMayHaveItsText() {
        try (Tensor both = batch(latents, latents);
                Conditioning texts = Conditioning.of(batch(circle.context(), square.context()));
                Conditioning negatives = Conditioning.of(batch(square.context(), circle.context()));
                Tensor prediction = Tensor.zeros(both.shape());
                Tensor first = Tensor.zeros(LATENTS);
                Tensor second = Tensor.zeros(LATENTS)) {
            unet.predictGuidedNoise(both, 500, texts, negatives, 3, prediction);
            unet.predictGuidedNoise(latents, 500, circle, square, 3, first);
            unet.predictGuidedNoise(latents, 500, square, circle, 3, second);

            try (Tensor expected = batch(first, second)) {
                assertThat(distance(prediction, expected)).isZero();
            }
            assertThat(distance(first, second)).isGreaterThan(0.01);
            assertRefused("negative.context", () -> unet.predictGuidedNoise(both, 500, texts, square, 3, prediction));
        }
    }

    @Test
    void fractionsOfTimestepsLieBetweenWholeOnes() {
        try (Tensor below = predict(latents, 500);
                Tensor between = predict(latents, 500.5);
                Tensor above = predict(latents, 501)) {
            double whole = distance(below, above);
            assertThat(whole).isPositive();
            assertThat(distance(below, between)).isGreaterThan(0.25 * whole).isLessThan(0.75 * whole);
            assertThat(distance(between, above)).isGreaterThan(0.25 * whole).isLessThan(0.75 * whole);
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 1, 2, 7.5, -1})
    void guidanceCombinesTwoPredictions(double scale) {
        try (Tensor positive = predict(latents, 500);
                Tensor negative = unet.predictNoise(latents, 500, square.context());
                Tensor expected = negative.copy();
                Tensor guided = Tensor.zeros(LATENTS)) {
            expected.scale(1 - scale);
            expected.addScaled(scale, positive);
            unet.predictGuidedNoise(latents, 500, circle, square, scale, guided);

            assertThat(distance(guided, expected)).isLessThan(1e-4);
        }
    }

    @Test
    void theNegativeTextMayHaveAnotherLength() {
        String words = "a blue square on a yellow background ".repeat(12);
        try (Conditioning longer = sd.encodePrompt(words);
                Tensor positive = predict(latents, 500);
                Tensor negative = unet.predictNoise(latents, 500, longer.context());
                Tensor expected = negative.copy();
                Tensor guided = Tensor.zeros(LATENTS)) {
            assertThat(longer.context().shape().dimension(1)).isEqualTo(154);
            expected.scale(-1);
            expected.addScaled(2, positive);
            unet.predictGuidedNoise(latents, 500, circle, longer, 2, guided);

            assertThat(distance(guided, expected)).isLessThan(1e-4);
        }
    }

    @Test
    void picturesNeedNotBeSquare() {
        try (Tensor wide = Tensor.randomNormal(Shape.of(1, 4, 8, 24), 3);
                Tensor prediction = predict(wide, 999)) {
            assertThat(prediction.shape()).isEqualTo(wide.shape());
            assertThat(distance(prediction, wide)).isLessThan(1);
        }
    }

    @Test
    void whatItIsGivenStaysAsItIs() {
        try (Tensor before = latents.copy();
                Tensor contextBefore = circle.context().copy();
                Tensor negativeBefore = square.context().copy();
                Tensor prediction = Tensor.zeros(LATENTS)) {
            unet.predictGuidedNoise(latents, 500, circle, square, 2, prediction);

            assertThat(distance(latents, before)).isZero();
            assertThat(distance(circle.context(), contextBefore)).isZero();
            assertThat(distance(square.context(), negativeBefore)).isZero();
            assertThat(prediction.standardDeviation()).isPositive();
        }
    }

    @ParameterizedTest
    @CsvSource({"4:16:16", "1:5:16:16", "1:4:16:12", "1:4:12:16", "1:4:16:16:1"})
    void otherLatentsAreRefused(String dimensions) {
        Shape shape = Shape.of(
                Arrays.stream(dimensions.split(":")).mapToLong(Long::parseLong).toArray());
        try (Tensor misshapen = Tensor.zeros(shape)) {
            assertRefused("latents", () -> predict(misshapen, 500));
        }
    }

    @Test
    void otherContextsAreRefused() {
        for (Shape shape : List.of(Shape.of(77, 768), Shape.of(1, 77, 1024), Shape.of(2, 77, 768))) {
            try (Tensor context = Tensor.zeros(shape);
                    Tensor prediction = Tensor.zeros(LATENTS)) {
                assertRefused("context", () -> unet.predictNoise(latents, 500, context));
                assertRefused(
                        "context",
                        () -> unet.predictGuidedNoise(latents, 500, circle, Conditioning.of(context), 2, prediction));
            }
        }
        try (Tensor vector = Tensor.zeros(Shape.of(1, 2816));
                Tensor prediction = Tensor.zeros(LATENTS)) {
            Conditioning ofSdxl = circle.with(Conditioning.VECTOR, vector);
            assertRefused("vector", () -> unet.predictNoise(latents, 500, ofSdxl, prediction));
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {-1, -1e-30, 1000, 999.99999999, Double.NaN, Double.POSITIVE_INFINITY})
    void otherTimestepsAreRefused(double timestep) {
        assertRefused("timestep", () -> predict(latents, timestep));
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, 1e300})
    void otherGuidanceIsRefused(double scale) {
        try (Tensor prediction = Tensor.zeros(LATENTS)) {
            assertRefused(
                    "guidanceScale", () -> unet.predictGuidedNoise(latents, 500, circle, square, scale, prediction));
        }
    }

    @Test
    void aPredictionOfAnotherShapeIsRefused() {
        try (Tensor small = Tensor.zeros(Shape.of(1, 4, 8, 8))) {
            assertRefused("prediction", () -> unet.predictNoise(latents, 500, circle, small));
            assertThat(small.max()).isZero();
        }
    }

    @Test
    void closedTensorsAreRefused() {
        Tensor closed = Tensor.zeros(LATENTS);
        closed.close();
        Tensor closedText = Tensor.zeros(Shape.of(1, 77, 768));
        closedText.close();
        try (Tensor prediction = Tensor.zeros(LATENTS)) {
            assertThatThrownBy(() -> predict(closed, 500)).isInstanceOf(ClosedException.class);
            assertThatThrownBy(() -> unet.predictNoise(latents, 500, circle, closed))
                    .isInstanceOf(ClosedException.class);
            assertThatThrownBy(() -> unet.predictNoise(latents, 500, closedText))
                    .isInstanceOf(ClosedException.class);
            assertThatThrownBy(() ->
                            unet.predictGuidedNoise(latents, 500, circle, Conditioning.of(closedText), 2, prediction))
                    .isInstanceOf(ClosedException.class);
            assertThat(prediction.max()).isZero();
        }
    }

    @Test
    @Timeout(60)
    void aTensorInUseStaysOpen() throws Exception {
        // Large enough that the prediction is still running when the tensor is closed.
        try (Tensor large = Tensor.randomNormal(Shape.of(2, 4, 32, 32), 1);
                Tensor prediction = Tensor.zeros(large.shape());
                Tensor context = circle.context().copy()) {
            CompletableFuture<Void> running = CompletableFuture.runAsync(
                    () -> unet.predictNoise(large, 500, Conditioning.of(context), prediction));
            // Until it is in native code, and not just about to be.
            await().atMost(Duration.ofMinutes(1))
                    .pollInterval(Duration.ofMillis(1))
                    .during(Duration.ofMillis(20))
                    .until(UNetTest::isPredicting);

            for (Tensor used : List.of(large, context, prediction)) {
                assertThatThrownBy(used::close)
                        .isInstanceOf(DiffusionException.class)
                        .hasMessageContaining("in use");
                assertThat(used.isClosed()).isFalse();
            }
            running.join();
            try (Tensor expected = unet.predictNoise(large, 500, circle.context())) {
                assertThat(distance(prediction, expected)).isZero();
            }
        }
    }

    private static boolean isPredicting() {
        return Thread.getAllStackTraces().values().stream()
                .flatMap(Arrays::stream)
                .anyMatch(frame -> frame.getMethodName().equals("d4j_run"));
    }

    @Test
    void theModelsOtherPartsMayRunInBetween() {
        try (Tensor before = predict(latents, 300);
                Tensor picture = sd.vae().decode(latents);
                Conditioning star = sd.encodePrompt("a star");
                Tensor after = predict(latents, 300)) {
            assertThat(distance(before, after)).isZero();
            assertThat(picture.standardDeviation()).isPositive();
            assertThat(distance(star.context(), circle.context())).isPositive();
            sd.textToImage("a star").steps(2).seed(1).generate();
            try (Tensor last = predict(latents, 300)) {
                assertThat(distance(before, last)).isZero();
            }
        }
    }

    @Test
    void severalThreadsGetTheSame() {
        try (Tensor expected = predict(latents, 700)) {
            List<CompletableFuture<Tensor>> results = IntStream.range(0, 4)
                    .mapToObj(i -> CompletableFuture.supplyAsync(() -> predict(latents, 700)))
                    .toList();
            for (CompletableFuture<Tensor> result : results) {
                try (Tensor prediction = result.join()) {
                    assertThat(distance(prediction, expected)).isZero();
                }
            }
        }
    }
}
