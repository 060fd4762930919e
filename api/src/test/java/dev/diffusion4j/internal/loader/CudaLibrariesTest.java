package dev.diffusion4j.internal.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.NativeLibraryException;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("fast")
class CudaLibrariesTest {

    @TempDir
    private Path folder;

    private final List<Path> loaded = new ArrayList<>();

    @AfterEach
    void nameNoFolders() {
        System.clearProperty(CudaLibraries.PROPERTY);
    }

    private void load(Path... folders) {
        System.setProperty(
                CudaLibraries.PROPERTY,
                String.join(
                        File.pathSeparator,
                        List.of(folders).stream().map(Path::toString).toList()));
        CudaLibraries.load(loaded::add);
    }

    private Path file(String name) throws Exception {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, "");
    }

    @Test
    void nothingIsLoadedWhereNoFolderIsNamed() {
        CudaLibraries.load(loaded::add);
        assertThat(loaded).isEmpty();
    }

    @Test
    void eachComesAfterWhatItNeeds() throws Exception {
        Path cublas = file("cu13/libcublas.so.13");
        Path cublasLt = file("cu13/libcublasLt.so.13");
        Path runtime = file("cu13/libcudart.so.13");
        file("cu13/libcublas.so.13.1.0.3");
        file("cu13/libcudart_static.a");
        load(folder.resolve("cu13"));
        assertThat(loaded).containsExactly(runtime, cublasLt, cublas);
    }

    @Test
    void theyMayLieInSeveralFolders() throws Exception {
        Path cublas = file("cublas/lib/libcublas.so.12");
        Path cublasLt = file("cublas/lib/libcublasLt.so.12");
        Path runtime = file("cuda_runtime/lib/libcudart.so.12");
        load(folder.resolve("cublas/lib"), folder.resolve("cuda_runtime/lib"));
        assertThat(loaded).containsExactly(runtime, cublasLt, cublas);
    }

    @Test
    void whatIsMissingIsNamed() throws Exception {
        file("libcudart.so.13");
        file("libcublas.so.13");
        assertThatThrownBy(() -> load(folder))
                .isInstanceOf(NativeLibraryException.class)
                .hasMessageContaining(CudaLibraries.PROPERTY)
                .hasMessageContaining(folder.toString())
                .hasMessageEndingWith("where there is no libcublasLt.so.<version>");
        assertThatThrownBy(() -> load(folder.resolve("none")))
                .isInstanceOf(NativeLibraryException.class)
                .hasMessageContaining("none, which cannot be read");
    }

    @Test
    void whatCannotBeLoadedIsNamed() throws Exception {
        Path runtime = file("libcudart.so.13");
        System.setProperty(CudaLibraries.PROPERTY, folder.toString());
        assertThatThrownBy(() -> CudaLibraries.load(file -> {
                    throw new UnsatisfiedLinkError("file too short");
                }))
                .isInstanceOf(NativeLibraryException.class)
                .hasMessageContaining(runtime + ", from the folder that the system property")
                .hasMessageContaining("file too short");
    }
}
