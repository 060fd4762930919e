package dev.diffusion4j.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisabledOnOs(OS.WINDOWS)
class UnpackerTest {

    @TempDir
    private Path folder;

    private final AtomicInteger opened = new AtomicInteger();

    private Path unpack() throws IOException {
        byte[] bytes = UnpackProbe.bytes();
        String sha256 = Unpacker.sha256(new ByteArrayInputStream(bytes));
        return Unpacker.unpack(
                new CacheFolder(folder.resolve("cache").toString(), false),
                "models",
                () -> {
                    opened.incrementAndGet();
                    return new ByteArrayInputStream(bytes);
                },
                "model.bin",
                sha256);
    }

    private static Path noteOf(Path file) {
        return file.resolveSibling(file.getFileName() + ".checked");
    }

    /** Waits until the file's last change is one that a later one can be told from. */
    private Path unpackAndNote() throws Exception {
        Path file = unpack();
        while (!Files.exists(noteOf(file))) {
            Thread.sleep(50);
            unpack();
        }
        return file;
    }

    @Test
    void whatIsThereIsNotUnpackedAgain() throws Exception {
        Path file = unpack();
        assertThat(unpack()).isEqualTo(file).hasContent(UnpackProbe.CONTENT);
        assertThat(opened).hasValue(1);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }

    /** With the same length, and even with the old date. */
    @Test
    void aChangeIsNoticedInSpiteOfTheNote() throws Exception {
        Path file = unpackAndNote();
        FileTime date = Files.getLastModifiedTime(file);
        Files.writeString(file, "the motel");
        Files.setLastModifiedTime(file, date);
        assertThat(unpack()).hasContent(UnpackProbe.CONTENT);
        assertThat(opened).hasValue(2);
    }

    @Test
    void anotherFileInItsPlaceIsNoticedInSpiteOfTheNote() throws Exception {
        Path file = unpackAndNote();
        Path other = Files.writeString(folder.resolve("other"), "the motel");
        Files.setLastModifiedTime(other, Files.getLastModifiedTime(file));
        Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
        assertThat(unpack()).hasContent(UnpackProbe.CONTENT);
    }

    @Test
    void aDamagedNoteIsNoProof() throws Exception {
        Path file = unpackAndNote();
        Files.write(noteOf(file), new byte[] {(byte) 0xC3, 1, 2});
        Files.writeString(file, "the motel");
        assertThat(unpack()).hasContent(UnpackProbe.CONTENT);
    }

    @Test
    void contentWithAnotherChecksumLeavesNothing() throws Exception {
        assertThatThrownBy(() -> Unpacker.unpack(
                        new CacheFolder(folder.resolve("cache").toString(), false),
                        "models",
                        () -> new ByteArrayInputStream(new byte[3]),
                        "model.bin",
                        "0".repeat(64)))
                .hasMessageContaining("does not match its checksum");
        assertThat(folder.resolve("cache/models/0000000000000000")).isEmptyDirectory();
    }
}
