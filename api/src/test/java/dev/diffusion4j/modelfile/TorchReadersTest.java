package dev.diffusion4j.modelfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.internal.check.ModelFileValidator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Checkpoints as PyTorch wrote them (tools/parity/make_checkpoint_fixtures.py), and as nobody should. */
@Tag("fast")
class TorchReadersTest {

    @TempDir
    private Path folder;

    private Path path;

    @BeforeEach
    void setUp() {
        path = folder.resolve("model.ckpt");
    }

    static Path fixture(String name) {
        try {
            return Path.of(TorchReadersTest.class.getResource(name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private AbstractThrowableAssert<?, ? extends Throwable> assertRefused(byte[] content) {
        write(content);
        return assertThatThrownBy(() -> ModelFile.read(path))
                .isInstanceOf(ModelFileException.class)
                .hasMessageStartingWith(path.toString())
                .hasMessageNotContaining("\n");
    }

    private AbstractThrowableAssert<?, ? extends Throwable> assertPickleRefused(Pickle pickle) {
        return assertRefused(zipOf(pickle).bytes());
    }

    private static TorchZip zipOf(Pickle pickle) {
        return new TorchZip().entry("archive/data.pkl", pickle.end()).entry("archive/data/0", new byte[32]);
    }

    private void write(byte[] content) {
        try {
            Files.write(path, content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "zip.pt, ZIP_CHECKPOINT",
        "training.ckpt, ZIP_CHECKPOINT",
        "legacy.pt, LEGACY_CHECKPOINT",
        "training-legacy.ckpt, LEGACY_CHECKPOINT"
    })
    void readsWhatPytorchWrites(String name, ModelFormat format) throws IOException {
        Path fixture = fixture(name);

        ModelFile file = ModelFile.read(fixture);

        assertThat(file.format()).isEqualTo(format);
        assertThat(file.tensors())
                .extracting(tensor -> tensor.name() + " " + tensor.type() + " " + tensor.shapeText())
                .containsExactly(
                        "block.0.weight F32 [2, 3]",
                        "block.0.bias F16 [2]",
                        "block.1.weight BF16 [4, 1, 3, 3]",
                        "wide F64 [3]",
                        "view.first F32 [2, 4]",
                        "view.last F32 [4, 2]",
                        "counter I64 []",
                        "ids I32 [5]");
        ByteBuffer content = ByteBuffer.wrap(Files.readAllBytes(fixture)).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(content.getFloat((int) offset(file, "block.0.weight") + 20)).isEqualTo(5f);
        assertThat(content.getFloat((int) offset(file, "view.first"))).isEqualTo(0f);
        assertThat(content.getFloat((int) offset(file, "view.last"))).isEqualTo(16f);
        assertThat(content.getLong((int) offset(file, "counter"))).isEqualTo(7);
        assertThat(content.getInt((int) offset(file, "ids") + 16)).isEqualTo(4);
    }

    private static long offset(ModelFile file, String name) {
        return file.tensor(name).orElseThrow().offset();
    }

    @Test
    void readsATextualInversion() {
        ModelFile file = ModelFile.read(fixture("embedding.pt"));

        assertThat(file.family()).isEqualTo(ModelFamily.TEXTUAL_INVERSION);
        assertThat(file.tensors().getFirst().shape()).isEqualTo(List.of(2L, 768L));
    }

    @ParameterizedTest
    @CsvSource({
        "module.pt, an object of the class 'torch.nn.modules",
        "transposed.pt, not contiguous",
        "boolean.pt, torch.BoolStorage",
    })
    void refusesWhatTheRuntimeCannotRead(String name, String reason) {
        Path fixture = fixture(name);

        assertThatThrownBy(() -> ModelFile.read(fixture))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("cannot be used")
                .hasMessageContaining(reason);
    }

    @Test
    void readsCompressedArchives() {
        byte[] pickle = new Pickle()
                .dictionary()
                .text("a")
                .tensor("0", 8)
                .endDictionary()
                .end();
        TorchZip zip = new TorchZip()
                .deflated()
                .entry("x/data.pkl", pickle)
                .entry("x/data/0", new byte[32])
                .entry("x/byteorder", "little".getBytes(StandardCharsets.US_ASCII));

        TensorInfo tensor = ModelFile.read(zip.write(path)).tensors().getFirst();

        assertThat(tensor.shape()).isEqualTo(List.of(8L));
        assertThat(tensor.byteLength()).isEqualTo(32);
    }

    @Test
    void lastOfTheSameNameCounts() {
        Pickle pickle = new Pickle()
                .dictionary()
                .text("params")
                .dictionary()
                .text("a")
                .tensor("0", 8)
                .endDictionary()
                .text("params_ema")
                .dictionary()
                .text("a")
                .tensor("0", 2, 4)
                .endDictionary()
                .endDictionary();

        assertThat(ModelFile.read(zipOf(pickle).write(path)).tensors())
                .singleElement()
                .extracting(TensorInfo::shape)
                .isEqualTo(List.of(2L, 4L));
    }

    @Test
    void callsInAPickleAreNotMade() {
        Path proof = folder.resolve("proof");
        Pickle pickle = new Pickle()
                .dictionary()
                .text("evil")
                .global("os", "system")
                .op('(')
                .text("touch " + proof)
                .op('t')
                .op('R')
                .text("a")
                .tensor("0", 8)
                .endDictionary();

        assertThat(ModelFile.read(zipOf(pickle).write(path)).tensors()).hasSize(1);
        assertThat(proof).doesNotExist();
    }

    @Test
    void copiesWhereTheRuntimeCopies() {
        // The dictionary is remembered before it is filled; fetched again it is empty, as the runtime has it.
        Pickle pickle = new Pickle()
                .op('}')
                .raw('q', 0)
                .op('(')
                .text("a")
                .tensor("0", 8)
                .op('u')
                .op('0')
                .raw('h', 0);

        assertPickleRefused(pickle).hasMessageContaining("not a dictionary of tensors");
    }

    @Test
    void refusesArchivesThatAreNotCheckpoints() {
        assertRefused(new TorchZip().entry("readme.txt", new byte[3]).bytes())
                .hasMessageContaining("a zip archive without data.pkl");
        assertRefused(TorchZip.ofOneTensor()
                        .entry("archive/constants.pkl", new byte[1])
                        .bytes())
                .hasMessageContaining("TorchScript");
        assertRefused(TorchZip.ofOneTensor()
                        .entry("other/data.pkl", new byte[1])
                        .bytes())
                .hasMessageContaining("with 2 pickles");
        assertRefused(TorchZip.ofOneTensor()
                        .entry("archive/byteorder", "big".getBytes(StandardCharsets.US_ASCII))
                        .bytes())
                .hasMessageContaining("byte order 'big'");
    }

    @Test
    void refusesStoragesThatAreMissingOrOfAnotherLength() {
        byte[] pickle = new Pickle()
                .dictionary()
                .text("a")
                .tensor("0", 8)
                .endDictionary()
                .end();
        assertRefused(new TorchZip().entry("a/data.pkl", pickle).bytes())
                .hasMessageContaining("the data of tensor 'a' is missing: it has no entry 'a/data/0'");
        assertRefused(new TorchZip()
                        .entry("a/data.pkl", pickle)
                        .entry("a/data/0", new byte[31])
                        .bytes())
                .hasMessageContaining("has 31 bytes, the pickle says 32");
    }

    @ParameterizedTest
    @CsvSource({"9, 0", "8, 1", "8, -1", "8, 9223372036854775807", "1, 8"})
    void refusesViewsOutsideTheirStorage(long length, long offset) {
        Pickle pickle = new Pickle()
                .dictionary()
                .text("a")
                .tensor("FloatStorage", "0", 8, offset, length)
                .endDictionary();

        assertPickleRefused(pickle).hasMessageContaining("of a storage of 8");
    }

    @Test
    void refusesAbsurdStoragesAndShapes() {
        assertPickleRefused(new Pickle().storage("FloatStorage", "0", -1))
                .hasMessageContaining("storage of -1 elements");
        assertPickleRefused(new Pickle().storage("FloatStorage", "0", Long.MAX_VALUE))
                .hasMessageContaining("storage of 9223372036854775807 elements");
        assertPickleRefused(new Pickle().storage("FloatStorage", "", 1)).hasMessageContaining("storage of 1 elements");
        assertPickleRefused(new Pickle().storage("FloatStorage", "0", 1).storage("FloatStorage", "0", 2))
                .hasMessageContaining("in two ways");
        assertPickleRefused(new Pickle().tensor("FloatStorage", "0", 8, 0, 1, 1, 1, 1, 1, 8))
                .hasMessageContaining("6 dimensions");
        assertPickleRefused(new Pickle().tensor("FloatStorage", "0", 8, 0, -8)).hasMessageContaining("whole numbers");
        assertPickleRefused(new Pickle()
                        .dictionary()
                        .text("a")
                        .tensor("FloatStorage", "0", 8, 0, 65_536, 65_536)
                        .endDictionary())
                .hasMessageContaining("more than 2147483647 elements");
    }

    @Test
    void refusesBadTensorNames() {
        assertPickleRefused(
                        new Pickle().dictionary().text("a\nb").tensor("0", 8).endDictionary())
                .hasMessageContaining("control characters");
        assertPickleRefused(new Pickle()
                        .dictionary()
                        .text("x".repeat(5_000))
                        .tensor("0", 8)
                        .endDictionary())
                .hasMessageContaining("too long or not valid UTF-8");
    }

    @ParameterizedTest
    @ValueSource(ints = {0x00, 'd', 'g', 'i', 'o', 'p', 'P', 0x82, 0x83, 0x84, 0x8b, 0x92, 0x97, 0x98, 0xff})
    void refusesOpcodesTheRuntimeDoesNotKnow(int opcode) {
        assertPickleRefused(new Pickle().raw(opcode)).hasMessageContaining("opcode 0x" + Integer.toHexString(opcode));
    }

    @ParameterizedTest
    @ValueSource(
            chars = {'.', '0', '1', '2', 't', 'l', 'u', 's', 'e', 'a', 'b', 'R', 'h', 'q', '\u0085', '\u0093', '\u0094'
            })
    void refusesOpcodesThatFindNothing(char opcode) {
        assertPickleRefused(new Pickle().raw(opcode, 0, 0, 0, 0))
                .hasMessageContaining("its pickle makes no sense at byte ");
    }

    @Test
    void refusesPersistentIdsOfOtherKinds() {
        assertPickleRefused(new Pickle().op('N').op('Q')).hasMessageContaining("something else than a storage");
        assertPickleRefused(new Pickle().tuple(1, 2, 3, 4, 5).op('Q'))
                .hasMessageContaining("something else than a storage");
    }

    @Test
    void refusesValuesThatGrowByCopying() {
        Pickle pickle = new Pickle().op(')');
        for (int i = 0; i < 30; i++) {
            pickle.op('2').raw(0x86);
        }
        assertPickleRefused(pickle).hasMessageContaining("takes more than 4000000 steps");
    }

    @Test
    void refusesValuesThatNestDeeply() {
        Pickle pickle = new Pickle().op(')');
        for (int i = 0; i < 40; i++) {
            pickle.raw(0x85);
        }
        assertPickleRefused(pickle).hasMessageContaining("nests deeper than 32");
        Pickle lists = new Pickle();
        for (int i = 0; i < 40; i++) {
            lists.op(']');
        }
        for (int i = 0; i < 39; i++) {
            lists.op('a');
        }
        assertPickleRefused(lists).hasMessageContaining("nests deeper than 32");
    }

    /** Parameters, in each of the ways in which PyTorch pickles them; what has other weights is what the runtime sees of it. */
    @Test
    void readsParametersForTextualInversions() {
        Pickle parameter = new Pickle().dictionary().text("<cat>").parameter("HalfStorage", "0", 1, 768);
        Pickle withState = new Pickle().dictionary().text("<cat>").parameterWithState("HalfStorage", "0", 1, 768);
        Pickle derived = new Pickle().dictionary().text("<cat>").derived("Buffer", "HalfStorage", "0", 1, 768);
        Pickle dictionary = new Pickle().dictionary().text("<dictionary>").parameterDictionary();
        dictionary.text("<cat>").parameter("HalfStorage", "0", 1, 768).endParameterDictionary();
        // As the format from before PyTorch 1.6 names a class: with its source.
        Pickle source = new Pickle().dictionary().text("<dictionary>").op('(').text("module");
        source.global("torch.nn.modules.container", "ParameterDict")
                .text("container.py")
                .text("class ...");
        source.op('t')
                .op('Q')
                .op(')')
                .raw(0x81)
                .dictionary()
                .text("_parameters")
                .dictionary();
        source.text("<cat>").parameter("HalfStorage", "0", 1, 768).endParameterDictionary();
        for (Pickle pickle : List.of(parameter, withState, derived, dictionary, source)) {
            ModelFile file = inversion(pickle);

            assertThat(file.family()).isEqualTo(ModelFamily.TEXTUAL_INVERSION);
            assertThat(file.tensors()).singleElement().satisfies(tensor -> {
                assertThat(tensor.name()).isEqualTo("<cat>");
                assertThat(tensor.type()).isEqualTo(TensorType.F16);
                assertThat(tensor.shape()).containsExactly(1L, 768L);
            });
            assertThatCode(() -> ModelFileValidator.requireTextualInversion(file, 768))
                    .doesNotThrowAnyException();
            assertThatThrownBy(() -> ModelFileValidator.requireComponent(file, ModelComponent.VAE, ModelFamily.SD1))
                    .isInstanceOf(ModelFileException.class)
                    .hasMessageContaining("torch.nn.Parameter, which the runtime does not read");
            assertThatThrownBy(() -> ModelFileValidator.requireModel(file, Set.of()))
                    .hasMessageContaining("torch.nn.Parameter");
            assertThatThrownBy(() -> ModelFileValidator.requireLora(file, file))
                    .hasMessageContaining("torch.nn.Parameter");
        }
    }

    private ModelFile inversion(Pickle pickle) {
        return ModelFile.read(new TorchZip()
                .entry("archive/data.pkl", pickle.endDictionary().end())
                .entry("archive/data/0", new byte[2 * 768])
                .write(path));
    }

    @Test
    void aTokensNumberGivesWayToTheParameterOfItsName() {
        Pickle pickle =
                new Pickle().dictionary().text("string_to_param").dictionary().text("*");
        pickle.parameter("FloatStorage", "0", 1, 768).endDictionary();
        pickle.text("string_to_token")
                .dictionary()
                .text("*")
                .tensor("LongStorage", "1", 1, 0)
                .endDictionary();
        new TorchZip()
                .entry("archive/data.pkl", pickle.endDictionary().end())
                .entry("archive/data/0", new byte[4 * 768])
                .entry("archive/data/1", new byte[8])
                .write(path);

        assertThat(ModelFile.read(path).tensors())
                .singleElement()
                .extracting(TensorInfo::type)
                .isEqualTo(TensorType.F32);
    }

    @Test
    void besideOtherWeightsParametersAreLeftOutAsByTheRuntime() {
        Pickle pickle = new Pickle()
                .dictionary()
                .text("a")
                .tensor("0", 8)
                .text("b")
                .parameter("FloatStorage", "0", 8)
                .endDictionary();

        assertThat(ModelFile.read(zipOf(pickle).write(path)).tensors())
                .singleElement()
                .extracting(TensorInfo::name)
                .isEqualTo("a");
    }

    @Test
    void refusesOtherObjectsByTheirClass() {
        assertPickleRefused(new Pickle().object("torch.nn.modules.linear", "Linear"))
                .hasMessageContaining("an object of the class 'torch.nn.modules.linear.Linear'");
        assertPickleRefused(new Pickle().op('N').op(')').raw(0x81)).hasMessageContaining("makes no sense");
        assertPickleRefused(new Pickle().raw(0x81)).hasMessageContaining("makes no sense");
    }

    @Test
    void saysOfNewerProtocolsInTheOldFormatThatTheyAreThat() {
        // PyTorch's magic number in a frame, as protocol 4 writes it.
        assertRefused(HexFormat.of().parseHex("8004950d000000000000008a0a6cfc9c46f9206aa850192e"))
                .hasMessageContaining("pickled with protocol 4, of which the runtime reads protocols 2 and 3");
    }

    @Test
    void refusesPicklesWithoutEndAndOtherProtocols() {
        byte[] endless = new Pickle().op('}').end();
        assertRefused(new TorchZip()
                        .entry("a/data.pkl", Arrays.copyOf(endless, endless.length - 1))
                        .bytes())
                .hasMessageContaining("ends inside the pickle");
        assertRefused(new TorchZip()
                        .entry("a/data.pkl", "(dp0\n.".getBytes(StandardCharsets.US_ASCII))
                        .bytes())
                .hasMessageContaining("not of protocol 2 to 5");
        assertRefused(new byte[] {(byte) 0x80, 6, '}', '.'}).hasMessageContaining("not of protocol 2 to 5");
    }

    @Test
    void readsEveryKindOfScalar() {
        Pickle pickle = new Pickle()
                .dictionary()
                .op('I')
                .raw('0', '1', '\n')
                .op('N')
                .op('I')
                .raw('4', '2', '\n')
                .raw(0x88)
                .op('L')
                .raw('4', '2', 'L', '\n')
                .raw(0x89)
                .op('F')
                .raw('1', '.', '5', '\n')
                .op('G')
                .raw(0, 0, 0, 0, 0, 0, 0, 0)
                .op('S')
                .raw('\'', 'q', '\'', '\n')
                .op('V')
                .raw('v', '\n')
                .op('C')
                .raw(1, 0xff)
                .op('U')
                .raw(1, 'u')
                .op('B')
                .raw(1, 0, 0, 0, 'b')
                .op('T')
                .raw(1, 0, 0, 0, 't')
                .raw(0x8c, 1, 's')
                .raw(0x8d, 1, 0, 0, 0, 0, 0, 0, 0, 'w')
                .raw(0x8e, 1, 0, 0, 0, 0, 0, 0, 0, 'x')
                .raw(0x96, 1, 0, 0, 0, 0, 0, 0, 0, 'y')
                .op('K')
                .raw(7)
                .op('M')
                .raw(7, 0)
                .op('J')
                .raw(7, 0, 0, 0)
                .raw(0x95, 0, 0, 0, 0, 0, 0, 0, 0)
                .op(']')
                .raw(0x8f, '(', 'K', 1, 0x90)
                .raw('(', 'K', 1, 0x91)
                .raw('(', 'K', 1, 'l')
                .raw('(', 'K', 1, '1')
                .raw('N', 'r', 1, 0, 0, 0, 'j', 1, 0, 0, 0, '0')
                .raw('}', 'N', 'N', 's')
                .raw('N', 'b')
                .raw(0x8c, 1, 'm', 0x8c, 1, 'n', 0x93)
                .raw(')', 'R')
                .text("a")
                .tensor("0", 8)
                .endDictionary();

        assertThat(ModelFile.read(zipOf(pickle).write(path)).tensors())
                .singleElement()
                .extracting(TensorInfo::name)
                .isEqualTo("a");
    }

    @Test
    void refusesNumbersThatAreNone() {
        assertPickleRefused(new Pickle().op('I').raw('x', '\n')).hasMessageContaining("makes no sense");
        assertPickleRefused(new Pickle().raw(0x8a, 9)).hasMessageContaining("integer of 9 bytes");
        assertPickleRefused(new Pickle().op('I').raw(new int[5_000])).hasMessageContaining("a line of more than");
        assertPickleRefused(new Pickle().op('X').raw(0xff, 0xff, 0xff, 0xff)).hasMessageContaining("ends inside");
    }

    @Test
    void refusesLegacyFilesThatAreCutShort() throws IOException {
        byte[] content = Files.readAllBytes(fixture("legacy.pt"));

        assertRefused(Arrays.copyOf(content, content.length - 1)).hasMessageContaining("cut short: storage");
    }

    @Test
    void refusesLegacyFilesOfAnotherVersionOrWithOtherLengths() throws IOException {
        byte[] content = Files.readAllBytes(fixture("legacy.pt"));
        byte[] version = content.clone();
        // After the magic number's 15 bytes: protocol, then BININT2 and the version.
        version[18]++;
        assertRefused(version).hasMessageContaining("of another version than 1001");

        // The same number as LONG1, which the runtime does not take for a version.
        byte[] otherwise = new byte[content.length + 1];
        System.arraycopy(content, 0, otherwise, 0, 17);
        otherwise[17] = (byte) 0x8a;
        otherwise[18] = 2;
        System.arraycopy(content, 18, otherwise, 19, content.length - 18);
        assertRefused(otherwise).hasMessageContaining("of another version than 1001");

        byte[] lengths = content.clone();
        int first = (int) offset(ModelFile.read(fixture("legacy.pt")), "counter") - 8;
        lengths[first]++;
        assertRefused(lengths).hasMessageContaining("elements, the pickle says");
    }

    @Test
    void countsStoragesOfTensorsThatItDoesNotList() {
        byte[] pickle = new Pickle()
                .dictionary()
                .text("skipped")
                .op(']')
                .tensor("FloatStorage", "0", 4, 0, 4)
                .op('a')
                .text("a")
                .tensor("FloatStorage", "1", 2, 0, 2)
                .endDictionary()
                .end();
        byte[] keys = new Pickle().op(']').end();
        ByteBuffer file = ByteBuffer.allocate(pickle.length + keys.length + 8 + 16 + 8 + 8)
                .order(ByteOrder.LITTLE_ENDIAN);
        file.put(pickle).put(keys).putLong(4).position(file.position() + 16).putLong(2);
        write(file.array());

        assertThat(ModelFile.read(path).tensors())
                .singleElement()
                .extracting(TensorInfo::offset)
                .isEqualTo((long) file.capacity() - 8);
    }
}
