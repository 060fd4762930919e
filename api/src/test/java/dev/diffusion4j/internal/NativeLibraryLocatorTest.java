package dev.diffusion4j.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.NativeLibraryException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibraryLocatorTest {

    private final Properties properties = new Properties();

    @BeforeEach
    void keepProperties() {
        properties.putAll(System.getProperties());
    }

    @AfterEach
    void restoreProperties() {
        System.setProperties(properties);
    }

    private static Path locate() {
        return NativeLibraryLocator.load(library -> {});
    }

    @Test
    void theArtifactIsUnpacked() {
        Path library = locate();
        assertThat(library).isRegularFile();
        assertThat(library.getFileName().toString())
                .isEqualTo(Platform.current().libraryFileName());
        assertThat(locate()).isEqualTo(library);
    }

    @Test
    void aLibraryThatCannotBeLoadedIsNamed(@TempDir Path folder) throws Exception {
        Path own = Files.writeString(folder.resolve("own.so"), "");
        System.setProperty(NativeLibraryLocator.LIBRARY_PROPERTY, own.toString());
        assertThatThrownBy(() -> NativeLibraryLocator.load(library -> {
                    throw new UnsatisfiedLinkError("file too short");
                }))
                .isInstanceOf(NativeLibraryException.class)
                .hasMessageContaining("own.so cannot be loaded: file too short");
    }

    @Test
    void aLibraryOfTheUsersOwnComesFirst(@TempDir Path folder) throws Exception {
        Path own = Files.writeString(folder.resolve("own.so"), "");
        System.setProperty(NativeLibraryLocator.LIBRARY_PROPERTY, own.toString());
        assertThat(locate()).isEqualTo(own);

        System.setProperty(
                NativeLibraryLocator.LIBRARY_PROPERTY, folder.resolve("no.so").toString());
        assertThatThrownBy(NativeLibraryLocatorTest::locate)
                .isInstanceOf(NativeLibraryException.class)
                .hasMessageContaining("no.so")
                .hasMessageContaining(NativeLibraryLocator.LIBRARY_PROPERTY);
    }

    @Test
    void everyAttemptIsReported() {
        System.setProperty(NativeLibraryLocator.BACKEND_PROPERTY, "nonsense");
        assertThatThrownBy(NativeLibraryLocatorTest::locate)
                .isInstanceOf(NativeLibraryException.class)
                .hasMessageContaining("diffusion4j-natives")
                .hasMessageContaining(Platform.current() + "-nonsense")
                .hasMessageContaining("java.library.path");
    }
}
