package dev.diffusion4j;

import static dev.diffusion4j.testing.DrawnPicture.psnr;
import static dev.diffusion4j.testing.Tensors.distance;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.component.ClipTextEncoder;
import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.component.TextualInversion;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.modelfile.Pickle;
import dev.diffusion4j.modelfile.Safetensors;
import dev.diffusion4j.modelfile.TensorType;
import dev.diffusion4j.modelfile.TorchZip;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.scheduler.EulerScheduler;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Learned words: their files, and that one made of a known word's embedding means that word. */
@Tag("native")
@Timeout(120)
class TextualInversionTest {

    private static final String PROMPT = "a red circle on a white background";
    private static final String LEARNED = "a red <cat> on a white background";

    private static DiffusionModel sd;

    /** Knows circle and red by other words. */
    private static DiffusionModel learned;

    /** The embeddings of "red" and "circle". */
    private static float[] red;

    private static float[] circle;

    @TempDir
    private Path folder;

    @BeforeAll
    static void open(@TempDir Path words) {
        sd = DiffusionModel.open(DemoModel.path());
        red = embedding(2);
        circle = embedding(3);
        Path ofCircle =
                new Safetensors().values("emb_params", "F32", circle, 1, 768).write(words.resolve("circle"));
        Path ofRed = new Safetensors().values("emb_params", "F32", red, 1, 768).write(words.resolve("red"));
        learned = DiffusionModel.options()
                .embedding("kit", ofRed)
                .embedding("Kitty", ofCircle)
                .embedding("Bär", ofCircle)
                .embedding(":)", ofRed)
                .embedding("BREAK-it", ofRed)
                .open(DemoModel.path());
    }

    @AfterAll
    static void close() {
        sd.close();
        learned.close();
    }

    /** The embedding of a token of the prompt. */
    private static float[] embedding(int position) {
        ClipTextEncoder encoder = sd.textEncoder();
        try (Tensor embeddings = encoder.embed(encoder.tokenizer().encode(PROMPT))) {
            return Arrays.copyOfRange(embeddings.toArray(), position * 768, (position + 1) * 768);
        }
    }

    private static float[] redAndCircle() {
        float[] both = Arrays.copyOf(red, 2 * 768);
        System.arraycopy(circle, 0, both, 768, 768);
        return both;
    }

    private Path write(String name, Safetensors file) {
        return file.write(folder.resolve(name));
    }

    private Path cat() {
        return write("cat.safetensors", new Safetensors().values("<cat>", "F32", circle, 768));
    }

    @ParameterizedTest
    @CsvSource({"F64, 0", "F32, 0", "F16, 1e-3", "BF16, 1e-2"})
    void loadsEveryFloatingPointType(String type, float relative) {
        Path file = write("emb.safetensors", new Safetensors().values("<cat>", type, redAndCircle(), 2, 768));
        try (TextualInversion inversion = TextualInversion.load(file)) {
            assertThat(inversion.token()).isEqualTo("<cat>");
            assertThat(inversion.vectors()).hasSize(1);
            assertThat(inversion.vectors(768)).isSameAs(inversion.vectors().getFirst());
            assertThat(inversion.vectors(768).shape()).isEqualTo(Shape.of(2, 768));
            float[] expected = redAndCircle();
            for (int i = 0; i < expected.length; i++) {
                assertThat(inversion.vectors(768).getFlat(i))
                        .isCloseTo(expected[i], within(relative * Math.abs(expected[i]) + 1e-7f));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "emb_params, my-style.safetensors, my-style",
        "<cat>, my-style.safetensors, <cat>",
        "*, some.v2.pt, some.v2",
        "string_to_param.*, another.bin, another",
    })
    void theWordIsTheFilesOrThatOfItsName(String tensor, String name, String token) {
        Path file = write(name, new Safetensors().values(tensor, "F32", circle, 1, 768));
        try (TextualInversion inversion = TextualInversion.load(file);
                TextualInversion renamed = TextualInversion.load(file, "other")) {
            assertThat(inversion.token()).isEqualTo(token);
            assertThat(renamed.token()).isEqualTo("other");
            assertThat(renamed.vectors(768).toArray()).containsExactly(circle);
        }
    }

    @Test
    void loadsBothEncodersOfSdxl() {
        Path file = write(
                "sdxl.safetensors", new Safetensors().floats("clip_g", 3, 1280).floats("clip_l", 3, 768));
        try (TextualInversion inversion = TextualInversion.load(file)) {
            assertThat(inversion.token()).isEqualTo("sdxl");
            assertThat(inversion.vectors(768).shape()).isEqualTo(Shape.of(3, 768));
            assertThat(inversion.vectors(1280).shape()).isEqualTo(Shape.of(3, 1280));
        }
    }

    @Test
    void filesThatAreNoInversionsAreRefused() throws IOException {
        assertThatThrownBy(() -> TextualInversion.load(DemoModel.path()))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("is not a textual inversion");
        assertThatThrownBy(() -> TextualInversion.load(folder.resolve("missing.safetensors")))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("missing.safetensors");
        Path text = Files.writeString(folder.resolve("text.pt"), "hello");
        assertThatThrownBy(() -> TextualInversion.load(text, "<cat>")).isInstanceOf(ModelFileException.class);
        Path integers = write("integers.safetensors", new Safetensors().tensor("<cat>", "I32", 1, 768));
        assertThatThrownBy(() -> TextualInversion.load(integers)).isInstanceOf(ModelFileException.class);
        Path wide = write("wide.safetensors", new Safetensors().floats("<cat>", 1, 700));
        assertThatThrownBy(() -> TextualInversion.load(wide)).isInstanceOf(ModelFileException.class);

        byte[] whole = Files.readAllBytes(cat());
        Path cut = Files.write(folder.resolve("cut.safetensors"), Arrays.copyOf(whole, whole.length - 100));
        assertThatThrownBy(() -> TextualInversion.load(cut)).isInstanceOf(ModelFileException.class);
    }

    @Test
    void aWordHasRoomInAPrompt() {
        Path most = write("most.safetensors", new Safetensors().floats("<cat>", 75, 768));
        Path tooMany = write("many.safetensors", new Safetensors().floats("<cat>", 76, 768));

        try (TextualInversion inversion = TextualInversion.load(most)) {
            assertThat(inversion.vectors(768).shape().dimension(0)).isEqualTo(TextualInversion.MAX_VECTORS);
        }
        assertThatThrownBy(() -> TextualInversion.load(tooMany))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("76x768")
                .hasMessageContaining("75");
        assertThatThrownBy(() ->
                        DiffusionModel.options().embedding("<cat>", tooMany).open(DemoModel.path()))
                .isInstanceOf(ModelFileException.class);
        try (Tensor vectors = Tensor.zeros(Shape.of(76, 768));
                Tensor flat = Tensor.zeros(Shape.of(768))) {
            assertThatThrownBy(() -> TextualInversion.of("<cat>", vectors)).isInstanceOf(InvalidRequestException.class);
            assertThatThrownBy(() -> TextualInversion.of("<cat>", flat)).isInstanceOf(InvalidRequestException.class);
        }
    }

    @Test
    void anotherWidthIsRefused() {
        Path file = write("sd2.safetensors", new Safetensors().floats("<cat>", 1, 1024));
        try (TextualInversion inversion = TextualInversion.load(file)) {
            assertThatThrownBy(() -> sd.textEncoder().with(inversion))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("768")
                    .hasMessageContaining("1x1024");
        }
        assertThatThrownBy(
                        () -> DiffusionModel.options().embedding("<cat>", file).open(DemoModel.path()))
                .isInstanceOf(ModelFileException.class);
    }

    @Test
    void aKnownWordsEmbeddingMeansThatWord() {
        ClipTextEncoder plain = sd.textEncoder();
        try (TextualInversion inversion = TextualInversion.load(cat())) {
            ClipTextEncoder learned = plain.with(inversion);
            assertThat(learned.inversions()).containsExactly(inversion);
            assertThat(plain.inversions()).isEmpty();
            assertThat(learned.tokenizer().encode(LEARNED).id(3)).isEqualTo(49408);

            try (Tensor expected = plain.encode(plain.tokenizer().encode(PROMPT));
                    Tensor actual = learned.encode(learned.tokenizer().encode(LEARNED));
                    Tensor unknown = plain.encode(plain.tokenizer().encode(LEARNED));
                    Tensor expectedEarly = plain.hiddenState(plain.tokenizer().encode(PROMPT), 12, false);
                    Tensor early = learned.hiddenState(learned.tokenizer().encode(LEARNED), 12, false);
                    Tensor expectedPooled = plain.pooled(plain.tokenizer().encode(PROMPT));
                    Tensor pooled = learned.pooled(learned.tokenizer().encode(LEARNED))) {
                assertThat(distance(actual, expected)).isLessThan(1e-4);
                assertThat(distance(unknown, expected)).isGreaterThan(0.1);
                assertThat(distance(early, expectedEarly)).isLessThan(1e-4);
                assertThat(distance(pooled, expectedPooled)).isLessThan(1e-4);
            }
        }
    }

    @Test
    void aWordMayHaveSeveralVectors() {
        Path file = write("two.safetensors", new Safetensors().values("<cat>", "F32", redAndCircle(), 2, 768));
        Path blue = write("blue.safetensors", new Safetensors().floats("<dog>", 1, 768));
        ClipTextEncoder plain = sd.textEncoder();
        try (TextualInversion first = TextualInversion.load(blue);
                TextualInversion inversion = TextualInversion.load(file)) {
            ClipTextEncoder learned = plain.with(first).with(inversion);
            try (Tensor expected = plain.encode(plain.tokenizer().encode(PROMPT));
                    Tensor actual = learned.encode(learned.tokenizer().encode("a <cat> on a white background"));
                    Tensor dog = learned.embed(learned.tokenizer().encode("<dog>"))) {
                assertThat(distance(actual, expected)).isLessThan(1e-4);
                assertThat(dog.get(0, 1, 5)).isZero();
            }
        }
    }

    @Test
    void aWordIsLearnedOnceAndUsedWhileItIsOpen() {
        TextualInversion inversion = TextualInversion.load(cat());
        ClipTextEncoder learned = sd.textEncoder().with(inversion);
        assertThatThrownBy(() -> learned.with(inversion))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("<cat>");
        inversion.close();

        assertThatThrownBy(() -> learned.encode(learned.tokenizer().encode(LEARNED)))
                .isInstanceOf(ClosedException.class);
    }

    @Test
    void bothPathsDrawALearnedWord() {
        try (DiffusionModel learned =
                DiffusionModel.options().embedding("<cat>", cat()).open(DemoModel.path())) {
            assertThat(learned.textEncoder().inversions()).hasSize(1);
            BufferedImage expected = drawNatively(sd, PROMPT);
            assertThat(psnr(expected, drawNatively(learned, LEARNED))).isGreaterThan(35);
            assertThat(psnr(expected, drawInJava(learned, LEARNED))).isGreaterThan(35);
            assertThat(psnr(expected, drawInJava(sd, LEARNED))).isLessThan(30);
        }
    }

    /** Each as typed, with the words Kitty, Bär, kit, :) and BREAK-it for "circle" and "red", and in plain words. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "KITTY on a white background | circle on a white background",
                "a red Kitty | a red circle",
                "a red kitty, on white | a red circle, on white",
                "a red (kITTY:1.3) on white | a red (circle:1.3) on white",
                "a [KITTY], (((red))) | a [circle], (((red)))",
                "red,KITTY.Kitty!kitty | red,circle.circle!circle",
                "a BÄR of BA\u0308R and bär | a circle of circle and circle",
                "a KIT and a KITTY | a red and a circle",
                "a :) on white (:):1.2) | a red on white (red:1.2)",
                "white BREAK-it BREAK Break-It | white red BREAK red",
                "a \\(KITTY\\) BREAKKitty | a \\(circle\\) BREAK circle",
            })
    void aWordIsFoundInAnyCaseWhereverItStands(String typed, String plain) {
        // Both prompts at once: a word missed in either draws something else.
        assertThat(psnr(sketch(learned, plain, "no " + plain), sketch(learned, typed, "no " + typed)))
                .isGreaterThan(50);
        try (Conditioning expected = learned.encodePrompt(plain);
                Conditioning actual = learned.encodePrompt(typed)) {
            assertThat(distance(actual.context(), expected.context())).isLessThan(1e-4);
        }
    }

    @Test
    void anotherWordDrawsAnotherPicture() {
        assertThat(psnr(sketch(learned, "a red circle", ""), sketch(learned, "a red kit", "")))
                .isLessThan(30);
    }

    @Test
    void theReportHasThePromptAsItWasTyped() {
        GeneratedImage image = learned.textToImage("a RED Kitty")
                .negativePrompt("a BÄR")
                .size(64, 64)
                .steps(1)
                .generate();
        assertThat(image.report().request().prompt()).isEqualTo("a RED Kitty");
        assertThat(image.report().request().negativePrompt()).isEqualTo("a BÄR");
    }

    @Test
    void aModelInAProcessOfItsOwnKnowsTheWord() {
        try (DiffusionModel isolated = DiffusionModel.options()
                .embedding("Kitty", halfPrecision())
                .isolated()
                .open(DemoModel.path())) {
            assertThat(psnr(sketch(learned, "a red circle", ""), sketch(isolated, "a red KITTY", "")))
                    .isGreaterThan(50);
        }
    }

    private Path halfPrecision() {
        return write("half.safetensors", new Safetensors().values("emb_params", "F16", circle, 1, 768));
    }

    /** What the runtime itself cannot read. */
    @Test
    void theNativePathDrawsWordsOfEveryFile() {
        Map<String, Path> files = new LinkedHashMap<>();
        for (String type : List.of("F64", "F32", "F16", "BF16")) {
            files.put(
                    "word" + type,
                    write(type + ".safetensors", new Safetensors().values("emb_params", type, circle, 1, 768)));
        }
        // What is left of the numbers in bf16.
        float[] cut = new float[circle.length];
        for (int i = 0; i < cut.length; i++) {
            cut[i] = Float.intBitsToFloat(Float.floatToRawIntBits(circle[i]) & 0xFFFF0000);
        }
        files.put("wordCut", write("cut.safetensors", new Safetensors().values("emb_params", "F32", cut, 1, 768)));
        files.put("flat", write("flat.safetensors", new Safetensors().values("emb_params", "F16", circle, 768)));
        Pickle parameter = new Pickle().dictionary().text("<cat>").parameter("FloatStorage", "0", 1, 768);
        files.put("parameter", zip("parameter.bin", parameter.endDictionary(), floats()));
        Pickle half = new Pickle().dictionary().text("<cat>").parameter("HalfStorage", "0", 1, 768);
        files.put("half", zip("half.pt", half.endDictionary(), halves()));
        Pickle dictionary = new Pickle()
                .dictionary()
                .text("string_to_token")
                .dictionary()
                .text("*")
                .tensor("LongStorage", "1", 1, 0)
                .endDictionary()
                .text("string_to_param")
                .parameterDictionary()
                .text("*")
                .parameter("FloatStorage", "0", 1, 768)
                .endParameterDictionary()
                .endDictionary();
        files.put(
                "dictionary",
                new TorchZip()
                        .entry("archive/data.pkl", dictionary.end())
                        .entry("archive/data/0", floats())
                        .entry("archive/data/1", new byte[8])
                        .write(folder.resolve("dictionary.pt")));

        ModelOpener options = DiffusionModel.options();
        files.forEach(options::embedding);
        try (DiffusionModel model = options.open(DemoModel.path())) {
            BufferedImage ofCircle = sketch(model, "a red circle", "");
            BufferedImage ofCut = sketch(model, "a red wordCut", "");
            assertThat(psnr(ofCircle, ofCut)).isGreaterThan(30);
            for (String word : files.keySet()) {
                BufferedImage expected = List.of("wordBF16", "wordCut").contains(word) ? ofCut : ofCircle;
                assertThat(psnr(expected, sketch(model, "a red " + word, "")))
                        .as(word)
                        .isGreaterThan(45);
            }
        }
    }

    private Path zip(String name, Pickle pickle, byte[] numbers) {
        return new TorchZip()
                .entry("archive/data.pkl", pickle.end())
                .entry("archive/data/0", numbers)
                .write(folder.resolve(name));
    }

    private static byte[] floats() {
        ByteBuffer bytes = ByteBuffer.allocate(768 * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(circle);
        return bytes.array();
    }

    private static byte[] halves() {
        ByteBuffer bytes = ByteBuffer.allocate(768 * Short.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : circle) {
            bytes.putShort(Float.floatToFloat16(value));
        }
        return bytes.array();
    }

    @Test
    void wordsThatDifferInCaseAloneAreRefused() {
        ModelOpener options = DiffusionModel.options().embedding("Kitty", cat()).embedding("kitty", cat());
        assertThatThrownBy(() -> options.open(DemoModel.path()))
                .isInstanceOfSatisfying(InvalidRequestException.class, e -> {
                    assertThat(e.field()).isEqualTo("embedding");
                    assertThat(e.allowed()).contains("'kitty' is there already").contains("lower case are alike");
                });
    }

    @Test
    void theFilesForTheRuntimeGoWithTheModel() throws IOException {
        LearnedFiles files = LearnedFiles.load(Map.of("Kitty", halfPrecision()));
        Path file = files.files().get("Kitty");
        assertThat(ModelFile.read(file).tensors()).singleElement().satisfies(tensor -> {
            assertThat(tensor.type()).isEqualTo(TensorType.F32);
            assertThat(tensor.shape()).containsExactly(1L, 768L);
        });
        assertThat(Files.getPosixFilePermissions(file.getParent()))
                .doesNotContain(PosixFilePermission.GROUP_READ, PosixFilePermission.OTHERS_READ);

        files.close();

        assertThat(file.getParent()).doesNotExist();
    }

    private static BufferedImage sketch(DiffusionModel model, String prompt, String negative) {
        return model.textToImage(prompt)
                .negativePrompt(negative)
                .size(64, 64)
                .sampling(Sampling.of(Sampler.EULER).withSchedule(NoiseSchedule.DISCRETE))
                .steps(2)
                .seed(3)
                .generate()
                .toBufferedImage();
    }

    private static BufferedImage drawNatively(DiffusionModel model, String prompt) {
        return model.textToImage(prompt)
                .sampling(Sampling.of(Sampler.EULER).withSchedule(NoiseSchedule.DISCRETE))
                .steps(5)
                .seed(3)
                .generate()
                .toBufferedImage();
    }

    private static BufferedImage drawInJava(DiffusionModel model, String prompt) {
        Scheduler scheduler = EulerScheduler.stableDiffusion()
                .withSigmas(model.noiseLevels(NoiseSchedule.DISCRETE, 5, model.nativeSize()));
        return model.textToImage(prompt)
                .sampling(Sampling.with(scheduler))
                .seed(3)
                .generate()
                .toBufferedImage();
    }
}
