package dev.diffusion4j.modelfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;

import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.testing.StressSize;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever happens to a file's bytes, reading it ends with a model or with the one exception that says why not. */
@Tag("stress")
class MutationTest {

    private static final int MUTATIONS = StressSize.of("diffusion4j.test.mutations", 1_000, 3_000);

    private static final long[] TELLING = {
        0, 1, -1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, Integer.MAX_VALUE, Integer.MIN_VALUE, Long.MAX_VALUE, Long.MIN_VALUE
    };

    @TempDir
    private static Path folder;

    private record Sample(String name, byte[] content) {

        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Sample> samples() throws IOException {
        Path safetensors = new Safetensors()
                .metadata("modelspec.resolution", "128x128")
                .floats("model.diffusion_model.input_blocks.0.0.weight", 2, 1, 3, 3)
                .tensor("cond_stage_model.transformer.text_model.embeddings.position_ids", "I64", 1, 4)
                .tensor("a.lora_down.weight", "BF16", 4, 8)
                .tensor("a.lora_up.weight", "F16", 8, 4)
                .write(folder.resolve("sample.safetensors"));
        byte[] gguf = new Gguf()
                .text("general.architecture", "sd1")
                .alignment(32)
                .pair("list", 9, Gguf.array(8, 2, Gguf.string("a"), Gguf.string("b")))
                .tensor("model.diffusion_model.input_blocks.0.0.weight", Gguf.Q4_0, 36, 2, 32)
                .tensor("b", Gguf.F32, 8, 2)
                .bytes();
        return Stream.of(
                new Sample("safetensors", Files.readAllBytes(safetensors)),
                new Sample("GGUF", gguf),
                new Sample("zip", TorchZip.ofOneTensor().bytes()),
                new Sample("compressed zip", TorchZip.ofOneTensor().deflated().bytes()),
                new Sample("torch zip", Files.readAllBytes(TorchReadersTest.fixture("zip.pt"))),
                new Sample("torch legacy", Files.readAllBytes(TorchReadersTest.fixture("legacy.pt"))),
                new Sample("torch training", Files.readAllBytes(TorchReadersTest.fixture("training-legacy.ckpt"))));
    }

    @ParameterizedTest
    @MethodSource("samples")
    void everyTruncationIsRefused(Sample sample) throws IOException {
        for (int length = 0; length < sample.content.length; length++) {
            if (accepts(sample, Arrays.copyOf(sample.content, length))) {
                fail("cut to " + length + " of " + sample.content.length + " bytes it was accepted");
            }
        }
        assertThat(accepts(sample, sample.content)).isTrue();
    }

    @ParameterizedTest
    @MethodSource("samples")
    void everyMutationIsReadOrRefused(Sample sample) throws IOException {
        Random random = new Random(20_260_614);
        int refused = 0;
        for (int i = 0; i < MUTATIONS; i++) {
            byte[] content = mutated(sample.content, random);
            refused += accepts(sample, content) ? 0 : 1;
        }
        assertThat(refused).isPositive();
    }

    @ParameterizedTest
    @MethodSource("samples")
    void everyByteMayBecomeAnyOfTheTellingOnes(Sample sample) throws IOException {
        int refused = 0;
        for (int i = 0; i < Math.min(sample.content.length, 600); i++) {
            for (int value : new int[] {0, 0x7f, 0x80, 0xff}) {
                byte[] content = sample.content.clone();
                content[i] = (byte) value;
                refused += accepts(sample, content) ? 0 : 1;
            }
        }
        assertThat(refused).isPositive();
    }

    private static byte[] mutated(byte[] original, Random random) {
        byte[] content = original.clone();
        for (int n = random.nextInt(4); n >= 0; n--) {
            int at = random.nextInt(content.length);
            switch (random.nextInt(6)) {
                case 0 -> content[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> content[at] = (byte) random.nextInt();
                case 2 -> telling(content, at, random);
                case 3 -> content = Arrays.copyOf(content, at + 1);
                case 4 -> {
                    int length = Math.min(random.nextInt(40), content.length - at);
                    System.arraycopy(content, at, content, random.nextInt(content.length - length + 1), length);
                }
                default -> {
                    byte[] longer = new byte[content.length + 1];
                    System.arraycopy(content, 0, longer, 0, at);
                    System.arraycopy(content, at, longer, at + 1, content.length - at);
                    content = longer;
                }
            }
        }
        return content;
    }

    private static void telling(byte[] content, int at, Random random) {
        byte[] value = ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(TELLING[random.nextInt(TELLING.length)])
                .array();
        System.arraycopy(value, 0, content, at, Math.min(1 << random.nextInt(4), content.length - at));
    }

    /** Whether the file can be read; and if so, that everything one may ask of it has an answer or a refusal, too. */
    private static boolean accepts(Sample sample, byte[] content) throws IOException {
        Path path = folder.resolve("mutated");
        // Overwritten in place: making a file of its own for each of the many thousands takes a hundred times as long.
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(content));
            channel.truncate(content.length);
        }
        ModelFile file;
        try {
            file = ModelFile.read(path);
        } catch (ModelFileException e) {
            assertThat(e.getMessage()).startsWith(path.toString()).doesNotContain("\n");
            return false;
        } catch (RuntimeException e) {
            throw new AssertionError(sample + " ended in " + e, e);
        }
        ModelFileQuestions.ask(file);
        return true;
    }
}
