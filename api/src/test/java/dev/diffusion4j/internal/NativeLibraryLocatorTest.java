package dev.diffusion4j.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.NativeLibraryException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibraryLocatorTest {

    @AfterEach
    void clear() {
        System.clearProperty(NativeLibraryLocator.LIBRARY_PROPERTY);
        System.clearProperty(NativeLibraryLocator.BACKEND_PROPERTY);
    }

    @Test
    void theArtifactIsUnpackedForItsOwnerAlone() throws Exception {
        Path library = NativeLibraryLocator.locate();
        assertThat(library).isRegularFile();
        assertThat(library.getFileName().toString())
                .isEqualTo(Platform.current().libraryFileName());
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(library.getParent())))
                .isEqualTo("rwx------");
        assertThat(NativeLibraryLocator.locate()).isEqualTo(library);
    }

    @Test
    void aTamperedCopyIsReplaced(@TempDir Path folder) throws Exception {
        Path resource = Files.writeString(folder.resolve("resource"), "the library");
        String wrong = "0".repeat(64);
        assertThatThrownBy(() -> ResourceUnpacker.unpack(resource.toUri().toURL(), "lib.so", wrong))
                .hasMessageContaining("does not match its checksum");

        String right = java.util.HexFormat.of()
                .formatHex(java.security.MessageDigest.getInstance("SHA-256")
                        .digest("the library".getBytes(java.nio.charset.StandardCharsets.UTF_8)));
        Path unpacked = ResourceUnpacker.unpack(resource.toUri().toURL(), "lib.so", right);
        Files.writeString(unpacked, "the lybrary");
        assertThat(ResourceUnpacker.unpack(resource.toUri().toURL(), "lib.so", right))
                .isEqualTo(unpacked)
                .hasContent("the library");
        Files.delete(unpacked);
    }

    @Test
    void aLibraryOfTheUsersOwnComesFirst(@TempDir Path folder) throws Exception {
        Path own = Files.writeString(folder.resolve("own.so"), "");
        System.setProperty(NativeLibraryLocator.LIBRARY_PROPERTY, own.toString());
        assertThat(NativeLibraryLocator.locate()).isEqualTo(own);

        System.setProperty(
                NativeLibraryLocator.LIBRARY_PROPERTY, folder.resolve("no.so").toString());
        assertThatThrownBy(NativeLibraryLocator::locate)
                .isInstanceOf(NativeLibraryException.class)
                .hasMessageContaining("no.so")
                .hasMessageContaining(NativeLibraryLocator.LIBRARY_PROPERTY);
    }

    @Test
    void everyAttemptIsReported() {
        System.setProperty(NativeLibraryLocator.BACKEND_PROPERTY, "nonsense");
        assertThatThrownBy(NativeLibraryLocator::locate)
                .isInstanceOf(NativeLibraryException.class)
                .hasMessageContaining("diffusion4j-natives")
                .hasMessageContaining(Platform.current() + "-nonsense")
                .hasMessageContaining("java.library.path");
    }
}
