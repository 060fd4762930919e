package dev.diffusion4j.component;

import static dev.diffusion4j.testing.Tensors.distance;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.Generation;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import dev.diffusion4j.tokenizer.ClipTokenizer;
import dev.diffusion4j.tokenizer.Tokens;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The demo model's text encoder by itself. */
@Tag("native")
@Timeout(120)
class TextEncoderTest {

    private static final Shape TEXT = Shape.of(1, 77, 768);

    private static DiffusionModel sd;
    private static ClipTextEncoder encoder;
    private static Tokens circle;

    @BeforeAll
    static void open() {
        sd = DiffusionModel.open(DemoModel.path());
        encoder = sd.textEncoder();
        circle = encoder.tokenizer().encode("a red circle on a white background");
    }

    @AfterAll
    static void close() {
        sd.close();
    }

    private static void assertRefused(String field, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        InvalidRequestException.class,
                        e -> assertThat(e.field()).isEqualTo(field));
    }

    /** One row of (1, rows, width) as a tensor of (1, width). */
    private static Tensor row(Tensor states, long row) {
        long width = states.shape().dimension(states.shape().rank() - 1);
        float[] values = Arrays.copyOfRange(states.toArray(), (int) (row * width), (int) ((row + 1) * width));
        return Tensor.of(values, Shape.of(1, width));
    }

    @Test
    void isClipViTLarge() {
        assertThat(sd.textEncoders()).containsExactly(encoder);
        assertThat(encoder.hiddenSize()).isEqualTo(768);
        assertThat(encoder.layers()).isEqualTo(12);
        assertThat(encoder.pooledSize()).isEqualTo(768);
        assertThat(encoder.defaultClipSkip()).isEqualTo(1);
        assertThat(encoder.inversions()).isEmpty();
    }

    @Test
    void aTextBecomes77TokensAndAsManyStates() {
        Tokens tokens = encoder.tokenizer().encode("A picture of a puppy");
        int[] expected = new int[77];
        Arrays.fill(expected, ClipTokenizer.END_OF_TEXT);
        System.arraycopy(new int[] {49406, 320, 1674, 539, 320, 6829}, 0, expected, 0, 6);

        assertThat(tokens.ids()).containsExactly(expected);
        try (Tensor states = encoder.encode(tokens);
                Tensor embeddings = encoder.embed(tokens);
                Tensor inputs = encoder.inputEmbeddings(tokens);
                Tensor pooled = encoder.pooled(tokens)) {
            assertThat(states.shape()).isEqualTo(TEXT);
            assertThat(embeddings.shape()).isEqualTo(TEXT);
            assertThat(inputs.shape()).isEqualTo(TEXT);
            assertThat(pooled.shape()).isEqualTo(Shape.of(1, 768));
        }
    }

    @Test
    void embeddingsAreRowsOfTheTable() {
        try (Tensor table = encoder.tokenEmbeddings();
                Tensor embeddings = encoder.embed(circle)) {
            assertThat(table.shape()).isEqualTo(Shape.of(49408, 768));
            for (int i = 0; i < circle.length(); i++) {
                try (Tensor expected = table.slice(circle.id(i), circle.id(i) + 1);
                        Tensor actual = row(embeddings, i)) {
                    assertThat(distance(expected, actual)).as("token %d", i).isZero();
                    assertThat(expected.standardDeviation()).isPositive();
                }
            }
        }
    }

    @Test
    void whatEntersTheFirstLayerHasThePositionAdded() {
        try (Tensor positions = encoder.positionEmbeddings();
                Tensor embeddings = encoder.embed(circle);
                Tensor inputs = encoder.inputEmbeddings(circle)) {
            assertThat(positions.shape()).isEqualTo(Shape.of(77, 768));
            assertThat(positions.standardDeviation()).isPositive();
            for (int i = 0; i < 77; i++) {
                for (int j = 0; j < 768; j += 97) {
                    assertThat(inputs.get(0, i, j))
                            .isCloseTo(embeddings.get(0, i, j) + positions.get(i, j), within(1e-6f));
                }
            }
        }
    }

    @Test
    void embeddingsOfATextEncodeAsTheTextDoes() {
        try (Tensor inputs = encoder.inputEmbeddings(circle);
                Tensor fromInputs = encoder.encodeEmbeddings(inputs);
                Tensor fromTokens = encoder.encode(circle);
                Tensor earlyFromInputs = encoder.encodeEmbeddings(inputs, 12, false);
                Tensor early = encoder.hiddenState(circle, 12, false)) {
            assertThat(distance(fromInputs, fromTokens)).isLessThan(1e-4);
            assertThat(distance(earlyFromInputs, early)).isLessThan(1e-4);
            assertThat(distance(fromTokens, early)).isGreaterThan(0.1);
            assertThat(fromTokens.standardDeviation()).isGreaterThan(0.01);
        }
    }

    @Test
    void otherEmbeddingsEncodeToSomethingElse() {
        Tokens square = encoder.tokenizer().encode("a blue square on a yellow background");
        try (Tensor mixture = encoder.inputEmbeddings(circle);
                Tensor other = encoder.inputEmbeddings(square)) {
            mixture.scale(0.5);
            mixture.addScaled(0.5, other);
            try (Tensor mixed = encoder.encodeEmbeddings(mixture);
                    Tensor ofCircle = encoder.encode(circle);
                    Tensor ofSquare = encoder.encode(square)) {
                assertThat(distance(mixed, ofCircle)).isGreaterThan(0.1);
                assertThat(distance(mixed, ofSquare)).isGreaterThan(0.1);
            }
        }
    }

    @Test
    void theFinalNormIsThatOfTheModel() {
        try (Tensor plain = encoder.hiddenState(circle, 1, false);
                Tensor before = plain.copy();
                Tensor normalised = encoder.finalLayerNorm(plain);
                Tensor expected = encoder.hiddenState(circle, 1, true);
                Tensor encoded = encoder.encode(circle)) {
            assertThat(distance(normalised, expected)).isLessThan(1e-3);
            assertThat(distance(plain, expected)).isGreaterThan(0.1);
            assertThat(distance(plain, before)).isZero();
            assertThat(distance(encoded, expected)).isZero();
        }
    }

    @Test
    void aRowIsNormalisedByItself() {
        try (Tensor states = encoder.hiddenState(circle, 1, false);
                Tensor all = encoder.finalLayerNorm(states);
                Tensor third = row(states, 3);
                Tensor alone = encoder.finalLayerNorm(third);
                Tensor vector = third.view(Shape.of(768));
                Tensor ofVector = encoder.finalLayerNorm(vector);
                Tensor expected = row(all, 3)) {
            assertThat(distance(alone, expected)).isZero();
            assertThat(ofVector.toArray()).containsExactly(alone.toArray());
        }
    }

    /** The demo model's first two layers were trained; the ten behind them pass on what they get. */
    @Test
    void clipSkipCountsLayersFromTheEnd() {
        try (Tensor afterFirst = encoder.hiddenState(circle, 12, true);
                Tensor afterSecond = encoder.hiddenState(circle, 11, true);
                Tensor last = encoder.hiddenState(circle, 1, true);
                Conditioning prompt = sd.encodePrompt("a red circle on a white background", 12, sd.nativeSize())) {
            assertThat(distance(afterFirst, afterSecond)).isGreaterThan(0.1);
            assertThat(distance(afterSecond, last)).isLessThan(1e-4);
            assertThat(distance(prompt.context(), afterFirst)).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 13})
    void thereAreTwelveLayers(int clipSkip) {
        assertRefused("clipSkip", () -> encoder.hiddenState(circle, clipSkip, true));
        try (Tensor inputs = Tensor.zeros(TEXT)) {
            assertRefused("clipSkip", () -> encoder.encodeEmbeddings(inputs, clipSkip, true));
        }
    }

    @Test
    void thePooledOutputIsTheStateWhereTheTextEnds() {
        int end = circle.count() - 1;
        assertThat(circle.id(end)).isEqualTo(ClipTokenizer.END_OF_TEXT);
        try (Tensor states = encoder.hiddenState(circle, 1, true);
                Tensor expected = row(states, end);
                Tensor pooled = encoder.pooled(circle);
                Tensor later = row(states, end + 1)) {
            assertThat(distance(pooled, expected)).isLessThan(1e-4);
            assertThat(distance(pooled, later)).isGreaterThan(1e-3);
        }
    }

    @Test
    void aPositionSeesOnlyWhatIsBefore() {
        Tokens other = encoder.tokenizer().encode("a red square on a white background");
        try (Tensor mask = encoder.causalMask();
                Tensor states = encoder.encode(circle);
                Tensor otherStates = encoder.encode(other)) {
            assertThat(mask.shape()).isEqualTo(Shape.of(77, 77));
            for (int row = 0; row < 77; row++) {
                for (int column = 0; column < 77; column++) {
                    assertThat(mask.get(row, column)).isEqualTo(column <= row ? 0 : Float.NEGATIVE_INFINITY);
                }
            }
            // Start, "a" and "red" come before the word that differs.
            for (int i = 0; i < 6; i++) {
                try (Tensor state = row(states, i);
                        Tensor otherState = row(otherStates, i)) {
                    assertThat(distance(state, otherState) < 1e-4)
                            .as("token %d is the same", i)
                            .isEqualTo(i < 3);
                }
            }
        }
    }

    @Test
    void shapesAreChecked() {
        for (Shape shape : List.of(Shape.of(77, 768), Shape.of(1, 76, 768), Shape.of(2, 77, 768))) {
            try (Tensor tensor = Tensor.zeros(shape)) {
                assertRefused("inputEmbeddings", () -> encoder.encodeEmbeddings(tensor));
            }
        }
        for (Shape shape : List.of(Shape.of(), Shape.of(767), Shape.of(768, 77))) {
            try (Tensor tensor = Tensor.zeros(shape)) {
                assertRefused("hidden", () -> encoder.finalLayerNorm(tensor));
            }
        }
    }

    @Test
    void tokensOfAnotherTokenizerAreRefused() {
        ClipTokenizer larger = encoder.tokenizer().withAddedToken("<cat>", 1);
        Tokens tokens = larger.encode("a <cat>");

        assertRefused("tokens", () -> encoder.encode(tokens));
        assertRefused("tokens", () -> encoder.embed(tokens));
        assertRefused("tokens", () -> encoder.pooled(tokens));
    }

    @Test
    void aClosedTensorIsRefused() {
        Tensor closed = Tensor.zeros(TEXT);
        closed.close();

        assertThatThrownBy(() -> encoder.encodeEmbeddings(closed)).isInstanceOf(ClosedException.class);
        assertThatThrownBy(() -> encoder.finalLayerNorm(closed)).isInstanceOf(ClosedException.class);
    }

    @Test
    void aClosedModelIsRefused() {
        DiffusionModel model = DiffusionModel.open(DemoModel.path());
        ClipTextEncoder orphan = model.textEncoder();
        model.close();

        assertThatThrownBy(model::textEncoder).isInstanceOf(ClosedException.class);
        assertThatThrownBy(() -> orphan.encode(circle)).isInstanceOf(ClosedException.class);
        assertThatThrownBy(() -> orphan.embed(circle)).isInstanceOf(ClosedException.class);
        assertThatThrownBy(() -> orphan.pooled(circle)).isInstanceOf(ClosedException.class);
        assertThatThrownBy(orphan::tokenEmbeddings).isInstanceOf(ClosedException.class);
        try (Tensor states = Tensor.zeros(TEXT)) {
            assertThatThrownBy(() -> orphan.encodeEmbeddings(states)).isInstanceOf(ClosedException.class);
            assertThatThrownBy(() -> orphan.finalLayerNorm(states)).isInstanceOf(ClosedException.class);
        }
    }

    @Test
    void aCallThatWaitsWhileTheModelIsClosedIsRefused() throws Exception {
        DiffusionModel model = DiffusionModel.open(DemoModel.path());
        ClipTextEncoder itsEncoder = model.textEncoder();
        CountDownLatch busy = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        Generation<GeneratedImage> generation = model.textToImage("a star")
                .onProgress(progress -> {
                    busy.countDown();
                    awaitQuietly(release);
                })
                .start();
        busy.await();
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread waiting = Thread.ofPlatform().start(() -> thrown.set(catchThrowable(() -> itsEncoder.encode(circle))));
        await().atMost(1, TimeUnit.MINUTES).until(() -> waiting.getState() == Thread.State.WAITING);
        Thread closing = Thread.ofPlatform().start(model::close);
        await().atMost(1, TimeUnit.MINUTES).until(() -> closing.getState() == Thread.State.WAITING);
        release.countDown();
        closing.join();
        waiting.join();

        assertThat(thrown.get()).isInstanceOf(ClosedException.class);
        assertThatThrownBy(generation::await).isInstanceOf(GenerationCancelledException.class);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void severalThreadsGetTheSame() {
        List<CompletableFuture<Tensor>> results = IntStream.range(0, 6)
                .mapToObj(i -> CompletableFuture.supplyAsync(() -> encoder.encode(circle)))
                .toList();
        try (Tensor expected = encoder.encode(circle)) {
            for (CompletableFuture<Tensor> result : results) {
                try (Tensor states = result.join()) {
                    assertThat(distance(states, expected)).isZero();
                }
            }
        }
    }
}
