package dev.diffusion4j.modelfile;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.diffusion4j.error.ModelFileException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("fast")
class FormatDetectorTest {

    @TempDir
    private Path folder;

    private static AbstractThrowableAssert<?, ? extends Throwable> assertRefused(Path path) {
        return assertThatThrownBy(() -> ModelFile.read(path))
                .isInstanceOf(ModelFileException.class)
                .hasMessageStartingWith(path.toString())
                .hasMessageNotContaining("\n");
    }

    private Path file(String content) throws IOException {
        return Files.write(folder.resolve("model.safetensors"), content.getBytes(StandardCharsets.ISO_8859_1));
    }

    static Stream<Arguments> otherFiles() {
        return Stream.of(
                arguments("version https://git-lfs.github.com/spec/v1\noid sha256:1", "LFS pointer; 'git lfs pull'"),
                arguments("<!DOCTYPE html>\n<html>", "it is a web page"),
                arguments("  <html lang='en'>", "it is a web page"),
                arguments("{\"error\": \"Entry not found\"}", "it is text"),
                arguments("hello", "it is text"),
                arguments("x", "it is text"),
                arguments("\u00ef\u00bb\u00bfwith a mark", "it is text"),
                arguments("\u001f\u008b\b\0", "compressed archive"),
                arguments("BZh91AY", "compressed archive"),
                arguments("(\u00b5/\u00fd\0", "compressed archive"),
                arguments("\u0089PNG\r\n\u001a\n", "picture or a recording"),
                arguments("\u00ff\u00d8\u00ff\u00e0", "picture or a recording"),
                arguments("tjgg\1\0\0\0", "from before GGUF"),
                arguments("PK\3\4\24\0\0\0\0\0", "a zip archive that is cut short"),
                arguments("\1\2\3", "in no known format, its first bytes are 01 02 03"),
                arguments("\u00fe" + "\0".repeat(8), "its first bytes are fe 00 00 00 00 00 00 00"));
    }

    @ParameterizedTest
    @MethodSource("otherFiles")
    void saysWhatAFileIsInstead(String content, String reason) throws IOException {
        assertRefused(file(content)).hasMessageContaining(reason);
    }

    @Test
    void saysThatATarArchiveIsTooOld() throws IOException {
        assertRefused(file("storages" + "\0".repeat(249) + "ustar" + "\0".repeat(300)))
                .hasMessageContaining("it is a tar archive");
    }

    @Test
    void saysThatAFileOfZerosIsIncomplete() throws IOException {
        assertRefused(file("\0".repeat(2_000))).hasMessageContaining("begins with 512 zero bytes");
    }

    @Test
    void saysThatLongTextIsTextWhereverItIsCut() throws IOException {
        for (int start = 0; start < 4; start++) {
            Path path = Files.writeString(folder.resolve("a.txt"), "x".repeat(start) + "\u20ac".repeat(400));
            assertRefused(path).hasMessageContaining("it is text");
        }
    }

    @Test
    void refusesEmptyFiles() throws IOException {
        assertRefused(file("")).hasMessageContaining("it is empty");
    }

    @Test
    void refusesMissingFiles() {
        assertRefused(folder.resolve("nothing.gguf")).hasMessageEndingWith("nothing.gguf does not exist");
    }

    @Test
    void refusesFoldersAndPathsThroughFiles() throws IOException {
        assertRefused(folder).hasMessageContaining("is a directory, not a model file; name a file in it");
        assertRefused(file("x").resolve("model.gguf")).hasMessageContaining("does not exist");
    }

    @Test
    void saysOfFoldersThatTheyAreThat() throws IOException {
        Files.writeString(folder.resolve("model_index.json"), "{}");
        assertRefused(folder)
                .hasMessageContaining("a model of diffusers in parts")
                .hasMessageContaining("opened as a whole");
    }

    @Test
    void refusesDevices() {
        Path device = Path.of("/dev/zero");
        assumeTrue(Files.exists(device), "needs /dev/zero");

        assertRefused(device).hasMessageContaining("is not a regular file");
    }

    @Test
    void refusesFilesThatMayNotBeRead() throws IOException {
        Path path = file("GGUF");
        assumeTrue(path.getFileSystem().supportedFileAttributeViews().contains("posix"), "needs POSIX permissions");
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("---------"));
        assumeFalse(Files.isReadable(path), "root may read everything");

        assertRefused(path).hasMessageContaining("permission denied");
    }

    @Test
    void refusesFilesInsideArchives() throws IOException {
        Path archive = folder.resolve("a.zip");
        try (FileSystem zip = FileSystems.newFileSystem(archive, Map.of("create", "true"))) {
            Path inside = Files.writeString(zip.getPath("/model.gguf"), "GGUF");
            assertRefused(inside).hasMessageContaining("default file system");
        }
    }

    @Test
    void keepsTheMessageOnOneLine() {
        Path path = folder.resolve("two\nlines.gguf");

        assertThatThrownBy(() -> ModelFile.read(path))
                .isInstanceOf(ModelFileException.class)
                .hasMessageEndingWith("two\\u000alines.gguf does not exist");
    }
}
