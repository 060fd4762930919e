package dev.diffusion4j.parity;

import static dev.diffusion4j.parity.FamilyGoldens.TOLERANCE;
import static dev.diffusion4j.parity.FamilyGoldens.distance;
import static dev.diffusion4j.parity.FamilyGoldens.effect;
import static dev.diffusion4j.parity.FamilyGoldens.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.Generation;
import dev.diffusion4j.GenerationListener;
import dev.diffusion4j.ImageGeneration;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.error.TensorFileException;
import dev.diffusion4j.internal.engine.CancellationFlag;
import dev.diffusion4j.internal.engine.GenerationInputs;
import dev.diffusion4j.internal.engine.GenerationObserver;
import dev.diffusion4j.internal.engine.IdentityInput;
import dev.diffusion4j.internal.engine.OpenSpec;
import dev.diffusion4j.internal.ffm.NativeEngine;
import dev.diffusion4j.request.HighResFix;
import dev.diffusion4j.request.Identity;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.LoraMode;
import dev.diffusion4j.request.ModelOptions;
import dev.diffusion4j.request.NativeSampling;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.PreviewMode;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.scheduler.EulerScheduler;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * PhotoMaker against a reference of its own (tools/parity/photomaker.py) on the small SDXL model, and all that the runtime would
 * only warn about, or fail at. The files are named after each other's version, which must not matter.
 */
@Tag("native")
@Timeout(600)
class PhotoMakerParityTest {

    private static final String PROMPT = "a red circle img on a white background";
    private static final int STEPS = 3;

    /** Where the identity changes the picture by 12 of 255: what the runtime rounds to f16 on the way is a part of that. */
    private static final double CLOSE = 0.6;

    private static final NativeSampling EULER = Sampling.of(Sampler.EULER).withSchedule(NoiseSchedule.DISCRETE);

    private static Path sdxl;
    private static Path first;
    private static Path second;
    private static Path faces;
    private static DiffusionModel model;

    @BeforeAll
    static void open(@TempDir Path folder) throws IOException {
        sdxl = FamilyGoldens.write("sdxl", folder);
        first = Files.move(FamilyGoldens.write("photomaker-v1", folder), folder.resolve("not-v2.safetensors"));
        second = Files.move(FamilyGoldens.write("photomaker-v2", folder), folder.resolve("second.safetensors"));
        try (Tensor numbers = Formula.input("faces", 1, Shape.of(2, 512))) {
            faces = Files.write(folder.resolve("faces.bin"), tensorFile(numbers.toArray()));
        }
        model = options().photoMaker(first).open(sdxl);
    }

    @AfterAll
    static void close() throws IOException {
        model.close();
        for (Path file : List.of(sdxl, first, second)) {
            Files.delete(file);
        }
    }

    private static byte[] tensorFile(float[] numbers) {
        ByteBuffer bytes =
                ByteBuffer.allocate(20 + numbers.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(2).putInt(0).putInt(0).putInt(512).putInt(numbers.length / 512);
        bytes.asFloatBuffer().put(numbers);
        return bytes.array();
    }

    /** The pictures of photomaker.py. */
    private static BufferedImage face(int number) {
        BufferedImage picture = new BufferedImage(224, 224, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < 224; y++) {
            for (int x = 0; x < 224; x++) {
                int right = x / 16;
                int down = y / 16;
                int red = ((53 * right + 97 * down) * number + 40 * number) % 256;
                int green = ((151 * right + 29 * down) * number + 40 * number) % 256;
                int blue = ((11 * right + 199 * down) * number + 40 * number) % 256;
                picture.setRGB(x, y, red << 16 | green << 8 | blue);
            }
        }
        return picture;
    }

    private static Identity identity(int... numbers) {
        BufferedImage[] faces = new BufferedImage[numbers.length];
        for (int i = 0; i < faces.length; i++) {
            faces[i] = face(numbers[i]);
        }
        return Identity.of(faces).withStyleStrength(0);
    }

    private static ImageGeneration request(DiffusionModel model, String prompt, Identity identity) {
        return FamilyGoldens.as(model.textToImage(prompt))
                .guidanceScale(1)
                .sampling(EULER)
                .steps(STEPS)
                .identity(identity);
    }

    private static GeneratedImage draw(Identity identity) {
        return request(model, PROMPT, identity).generate();
    }

    /** With noise levels with which the later steps matter, too. */
    private static GeneratedImage drawLate(Identity identity) {
        return request(model, PROMPT, identity)
                .sampling(Sampling.of(Sampler.EULER).withSigmas(14, 9, 4, 0))
                .generate();
    }

    @Test
    void withoutAStepForTheIdentityItIsTheModelWithTheLora() throws IOException {
        List<String> warnings = new ArrayList<>();
        GeneratedImage image = request(model, PROMPT, identity(1).withStyleStrength(100))
                .onWarning(warnings::add)
                .generate();
        assertThat(effect("photomaker.text")).isGreaterThan(1);
        assertThat(distance("photomaker.text", image)).isLessThan(TOLERANCE);
        assertThat(warnings)
                .containsExactly(
                        "the identity has no effect: with a style strength of 100.0 percent of 3 steps it begins"
                                + " at step 4, and 3 are drawn");
        assertThat(image.warnings()).isEqualTo(warnings);
    }

    @Test
    void theIdentityOfOnePicture() {
        assertThat(effect("photomaker.one")).isGreaterThan(1);
        GeneratedImage image = draw(identity(1));
        assertThat(distance("photomaker.one", image)).isLessThan(CLOSE);
        assertThat(distance("photomaker.other", image)).isGreaterThan(2 * CLOSE);
    }

    @Test
    void theIdentityOfAnotherPicture() {
        assertThat(distance("photomaker.other", draw(identity(2)))).isLessThan(CLOSE);
    }

    /** Between two, rounding to half precision counts more: which of them a pixel looks at turns on little. */
    @Test
    void theIdentityOfTwoPictures() {
        assertThat(effect("photomaker.two")).isGreaterThan(10);
        double distance = distance("photomaker.two", draw(identity(1, 2)));
        assertThat(distance).isLessThan(1.5);
        assertThat(distance("photomaker.two", draw(identity(2, 1)))).isGreaterThan(2 * distance);
    }

    @Test
    void theStyleStrengthMovesTheFirstStepOfTheIdentity() throws IOException {
        GeneratedImage image = drawLate(identity(1).withStyleStrength(40));
        assertThat(effect("photomaker.later")).isGreaterThan(1);
        assertThat(distance("photomaker.later", image)).isLessThan(CLOSE);
        for (double other : new double[] {0, 70}) {
            assertThat(distance("photomaker.later", drawLate(identity(1).withStyleStrength(other))))
                    .isGreaterThan(2 * CLOSE);
        }
        JsonNode parameters = new ObjectMapper().readTree(image.parametersJson());
        assertThat(parameters.get("identity").toString())
                .isEqualTo("{\"pictures\":1,\"styleStrength\":40.0,\"firstStep\":2}");
        assertThat(parameters.get("request").has("identity")).isFalse();
        assertThat(image.parametersText()).contains("PhotoMaker style strength: 40, PhotoMaker first step: 2");
    }

    @Test
    void theSecondVersion() {
        try (DiffusionModel v2 = options().photoMaker(second).open(sdxl)) {
            Identity whole = identity(1, 2).withEmbeddings(faces);
            assertThat(effect("photomaker.v2")).isGreaterThan(1);
            assertThat(distance("photomaker.v2", request(v2, PROMPT, whole).generate()))
                    .isLessThan(CLOSE);
            assertThatThrownBy(() -> request(v2, PROMPT, identity(1, 2)).start())
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("identity.embeddings must be given");
            assertThatThrownBy(() -> request(v2, PROMPT, identity(1).withEmbeddings(faces))
                            .start())
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessage("identity.embeddings must be as many as there are pictures, 1, not 2 embeddings");
            for (Path file : List.of(sdxl, sdxl.resolveSibling("absent"))) {
                assertThatThrownBy(() -> request(v2, PROMPT, identity(1, 2).withEmbeddings(file))
                                .start())
                        .isInstanceOf(TensorFileException.class)
                        .hasMessageContaining(file.toString());
            }
        }
    }

    @Test
    void inAProcessOfItsOwnAndAsTheLayersCompute() {
        GeneratedImage here = draw(identity(1));
        try (DiffusionModel isolated = options()
                .photoMaker(first)
                .isolated()
                .loraMode(LoraMode.AT_RUNTIME)
                .open(sdxl)) {
            GeneratedImage there = request(isolated, PROMPT, identity(1)).generate();
            assertThat(distance("photomaker.one", there)).isLessThan(CLOSE);
            assertThat(there.parametersJson()).isEqualTo(here.parametersJson());
            assertThatThrownBy(() -> request(isolated, "a circle", identity(1)).start())
                    .isInstanceOf(InvalidRequestException.class);
        }
    }

    /** Upstream's text for the steps before the identity has lost them. */
    @Test
    void thePromptKeepsItsWeights() {
        Identity never = identity(1).withStyleStrength(100);
        GeneratedImage plain = draw(never);
        GeneratedImage weighted = request(model, "a (red:1.6) circle (IMG:1.2) on a white background", never)
                .generate();
        assertThat(weighted.pixels().mismatch(plain.pixels())).isNotEqualTo(-1);
    }

    @Test
    void picturesOfAnySize() {
        BufferedImage wide = new BufferedImage(448, 224, BufferedImage.TYPE_INT_RGB);
        wide.createGraphics().drawImage(face(1), 112, 0, null);
        GeneratedImage cut = draw(Identity.of(wide).withStyleStrength(0));
        assertThat(distance("photomaker.one", cut)).isLessThan(CLOSE);
    }

    @Test
    void reportsProgressAndCanBeCancelled() {
        List<Integer> steps = new ArrayList<>();
        CompletableFuture<Generation<List<GeneratedImage>>> started = new CompletableFuture<>();
        GenerationListener listener = GenerationListener.NONE.onProgress(progress -> {
            steps.add(progress.step());
            if (progress.step() == 2) {
                started.join().cancel();
            }
        });
        ImageRequest request = request(model, PROMPT, identity(1)).steps(200).toRequest();
        started.complete(model.startAll(request, listener));
        assertThatThrownBy(() -> started.join().await()).isInstanceOf(GenerationCancelledException.class);
        assertThat(steps).contains(1, 2).doesNotContain(200);
        assertThat(distance("photomaker.one", draw(identity(1)))).isLessThan(CLOSE);
    }

    private static AbstractThrowableAssert<?, ? extends Throwable> assertRefused(
            ImageGeneration request, String field) {
        return assertThatThrownBy(request::start)
                .isInstanceOfSatisfying(
                        InvalidRequestException.class,
                        e -> assertThat(e.field()).isEqualTo(field));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "a red circle | behind the word for a person",
                "a red circle imgs | behind the word for a person",
                "img | right before the trigger word",
                "img of a circle | right before the trigger word",
                "a circle. img | right before the trigger word",
                "a circle img and a square img | 'img' once",
                "a circle img img | 'img' once"
            })
    void theTriggerWordIsOnceBehindAnother(String prompt, String reason) {
        assertRefused(request(model, prompt, identity(1)), "prompt")
                .hasMessageContaining(reason)
                .hasMessageContaining("such as 'a photo of a man img'")
                .hasMessageContaining("'" + prompt + "'");
    }

    @Test
    void thePromptFitsOneRunOfTheTextEncoders() {
        String words = "red ".repeat(74);
        request(model, words + "circle img", identity(1)).steps(1).generate();
        assertRefused(request(model, "red " + words + "circle img", identity(1)), "prompt")
                .hasMessage("prompt must be of at most 75 tokens for PhotoMaker, with the person's word 1 time for 1"
                        + " picture, not 76 tokens");
        assertRefused(request(model, words + "circle img", identity(1, 2)), "prompt")
                .hasMessageContaining("2 times for 2 pictures, not 76 tokens");
        for (String cut : List.of("circle img BREAK red", "circle BREAK img", "circle img BREAK")) {
            assertRefused(request(model, cut, identity(1)), "prompt").hasMessageContaining("without BREAK");
        }
    }

    @Test
    void everyRequestHasAnIdentityAndTheNativeSampler() {
        ImageGeneration none = FamilyGoldens.as(model.textToImage(PROMPT)).steps(STEPS);
        assertRefused(none, "identity").hasMessageContaining("opened with PhotoMaker");
        assertRefused(request(model, PROMPT, identity(1).withEmbeddings(faces)), "identity.embeddings")
                .hasMessageContaining("version 1");
        assertRefused(
                        request(model, PROMPT, identity(1)).sampling(Sampling.with(EulerScheduler.stableDiffusion())),
                        "scheduler")
                .hasMessageContaining("absent with PhotoMaker");
        assertRefused(
                        request(model, PROMPT, identity(1))
                                .sampling(EULER.withHighResFix(new HighResFix(HighResFix.Upscaler.LATENT, 2, 0, 0.5))),
                        "highResFix")
                .hasMessageContaining("absent with PhotoMaker");
        assertThatThrownBy(model::unet)
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("was opened with PhotoMaker");
    }

    @Test
    void aModelWithoutPhotoMakerDrawsNobody() {
        try (DiffusionModel plain = options().open(sdxl)) {
            assertRefused(request(plain, PROMPT, identity(1)), "identity").hasMessageContaining("without PhotoMaker");
        }
    }

    /** The second line of defence: what Java refuses, the shim refuses too, where the runtime draws something else. */
    @Test
    void nothingIsLeftToTheRuntimesWarnings() {
        NativeEngine engine = NativeEngine.open(
                new OpenSpec(Optional.of(sdxl), options().photoMaker(first).toOptions(), Map.of(), 2));
        try {
            for (String prompt : List.of(
                    "a circle",
                    "img",
                    "img of a circle",
                    "a circle img img",
                    "a circle img BREAK red",
                    "red ".repeat(80) + "circle img")) {
                assertRefusedNatively(engine, prompt, person(224));
            }
            assertRefusedNatively(engine, PROMPT, Optional.empty());
            assertRefusedNatively(engine, PROMPT, person(61));
            // It is none of those after which a model is lost.
            drawNatively(engine, PROMPT, person(224));
        } finally {
            engine.close();
        }
    }

    private static Optional<IdentityInput> person(int side) {
        return Optional.of(new IdentityInput(
                List.of(new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB)), 20, Optional.empty()));
    }

    private static void assertRefusedNatively(NativeEngine engine, String prompt, Optional<IdentityInput> identity) {
        assertThatThrownBy(() -> drawNatively(engine, prompt, identity))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("the picture could not be generated: ")
                .hasMessageNotContaining("Turn off");
    }

    private static void drawNatively(NativeEngine engine, String prompt, Optional<IdentityInput> identity) {
        ImageRequest request = ImageRequest.textToImage(prompt)
                .size(64, 64)
                .seed(1)
                .steps(1)
                .guidanceScale(1)
                .sampling(EULER)
                .build();
        GenerationInputs inputs = new GenerationInputs(
                Optional.empty(), Optional.empty(), 1, List.of(), true, false, List.of(), identity);
        engine.generate(request, inputs, UNSEEN, new CancellationFlag());
    }

    private static final GenerationObserver UNSEEN = new GenerationObserver() {
        @Override
        public void progress(ProgressKind kind, int step, int of) {}

        @Override
        public Optional<PreviewMode> previewMode() {
            return Optional.empty();
        }

        @Override
        public int previewInterval() {
            return 1;
        }

        @Override
        public void preview(int step, BufferedImage image) {}

        @Override
        public void warn(String text) {}
    };

    @Test
    void identityPicturesWithoutPhotoMakerAreRefusedByTheShim() {
        NativeEngine engine = NativeEngine.open(new OpenSpec(Optional.of(sdxl), ModelOptions.DEFAULT, Map.of(), 2));
        try {
            assertThatThrownBy(() -> drawNatively(engine, PROMPT, person(224)))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("opened without PhotoMaker");
        } finally {
            engine.close();
        }
    }
}
