package dev.diffusion4j.modelfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.ModelFileException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("fast")
class ZipDirectoryTest {

    private static final int END = 22;

    @TempDir
    private Path folder;

    /** A good archive to spoil: two stored entries, so that its directory's place is known from its end. */
    private ByteBuffer zip;

    private int directory;

    @BeforeEach
    void setUp() {
        zip = ByteBuffer.wrap(TorchZip.ofOneTensor().bytes()).order(ByteOrder.LITTLE_ENDIAN);
        directory = zip.getInt(zip.capacity() - END + 16);
    }

    private AbstractThrowableAssert<?, ? extends Throwable> assertRefused() throws IOException {
        Path path = Files.write(folder.resolve("model.ckpt"), zip.array());
        return assertThatThrownBy(() -> ModelFile.read(path))
                .isInstanceOf(ModelFileException.class)
                .hasMessageStartingWith(path.toString())
                .hasMessageNotContaining("\n");
    }

    private int end() {
        return zip.capacity() - END;
    }

    @Test
    void readsTheGoodArchive() throws IOException {
        Path path = Files.write(folder.resolve("model.ckpt"), zip.array());

        assertThat(ModelFile.read(path).tensors()).hasSize(1);
    }

    @Test
    void readsZip64() throws IOException {
        ByteBuffer wide = ByteBuffer.allocate(zip.capacity() + 56 + 20).order(ByteOrder.LITTLE_ENDIAN);
        wide.put(zip.array(), 0, end());
        wide.putInt(0x0606_4b50)
                .putLong(44)
                .putShort((short) 45)
                .putShort((short) 45)
                .putInt(0)
                .putInt(0);
        wide.putLong(2).putLong(2).putLong(end() - directory).putLong(directory);
        wide.putInt(0x0706_4b50).putInt(0).putLong(end()).putInt(1);
        wide.put(zip.array(), end(), END);
        int newEnd = wide.capacity() - END;
        wide.putShort(newEnd + 8, (short) -1).putShort(newEnd + 10, (short) -1);
        wide.putInt(newEnd + 12, -1).putInt(newEnd + 16, -1);
        Path path = Files.write(folder.resolve("model.ckpt"), wide.array());

        assertThat(ModelFile.read(path).tensors()).hasSize(1);
    }

    @Test
    void refusesAZip64DirectoryThatIsNotThere() throws IOException {
        ByteBuffer wide = ByteBuffer.allocate(zip.capacity() + 100).order(ByteOrder.LITTLE_ENDIAN);
        wide.put(zip.array(), 0, end()).position(wide.capacity() - END - 20);
        wide.putInt(0x0706_4b50).putInt(0).putLong(end()).putInt(1);
        wide.put(zip.array(), end(), END);
        zip = wide;
        assertRefused().hasMessageContaining("zip64 directory is not where it should be");

        wide.putInt(wide.capacity() - END - 4, 2);
        assertRefused().hasMessageContaining("in several parts");

        wide.putInt(wide.capacity() - END - 4, 1).putLong(wide.capacity() - END - 12, Long.MAX_VALUE);
        assertRefused().hasMessageContaining("zip64 directory lies outside the file");
    }

    @ParameterizedTest
    @CsvSource({
        "4, 1, in several parts",
        "4, 2, in several parts",
        "8, 1, in several parts",
        "16, 1, lies outside the file",
        "12, 1, ends inside the zip directory"
    })
    void refusesABadEndRecord(int offset, int change, String reason) throws IOException {
        if (offset >= 12) {
            // Longer or later than it is, or shorter.
            int value = zip.getInt(end() + offset);
            zip.putInt(end() + offset, offset == 12 ? value - change : 1_000_000_000);
            if (offset == 16) {
                // Beyond the file there is no directory to recognise, but there is one entry and a local header.
                assertRefused().hasMessageContaining("cut short or has no directory");
                return;
            }
        } else {
            zip.putShort(end() + offset, (short) (zip.getShort(end() + offset) + change));
        }
        assertRefused().hasMessageContaining(reason);
    }

    @Test
    void refusesTooManyEntries() throws IOException {
        zip.putShort(end() + 8, (short) 20_000).putShort(end() + 10, (short) 20_000);

        assertRefused().hasMessageContaining("20000 zip entries, more than 16384");
    }

    @Test
    void refusesMoreEntriesThanThereAre() throws IOException {
        zip.putShort(end() + 8, (short) 3).putShort(end() + 10, (short) 3);

        assertRefused().hasMessageContaining("ends inside the zip directory");
    }

    @Test
    void refusesADirectoryThatIsNotMadeOfEntries() throws IOException {
        int second = directory + 46 + "archive/data.pkl".length();
        zip.putInt(second, 0);

        assertRefused().hasMessageContaining("not made of entries");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 1 << 5, 1 << 6, 1 << 13})
    void refusesEncryption(int flag) throws IOException {
        zip.putShort(directory + 8, (short) flag);

        assertRefused().hasMessageContaining("'archive/data.pkl' is encrypted");
    }

    @Test
    void refusesOtherCompression() throws IOException {
        zip.putShort(directory + 10, (short) 12);

        assertRefused().hasMessageContaining("compressed by method 12");
    }

    @Test
    void refusesStoredEntriesOfTwoSizes() throws IOException {
        zip.putInt(directory + 24, zip.getInt(directory + 24) + 1);

        assertRefused().hasMessageContaining("but claims");
    }

    @Test
    void refusesBombs() throws IOException {
        zip.putShort(directory + 10, (short) 8).putInt(directory + 24, 1_000_000_000);

        assertRefused().hasMessageContaining("would unpack from").hasMessageContaining("to 1000000000 bytes");
    }

    @Test
    void refusesEntriesOutsideTheFile() throws IOException {
        zip.putInt(directory + 20, 1_000_000).putInt(directory + 24, 1_000_000);
        assertRefused().hasMessageContaining("lies outside the file");

        setUp();
        zip.putInt(directory + 42, 1_000_000);
        assertRefused().hasMessageContaining("lies outside the file");

        setUp();
        zip.putShort(28, (short) 60_000);
        assertRefused().hasMessageContaining("lies outside the file");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 6, 8, 26})
    void refusesLocalHeadersThatSayOtherwise(int offset) throws IOException {
        zip.putShort(offset, (short) (zip.getShort(offset) ^ 9));

        assertRefused().hasMessageContaining("not where the directory says");
    }

    @Test
    void refusesContentThatIsMarkedAsAFolder() throws IOException {
        zip.putInt(directory + 38, 0x10);

        assertRefused().hasMessageContaining("'archive/data.pkl' is marked as a folder");
    }

    @Test
    void refusesCompressedContentThatIsLongerThanItShouldBe() throws IOException {
        byte[] pickle = new Pickle()
                .dictionary()
                .text("a")
                .tensor("0", 8)
                .endDictionary()
                .end();
        zip = ByteBuffer.wrap(
                        new TorchZip().deflated().entry("a/data.pkl", pickle).bytes())
                .order(ByteOrder.LITTLE_ENDIAN);
        directory = zip.getInt(end() + 16);
        zip.putInt(directory + 24, pickle.length - 1);

        assertRefused().hasMessageContaining("'a/data.pkl' is longer than the directory says");
    }

    @Test
    void refusesDuplicateEntries() throws IOException {
        byte[] pickle = new Pickle()
                .dictionary()
                .text("a")
                .tensor("0", 8)
                .endDictionary()
                .end();
        byte[] content = new TorchZip()
                .entry("a/data.pkl", pickle)
                .entry("a/data/0", new byte[32])
                .entry("a/data/1", new byte[32])
                .bytes();
        String text = new String(content, StandardCharsets.ISO_8859_1).replace("a/data/1", "a/data/0");
        zip = ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));

        assertRefused().hasMessageContaining("'a/data/0' is there twice");
    }

    @Test
    void refusesEntriesThatShareBytes() throws IOException {
        int second = directory + 46 + "archive/data.pkl".length();
        int secondLocal = zip.getInt(second + 42);
        // The first entry, made as long as to reach into the second.
        int longer = secondLocal + 50 - 30 - "archive/data.pkl".length();
        zip.putInt(directory + 20, longer).putInt(directory + 24, longer);

        assertRefused().hasMessageContaining("share the same bytes");
    }

    @Test
    void refusesContentThatDoesNotMatchItsChecksum() throws IOException {
        zip.putInt(directory + 16, zip.getInt(directory + 16) ^ 1);

        assertRefused().hasMessageContaining("'archive/data.pkl' does not match its checksum");
    }

    @ParameterizedTest
    @CsvSource({"0, cannot be unpacked", "20, cannot be unpacked"})
    void refusesCompressedContentThatIsBroken(int offset, String reason) throws IOException {
        byte[] pickle = new Pickle()
                .dictionary()
                .text("a".repeat(500))
                .tensor("0", 8)
                .endDictionary()
                .end();
        zip = ByteBuffer.wrap(
                new TorchZip().deflated().entry("a/data.pkl", pickle).bytes());
        int start = 30 + "a/data.pkl".length();
        zip.put(start + offset, (byte) 0xff).put(start + offset + 1, (byte) 0xff);

        assertRefused().hasMessageContaining(reason);
    }

    @Test
    void refusesNamesThatDoNotPrint() throws IOException {
        int name = directory + 46;
        zip.put(name, (byte) 7);
        assertRefused().hasMessageContaining("control characters");

        zip.put(name, (byte) 0xff);
        assertRefused().hasMessageContaining("not valid UTF-8");

        zip = ByteBuffer.wrap(TorchZip.ofOneTensor().entry("", new byte[1]).bytes());
        assertRefused().hasMessageContaining("name is empty");
    }

    @Test
    void refusesAnArchiveThatIsCutShort() throws IOException {
        zip = ByteBuffer.wrap(Arrays.copyOf(zip.array(), zip.capacity() - 1));

        assertRefused().hasMessageContaining("a zip archive that is cut short or has no directory");
    }
}
