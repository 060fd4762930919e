package dev.diffusion4j.internal.ffm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.NativeRuntime;
import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.bindings.d4j_observer_t;
import dev.diffusion4j.bindings.sd_ctx_params_t;
import dev.diffusion4j.bindings.sd_image_t;
import dev.diffusion4j.bindings.sd_img_gen_params_t;
import dev.diffusion4j.bindings.sd_sample_params_t;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.error.NativeFailureException;
import dev.diffusion4j.internal.ffm.library.NativeLibrary;
import dev.diffusion4j.internal.image.RgbImage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What is left of native pictures once Java has taken them. */
@Tag("native")
class NativePicturesTest {

    private static final int COUNT = 3;
    private static final int SIZE = 64;

    private static Arena arena;
    private static MemorySegment model;

    @BeforeAll
    static void open() {
        NativeLibrary.load();
        arena = Arena.ofShared();
        MemorySegment parameters = sd_ctx_params_t.allocate(arena);
        D4j.sd_ctx_params_init(parameters);
        sd_ctx_params_t.model_path(
                parameters, arena.allocateFrom(DemoModel.path().toString()));
        MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
        assertThat(D4j.d4j_model_open(parameters, MemorySegment.NULL, out)).isEqualTo(D4j.D4J_OK());
        model = out.get(ValueLayout.ADDRESS, 0);
    }

    @AfterAll
    static void close() {
        assertThat(D4j.d4j_model_close(model)).isEqualTo(D4j.D4J_OK());
        arena.close();
    }

    /** A batch as the shim hands it over. */
    private static MemorySegment draw() {
        MemorySegment request = sd_img_gen_params_t.allocate(arena);
        D4j.sd_img_gen_params_init(request);
        sd_img_gen_params_t.prompt(request, arena.allocateFrom("a red circle"));
        sd_img_gen_params_t.negative_prompt(request, arena.allocateFrom(""));
        sd_img_gen_params_t.width(request, SIZE);
        sd_img_gen_params_t.height(request, SIZE);
        sd_img_gen_params_t.seed(request, 1);
        sd_img_gen_params_t.batch_count(request, COUNT);
        sd_sample_params_t.sample_steps(sd_img_gen_params_t.sample_params(request), 1);
        MemorySegment images = arena.allocate(ValueLayout.ADDRESS);
        MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
        int status = D4j.d4j_generate_image(
                model, request, MemorySegment.NULL, 0, d4j_observer_t.allocate(arena), images, count);
        assertThat(status).isEqualTo(D4j.D4J_OK());
        assertThat(count.get(ValueLayout.JAVA_INT, 0)).isEqualTo(COUNT);
        return images.get(ValueLayout.ADDRESS, 0);
    }

    @Test
    void takenPicturesAreOnTheHeapAndTheNativeOnesFreedAtOnce() {
        long before = D4j.d4j_live_pixel_bytes();
        MemorySegment array = draw();
        assertThat(D4j.d4j_live_pixel_bytes()).isEqualTo(before + COUNT * 3L * SIZE * SIZE);
        assertThat(NativeRuntime.pictureMemory()).isEqualTo(before + COUNT * 3L * SIZE * SIZE);
        byte[] first = sd_image_t
                .data(sd_image_t.asSlice(array.reinterpret(sd_image_t.sizeof()), 0))
                .reinterpret(3L * SIZE * SIZE)
                .toArray(ValueLayout.JAVA_BYTE);

        List<RgbImage> taken = PictureStructs.take(array, COUNT);

        assertThat(D4j.d4j_live_pixel_bytes()).isEqualTo(before);
        assertThat(taken).hasSize(COUNT);
        assertThat(taken.getFirst().rgb()).isEqualTo(first);
        assertThat(taken.getFirst().pixels().isNative()).isFalse();
        assertThat(taken.getFirst().pixels().isReadOnly()).isTrue();
    }

    @Test
    void aPictureWithAnotherNumberOfChannelsIsRefusedAndAllAreFreed() {
        assertRefused("4 channels", image -> sd_image_t.channel(image, 4));
    }

    @Test
    void aPictureWithoutPixelsIsRefusedAndAllOthersAreFreed() {
        assertRefused("without data", image -> {
            D4j.d4j_pixels_free(sd_image_t.data(image));
            sd_image_t.data(image, MemorySegment.NULL);
        });
    }

    private static void assertRefused(String reason, Consumer<MemorySegment> change) {
        long before = D4j.d4j_live_pixel_bytes();
        MemorySegment array = draw();
        change.accept(sd_image_t.asSlice(array.reinterpret(COUNT * sd_image_t.sizeof()), 1));
        assertThatThrownBy(() -> PictureStructs.take(array, COUNT))
                .isInstanceOf(NativeFailureException.class)
                .hasMessageContaining(reason);
        assertThat(D4j.d4j_live_pixel_bytes()).isEqualTo(before);
    }
}
