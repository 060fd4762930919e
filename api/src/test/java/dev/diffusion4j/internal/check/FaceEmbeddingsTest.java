package dev.diffusion4j.internal.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.TensorFileException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("fast")
class FaceEmbeddingsTest {

    @TempDir
    private Path folder;

    private static byte[] file(int dimensions, int type, int width, int rows, int numbers, float first) {
        byte[] name = "id_embeds".getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes =
                ByteBuffer.allocate(20 + name.length + numbers * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(dimensions).putInt(name.length).putInt(type).putInt(width).putInt(rows);
        bytes.put(name).putFloat(first);
        return bytes.array();
    }

    private Path write(byte[] bytes) throws IOException {
        return Files.write(folder.resolve("faces.bin"), bytes);
    }

    @Test
    void countsRows() throws IOException {
        assertThat(FaceEmbeddings.count(write(file(2, 0, 512, 3, 3 * 512, 1)))).isEqualTo(3);
    }

    @ParameterizedTest
    @CsvSource({
        "3, 0, 512, 1, 512, 1, rows of 512",
        "2, 1, 512, 1, 512, 1, rows of 512",
        "2, 0, 511, 1, 511, 1, rows of 512",
        "2, 0, 512, 0, 512, 1, rows of 512",
        "2, 0, 512, -1, 512, 1, rows of 512",
        "2, 0, 512, 2, 512, 1, its length",
        "2, 0, 512, 2147483647, 512, 1, its length",
        "2, 0, 512, 1, 512, NaN, not finite"
    })
    void refusesOthers(int dimensions, int type, int width, int rows, int numbers, float first, String reason)
            throws IOException {
        Path file = write(file(dimensions, type, width, rows, numbers, first));
        assertThatThrownBy(() -> FaceEmbeddings.count(file))
                .isInstanceOf(TensorFileException.class)
                .hasMessageStartingWith(file.toString())
                .hasMessageContaining(reason)
                .hasMessageNotContaining("\n");
    }

    @Test
    void refusesEveryBeginningOfAFile() throws IOException {
        byte[] whole = file(2, 0, 512, 1, 512, 1);
        for (int length : new int[] {0, 1, 19, 20, 28, 29, whole.length - 1}) {
            Path file = write(Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> FaceEmbeddings.count(file)).isInstanceOf(TensorFileException.class);
        }
    }

    @Test
    void refusesWhatIsNoFile() {
        assertThatThrownBy(() -> FaceEmbeddings.count(folder.resolve("absent")))
                .isInstanceOf(TensorFileException.class)
                .hasMessageContaining("it is not there");
        assertThatThrownBy(() -> FaceEmbeddings.count(folder)).hasMessageContaining("it is no regular file");
    }
}
