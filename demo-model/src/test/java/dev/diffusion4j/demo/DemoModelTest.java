package dev.diffusion4j.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.cache.CacheFolder;
import dev.diffusion4j.cache.Unpacker;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where the model is unpacked, and what may lie there already; who may write there, CacheFolderTest tests. */
class DemoModelTest {

    @TempDir
    private Path folder;

    private String before;

    @BeforeEach
    void useAFolderOfThisTest() throws IOException {
        before = System.getProperty(CacheFolder.PROPERTY);
        // A file that is gone is looked for anew, as by the first call of a process.
        Files.deleteIfExists(unpackedIn(folder.resolve("an earlier one")));
    }

    @AfterEach
    void useTheUsualFolder() {
        if (before == null) {
            System.clearProperty(CacheFolder.PROPERTY);
        } else {
            System.setProperty(CacheFolder.PROPERTY, before);
        }
    }

    private static Path unpackedIn(Path cache) {
        System.setProperty(CacheFolder.PROPERTY, cache.toString());
        return DemoModel.path();
    }

    private static void assertIsTheModel(Path file) throws IOException {
        Properties description = new Properties();
        try (InputStream in = DemoModel.class.getResourceAsStream("shapes-v1.properties")) {
            description.load(in);
        }
        try (InputStream in = Files.newInputStream(file)) {
            assertThat(Unpacker.sha256(in)).isEqualTo(description.getProperty("sha256"));
        }
    }

    @Test
    void itIsUnpackedOnceForEachProcess() throws IOException {
        Path file = unpackedIn(folder);
        assertThat(file).startsWith(folder).hasFileName("shapes-v1.safetensors");
        assertIsTheModel(file);
        assertThat(unpackedIn(folder.resolve("a later one"))).isEqualTo(file);
    }

    @Test
    void aFileThatSomebodyChangedIsReplaced() throws IOException {
        Path file = unpackedIn(folder);
        Path other = folder.resolve("other").resolve(folder.relativize(file));
        Files.createDirectories(other.getParent());
        byte[] changed = Files.readAllBytes(file);
        changed[changed.length / 2] ^= 1;
        Files.write(other, changed);
        Files.delete(file);
        assertThat(unpackedIn(folder.resolve("other"))).isEqualTo(other);
        assertIsTheModel(other);
    }
}
