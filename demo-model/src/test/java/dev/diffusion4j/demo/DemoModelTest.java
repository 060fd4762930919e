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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where the model is unpacked, and what may lie there already; who may write there, CacheFolderTest tests. */
class DemoModelTest {

    @TempDir
    private Path folder;

    private final String before = System.getProperty(CacheFolder.PROPERTY);

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
        assertIs("shapes-v1", file);
    }

    private static void assertIs(String name, Path file) throws IOException {
        Properties description = new Properties();
        try (InputStream in = DemoModel.class.getResourceAsStream(name + ".properties")) {
            description.load(in);
        }
        try (InputStream in = Files.newInputStream(file)) {
            assertThat(Unpacker.sha256(in)).isEqualTo(description.getProperty("sha256"));
        }
    }

    @Test
    void itsControlNetIsUnpackedBesideIt() throws IOException {
        Path file = DemoModel.controlNet();
        assertThat(file).hasFileName("shapes-control-v1.safetensors");
        assertIs("shapes-control-v1", file);
    }

    @Test
    void itIsUnpackedOnceForEachProcessAndNotTakenFromAFileThatSomebodyChanged() throws IOException {
        Path file = unpackedIn(folder.resolve("first"));
        assertThat(file).startsWith(folder).hasFileName("shapes-v1.safetensors");
        assertIsTheModel(file);
        Path second = folder.resolve("second");
        assertThat(unpackedIn(second)).isEqualTo(file);

        Path changed = second.resolve(folder.resolve("first").relativize(file));
        Files.createDirectories(changed.getParent());
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(changed, bytes);
        // A file that is gone is looked for anew, as by the first call of a process.
        Files.delete(file);
        assertThat(unpackedIn(second)).isEqualTo(changed);
        assertIsTheModel(changed);
    }

    @Test
    void theUpscalerIsBesideIt() throws IOException {
        System.setProperty(CacheFolder.PROPERTY, folder.toString());
        Path file = DemoModel.upscaler();
        assertThat(file).hasFileName("shapes-x4-v1.safetensors");
        assertIs("shapes-x4-v1", file);
        assertThat(DemoModel.upscaler()).isEqualTo(file);
    }
}
