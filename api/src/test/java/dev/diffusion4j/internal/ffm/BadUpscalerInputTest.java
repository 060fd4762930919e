package dev.diffusion4j.internal.ffm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.bindings.sd_image_t;
import dev.diffusion4j.internal.ffm.library.NativeCounts;
import dev.diffusion4j.internal.ffm.library.NativeLibrary;
import dev.diffusion4j.modelfile.Safetensors;
import dev.diffusion4j.testing.models.UpscalerFiles;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the runtime's upscaler would crash on or leak, past the checks in Java: each is a status with its reason. */
@Tag("native")
class BadUpscalerInputTest {

    @TempDir
    private static Path folder;

    private static Path twice;

    @BeforeAll
    static void load() {
        NativeLibrary.load();
        twice = UpscalerFiles.nearest(2, 1).write(folder.resolve("twice.safetensors"));
    }

    private static String open(MemorySegment path, int status, Arena arena) {
        long models = NativeCounts.models();
        MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
        assertThat(D4j.d4j_upscaler_open(path, MemorySegment.NULL, 1, MemorySegment.NULL, out))
                .isEqualTo(status);
        assertThat(out.get(ValueLayout.ADDRESS, 0)).isEqualTo(MemorySegment.NULL);
        assertThat(NativeCounts.models()).isEqualTo(models);
        return D4j.d4j_last_error().getString(0);
    }

    private static MemorySegment opened(Arena arena) {
        MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
        MemorySegment path = arena.allocateFrom(twice.toString());
        assertThat(D4j.d4j_upscaler_open(path, MemorySegment.NULL, 1, MemorySegment.NULL, out))
                .isEqualTo(D4j.D4J_OK());
        return out.get(ValueLayout.ADDRESS, 0);
    }

    private static MemorySegment picture(int width, int height, int channels, Arena arena) {
        MemorySegment picture = sd_image_t.allocate(arena);
        sd_image_t.width(picture, width);
        sd_image_t.height(picture, height);
        sd_image_t.channel(picture, channels);
        sd_image_t.data(picture, arena.allocate(4096));
        return picture;
    }

    @Test
    void aPathThatIsNull() {
        try (Arena arena = Arena.ofConfined()) {
            assertThat(open(MemorySegment.NULL, D4j.D4J_INVALID(), arena)).contains("no model file is given");
            assertThat(open(arena.allocateFrom(""), D4j.D4J_INVALID(), arena)).contains("no model file is given");
        }
    }

    @Test
    void aFileThatIsNone() throws IOException {
        Path text = Files.writeString(folder.resolve("text.safetensors"), "no model");
        try (Arena arena = Arena.ofConfined()) {
            assertThat(open(arena.allocateFrom("/no/such/file"), D4j.D4J_LOAD_FAILED(), arena))
                    .contains("No such file");
            assertThat(open(arena.allocateFrom(text.toString()), D4j.D4J_LOAD_FAILED(), arena))
                    .contains("the upscaler could not be opened");
        }
    }

    @Test
    void otherShapesLeaveNothingBehind() {
        Path narrow = UpscalerFiles.sized(32, 3).write(folder.resolve("narrow.safetensors"));
        Path nothing = new Safetensors().floats("something", 1).write(folder.resolve("nothing.safetensors"));
        try (Arena arena = Arena.ofConfined()) {
            assertThat(open(arena.allocateFrom(narrow.toString()), D4j.D4J_LOAD_FAILED(), arena))
                    .contains("has wrong shape");
            open(arena.allocateFrom(nothing.toString()), D4j.D4J_LOAD_FAILED(), arena);
        }
    }

    @Test
    void noUpscaler() {
        try (Arena arena = Arena.ofConfined()) {
            assertThat(D4j.d4j_upscaler_close(MemorySegment.NULL)).isEqualTo(D4j.D4J_OK());
            assertThat(D4j.d4j_upscaler_scale(MemorySegment.NULL, arena.allocate(4)))
                    .isEqualTo(D4j.D4J_INVALID());
            assertThat(D4j.d4j_upscale(
                            MemorySegment.NULL,
                            picture(4, 4, 3, arena),
                            0,
                            MemorySegment.NULL,
                            arena.allocate(ValueLayout.ADDRESS)))
                    .isEqualTo(D4j.D4J_INVALID());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0, 4, 3, 0, has no size",
        "4, 4, 4, 0, 4 channels instead of 3",
        "4, 4, 3, 15, tiles of 15 pixels",
        "4, 4, 3, -1, tiles of -1 pixels",
        "16384, 16384, 3, 0, the enlarged picture would have 1073741824 pixels",
        "20000, 4, 3, 0, larger than 16384"
    })
    void picturesAndTiles(int width, int height, int channels, int tileSize, String reason) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment upscaler = opened(arena);
            MemorySegment images = arena.allocate(ValueLayout.ADDRESS);
            assertThat(D4j.d4j_upscale(
                            upscaler, picture(width, height, channels, arena), tileSize, MemorySegment.NULL, images))
                    .isEqualTo(D4j.D4J_INVALID());
            assertThat(D4j.d4j_last_error().getString(0)).contains(reason);
            assertThat(D4j.d4j_upscale(upscaler, picture(4, 4, 3, arena), 0, MemorySegment.NULL, MemorySegment.NULL))
                    .isEqualTo(D4j.D4J_INVALID());

            // It is of use all the same.
            assertThat(D4j.d4j_upscale(upscaler, picture(4, 4, 3, arena), 0, MemorySegment.NULL, images))
                    .isEqualTo(D4j.D4J_OK());
            assertThat(PictureStructs.take(images.get(ValueLayout.ADDRESS, 0), 1)
                            .getFirst()
                            .width())
                    .isEqualTo(8);
            assertThat(D4j.d4j_upscaler_close(upscaler)).isEqualTo(D4j.D4J_OK());
        }
    }
}
