package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.request.Lora;
import dev.diffusion4j.tokenizer.LoraTags.Tag;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@org.junit.jupiter.api.Tag("fast")
class LoraFolderTest {

    @TempDir
    private Path folder;

    private Path file(String name) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.createFile(file);
    }

    private Lora find(String name) {
        return new LoraFolder(folder).find(new Tag(name, 0.75, 0.25));
    }

    private AbstractThrowableAssert<?, ? extends Throwable> assertNotFound(String name) {
        return assertThatThrownBy(() -> find(name))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("<lora:" + name + ">");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"ink.safetensors", "ink.gguf", "ink.pt", "ink.ckpt", "ink.SafeTensors", "a/b/ink.safetensors"})
    void findsByNameWithAndWithoutItsEndingInSubfoldersToo(String name) throws IOException {
        Path file = file(name);
        file("other.safetensors");
        file("a/ink.txt");
        file("ink.preview.png");

        assertThat(find("ink")).isEqualTo(new Lora(file, 0.75, 0.25));
        assertThat(find(file.getFileName().toString()).path()).isEqualTo(file);
    }

    @Test
    void findsNamesWithDotsBlanksAndLettersOfAnyKind() throws IOException {
        Path file = file("sty le.v1.2 \u00fc.safetensors");

        assertThat(find("sty le.v1.2 \u00fc").path()).isEqualTo(file);
    }

    @Test
    void followsLinksAndPassesOverBrokenOnes() throws IOException {
        Path file = file("store/blob");
        Files.createDirectory(folder.resolve("links"));
        Path link = Files.createSymbolicLink(folder.resolve("links/ink.safetensors"), file);
        Files.createSymbolicLink(folder.resolve("links/again"), folder);
        Files.createSymbolicLink(folder.resolve("links/pen.safetensors"), folder.resolve("gone"));

        assertThat(find("ink").path()).isEqualTo(link);
        assertNotFound("pen");
    }

    @Test
    void namesWhatIsNear() throws IOException {
        file("ink-sketch.safetensors");
        file("Ink_Sketch_v2.safetensors");
        file("watercolour.safetensors");

        assertNotFound("ink sketsh").hasMessageContaining("did you mean ink-sketch, Ink_Sketch_v2?");
        assertNotFound("watercolor").hasMessageContaining("did you mean watercolour?");
        assertNotFound("sketch").hasMessageContaining("did you mean ink-sketch, Ink_Sketch_v2?");
        assertNotFound("INK-SKETCH").hasMessageContaining("did you mean ink-sketch");
        assertNotFound("oil").hasMessageNotContaining("did you mean");
    }

    @Test
    void saysSoWhereThereIsNone() {
        assertNotFound("ink").hasMessageContaining("which has none");
    }

    @Test
    void refusesToChooseAmongSeveral() throws IOException {
        file("a/ink.safetensors");
        Path other = file("b/ink.pt");

        assertNotFound("ink").hasMessageContaining(Path.of("a/ink.safetensors") + ", " + Path.of("b/ink.pt"));
        assertThat(find("ink.pt").path()).isEqualTo(other);
    }

    @ParameterizedTest
    @ValueSource(strings = {"../secret", "..", ".", "a/ink", "/etc/passwd"})
    void nothingOutsideIsFound(String name) throws IOException {
        file("a/ink.safetensors");

        assertNotFound(name);
    }

    @Test
    void refusesWhatIsNoFolder() throws IOException {
        Path file = file("ink.safetensors");

        for (Path wrong : new Path[] {file, folder.resolve("missing")}) {
            assertThatThrownBy(() -> new LoraFolder(wrong))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("loraFolder")
                    .hasMessageContaining(wrong.toString());
        }
    }
}
