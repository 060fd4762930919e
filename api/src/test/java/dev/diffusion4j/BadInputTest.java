package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.error.DiffusionException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.error.NativeFailureException;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.modelfile.Pickle;
import dev.diffusion4j.modelfile.Safetensors;
import dev.diffusion4j.modelfile.TensorInfo;
import dev.diffusion4j.modelfile.TorchZip;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.InitImage;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.request.WeightType;
import dev.diffusion4j.tensor.Tensor;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Input on which the runtime by itself crashes, hangs, or draws something else than was asked for: each kind is a typed
 * exception, or works, and the model draws as before. docs/robustness.md lists them with the kinds that other classes test.
 */
@Tag("native")
class BadInputTest {

    private static DiffusionModel sd;
    private static ByteBuffer expected;

    @TempDir
    private Path folder;

    @BeforeAll
    static void open() {
        sd = DiffusionModel.open(DemoModel.path());
        expected = draw(sd, "a star");
    }

    @AfterAll
    static void theModelDrawsAsBefore() {
        assertThat(draw(sd, "a star")).isEqualTo(expected);
        sd.close();
    }

    private static ByteBuffer draw(DiffusionModel model, String prompt) {
        return model.textToImage(prompt)
                .size(64, 64)
                .steps(1)
                .seed(1)
                .generate()
                .pixels()
                .asByteBuffer();
    }

    private static ImageGeneration request() {
        return sd.textToImage("a star");
    }

    private static BufferedImage picture(int type) {
        BufferedImage picture = new BufferedImage(64, 64, type);
        Graphics2D graphics = picture.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, 64, 64);
        graphics.setColor(Color.BLACK);
        graphics.fillRect(16, 16, 32, 32);
        graphics.dispose();
        return picture;
    }

    private static void assertRefused(String field, String value, String allowed, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(InvalidRequestException.class, e -> {
            assertThat(e.field()).isEqualTo(field);
            assertThat(e.value()).isEqualTo(value);
            assertThat(e.allowed()).contains(allowed);
            assertThat(e).hasMessageContaining(field).hasMessageContaining(value);
        });
    }

    private static AbstractThrowableAssert<?, ?> assertFileRefused(Path file, ThrowingCallable call) {
        return assertThatThrownBy(call)
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining(file.getFileName().toString());
    }

    // ---- files ----

    @Test
    void noModelPath() {
        assertThatThrownBy(() -> DiffusionModel.open((Path) null)).isInstanceOf(NullPointerException.class);
        assertRefused(
                "diffusionModel",
                "absent",
                "given when there is no model file",
                () -> DiffusionModel.options().open());
        assertThatThrownBy(() -> DiffusionModel.options().vae(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> DiffusionModel.options().embedding("puppy", null))
                .isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> request().lora(null, 1)).isInstanceOf(NullPointerException.class);
    }

    @Test
    void missingModelFile() {
        Path missing = folder.resolve("missing.safetensors");
        assertFileRefused(missing, () -> DiffusionModel.open(missing)).hasMessageContaining("does not exist");
        assertFileRefused(
                        missing,
                        () -> DiffusionModel.options().diffusionModel(missing).open())
                .hasMessageContaining("does not exist");
        assertFileRefused(folder, () -> DiffusionModel.open(folder)).hasMessageContaining("directory");
    }

    @Test
    void missingVaeFile() {
        Path missing = folder.resolve("vae.safetensors");
        assertFileRefused(missing, () -> DiffusionModel.options().vae(missing).open(DemoModel.path()))
                .hasMessageContaining("does not exist");
    }

    @Test
    void missingTextEncoderFile() {
        Path missing = folder.resolve("clip.safetensors");
        assertFileRefused(missing, () -> DiffusionModel.options().clipL(missing).open(DemoModel.path()))
                .hasMessageContaining("does not exist");
        assertFileRefused(missing, () -> DiffusionModel.options().clipG(missing).open(DemoModel.path()));
        assertFileRefused(missing, () -> DiffusionModel.options().t5(missing).open(DemoModel.path()));
        assertFileRefused(
                missing, () -> DiffusionModel.options().languageModel(missing).open(DemoModel.path()));
    }

    @Test
    void missingTinyAutoencoderFile() {
        Path missing = folder.resolve("taesd.safetensors");
        assertFileRefused(
                        missing,
                        () -> DiffusionModel.options().tinyAutoencoder(missing).open(DemoModel.path()))
                .hasMessageContaining("does not exist");
        assertFileRefused(
                missing,
                () -> DiffusionModel.options().previewAutoencoder(missing).open(DemoModel.path()));
    }

    @Test
    void missingLora() throws Exception {
        Path missing = folder.resolve("lora.safetensors");
        assertFileRefused(missing, () -> request().lora(missing, 1).start()).hasMessageContaining("does not exist");
        Path text = Files.writeString(folder.resolve("text.safetensors"), "hello");
        assertFileRefused(text, () -> request().lora(text, 1).start());
        assertFileRefused(
                        DemoModel.path(),
                        () -> request().lora(DemoModel.path(), 1).start())
                .hasMessageContaining("LoRA");
    }

    @Test
    void missingEmbedding() {
        Path missing = folder.resolve("puppy.safetensors");
        assertFileRefused(
                        missing,
                        () -> DiffusionModel.options()
                                .embedding("puppy", missing)
                                .open(DemoModel.path()))
                .hasMessageContaining("does not exist");
    }

    @Test
    void truncatedDataSection() throws Exception {
        Path file = truncated(Files.copy(DemoModel.path(), folder.resolve("model.safetensors")));
        assertFileRefused(file, () -> DiffusionModel.open(file)).hasMessageContaining("cut short");
        assertFileRefused(file, () -> DiffusionModel.options().vae(file).open(DemoModel.path()));
    }

    @Test
    void dataSectionThatIsTruncatedAfterTheModelWasOpened() throws Exception {
        Path file = Files.copy(DemoModel.path(), folder.resolve("model.safetensors"));
        try (DiffusionModel model = DiffusionModel.open(file)) {
            // The weights are read at first use, and by then they are gone.
            truncated(file);
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(() -> draw(model, "a star"))
                        .isInstanceOf(NativeFailureException.class)
                        .hasMessageContaining("close this model and open it again");
            }
        }
    }

    private static Path truncated(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(1 << 20);
        }
        return file;
    }

    @Test
    void zipEntryThatHoldsSeveralTensors() {
        ModelFile model = ModelFile.read(DemoModel.path());
        // Small ones first, so that the buffer for a whole entry would have to grow again and again.
        List<TensorInfo> tensors = model.tensors().stream()
                .filter(tensor -> tensor.name().startsWith("first_stage_model."))
                .sorted(Comparator.comparingLong(TensorInfo::elements))
                .toList();
        Safetensors safetensors = new Safetensors();
        Pickle pickle = new Pickle().dictionary();
        TorchZip zip = new TorchZip();
        for (int i = 0; i < tensors.size(); i += 2) {
            List<TensorInfo> sharing = tensors.subList(i, Math.min(i + 2, tensors.size()));
            int elements = Math.toIntExact(
                    sharing.stream().mapToLong(TensorInfo::elements).sum());
            ByteBuffer storage = ByteBuffer.allocate(elements * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            FloatBuffer numbers = storage.asFloatBuffer();
            for (TensorInfo info : sharing) {
                String name = info.name().substring("first_stage_model.".length());
                long[] shape = info.shape().stream().mapToLong(Long::longValue).toArray();
                pickle.text(name).tensor("FloatStorage", "" + i, elements, numbers.position(), shape);
                try (Tensor tensor = model.load(info.name())) {
                    safetensors.values(name, "F32", tensor.toArray(), shape);
                    numbers.put(tensor.toArray());
                }
            }
            zip.entry("archive/data/" + i, storage.array());
        }
        zip.entry("archive/data.pkl", pickle.endDictionary().end());

        // The runtime converts f32 convolution weights from the buffer that it reads them into.
        ByteBuffer same = drawWithVae(safetensors.write(folder.resolve("vae.safetensors")));
        assertThat(drawWithVae(zip.write(folder.resolve("vae.ckpt")))).isEqualTo(same);
    }

    private static ByteBuffer drawWithVae(Path vae) {
        try (DiffusionModel model = DiffusionModel.options().vae(vae).open(DemoModel.path())) {
            return draw(model, "a star");
        }
    }

    @Test
    void unknownFormat() throws Exception {
        Path text = Files.writeString(folder.resolve("model.ckpt"), "I am not a model");
        assertFileRefused(text, () -> DiffusionModel.open(text)).hasMessageContaining("it is text");
        // More than the heap and the memory hold: read into either, it would be an OutOfMemoryError.
        Path huge = folder.resolve("huge.safetensors");
        try (RandomAccessFile file = new RandomAccessFile(huge.toFile(), "rw")) {
            file.write(new byte[] {1, 2, 3, 0, 0, 0, 0, 7});
            file.setLength(1L << 40);
        }
        assertFileRefused(huge, () -> DiffusionModel.open(huge)).hasMessageContaining("its first bytes are 01 02 03");
    }

    @Test
    void invalidTypeRules() {
        assertRefused(
                "weightTypeRules",
                "(",
                "a regular expression",
                () -> DiffusionModel.options().weightTypeRules("(=f16"));
        assertRefused(
                "weightTypeRules",
                "vae",
                "regex=type",
                () -> DiffusionModel.options().weightTypeRules("vae"));
        assertThatThrownBy(() -> DiffusionModel.options().weightTypeRules("vae=f8"))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("f8");
        // Compiling it would overflow the stack.
        assertThatThrownBy(() -> DiffusionModel.options().weightTypeRules("(".repeat(100_000) + "=f16"))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("at most 500");
        // A regular expression in Java, but none in the runtime.
        assertThatThrownBy(() -> DiffusionModel.options()
                        .weightTypeRules("(?<=first)_stage=f32")
                        .open(DemoModel.path())
                        .close())
                .isInstanceOf(DiffusionException.class);
    }

    /** What the shim says to such types is BadNativeInputTest's: from Java they cannot be asked for. */
    @ParameterizedTest
    @ValueSource(strings = {"i8", "i32", "f64", "q8_1", "q8_k", "q4_0_4_4", "nope"})
    void typeThatNothingCanBeQuantisedTo(String type) {
        assertRefused("weightType", type, "q8_0", () -> WeightType.of(type));
    }

    // ---- requests ----

    @ParameterizedTest
    @CsvSource({
        "width, 100, 100, 128, nearest: 64 or 128",
        "height, 200, 128, 200, nearest: 192 or 256",
        "width, 63, 63, 64, nearest: 64"
    })
    void sizeThatIsNoMultiple(String field, String value, int width, int height, String nearest) {
        assertRefused(field, value, nearest, () -> request().size(width, height).start());
        assertThatThrownBy(() -> request().size(width, height).start())
                .hasMessageContaining("a multiple of 64 for this model");
    }

    @ParameterizedTest
    @CsvSource({"width, 0, 0, 64", "height, 0, 64, 0", "width, -64, -64, 64", "height, -2147483648, 64, -2147483648"})
    void sizeOfNothingOrLess(String field, String value, int width, int height) {
        assertRefused(field, value, "16384", () -> request().size(width, height));
    }

    @Test
    void noSteps() {
        assertRefused("steps", "0", "from 1 to 1000", () -> request().steps(0));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, Integer.MIN_VALUE})
    void negativeSteps(int steps) {
        assertRefused("steps", "" + steps, "from 1 to 1000", () -> request().steps(steps));
    }

    @ParameterizedTest
    @EnumSource(names = {"KARRAS", "EXPONENTIAL", "GITS"})
    void oneStepOfAScheduleThatNeedsTwo(NoiseSchedule schedule) {
        assertRefused(
                "steps",
                "1",
                "2",
                () -> request().steps(1).sampling(Sampling.of(schedule)).start());
    }

    /** What the shim says to numbers out of range is BadNativeInputTest's: from Java they cannot be asked for. */
    @Test
    void samplerThatThereIsNot() {
        assertRefused("sampler", "nope", "euler_a", () -> Sampler.of("nope"));
        assertThatThrownBy(() -> request().sampling(Sampling.of((Sampler) null)))
                .isInstanceOf(NullPointerException.class);
    }

    @Test
    void scheduleThatThereIsNot() {
        assertRefused("schedule", "nope", "karras", () -> NoiseSchedule.of("nope"));
        assertThatThrownBy(() -> request().sampling(Sampling.of((NoiseSchedule) null)))
                .isInstanceOf(NullPointerException.class);
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.1, 1.1, Double.NaN})
    void strengthOutOfRange(double strength) {
        BufferedImage image = picture(BufferedImage.TYPE_INT_RGB);
        assertRefused("strength", "" + strength, "1", () -> InitImage.of(image).withStrength(strength));
    }

    /** A picture of any number of channels is made one of three. */
    @ParameterizedTest
    @ValueSource(
            ints = {
                BufferedImage.TYPE_BYTE_GRAY,
                BufferedImage.TYPE_BYTE_INDEXED,
                BufferedImage.TYPE_INT_ARGB,
                BufferedImage.TYPE_3BYTE_BGR
            })
    void pictureWithAnotherNumberOfChannels(int type) {
        assertThat(redrawn(picture(type))).isEqualTo(redrawn(picture(BufferedImage.TYPE_INT_RGB)));
    }

    private static ByteBuffer redrawn(BufferedImage picture) {
        return sd.imageToImage(InitImage.of(picture).withStrength(0.5), "a star")
                .steps(2)
                .seed(1)
                .generate()
                .pixels()
                .asByteBuffer();
    }

    @Test
    void promptWithAWeightThatIsNoNumber() {
        // The runtime would read "." as a number: an uncaught std::invalid_argument.
        assertThatThrownBy(() -> draw(sd, "a star (a:.)"))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("the prompt has a weight that is no number");
        assertThat(draw(sd, "a star")).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void promptOf100000Characters(boolean isolated) {
        String blank = "a star" + " ".repeat(ImageRequest.MAX_PROMPT_LENGTH - "a star".length());
        // The runtime's parser recurses over each character; blanks keep the tokens, and with them the time, few.
        String deep = ("," + " ".repeat(63)).repeat(1_600).substring(0, ImageRequest.MAX_PROMPT_LENGTH);
        ModelOpener options = DiffusionModel.options();
        try (DiffusionModel model = (isolated ? options.isolated() : options).open(DemoModel.path())) {
            assertThat(draw(model, blank)).isEqualTo(expected);
            assertThat(draw(model, deep).remaining()).isEqualTo(expected.remaining());
            model.encodePrompt(blank).close();
            assertRefused("prompt", "100001 characters", "at most 100000", () -> model.textToImage(blank + " "));
        }
    }
}
