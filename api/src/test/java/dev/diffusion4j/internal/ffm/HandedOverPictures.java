package dev.diffusion4j.internal.ffm;

import dev.diffusion4j.bindings.sd_image_t;
import dev.diffusion4j.internal.image.RgbImage;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** Pictures that Java takes as it takes drawn ones, without the hours of drawing them. */
public final class HandedOverPictures {

    private static final MethodHandle MALLOC = Linker.nativeLinker()
            .downcallHandle(malloc(), FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));

    private HandedOverPictures() {}

    /** That of the process, as the shim's free is: a sanitizer's in its JVM, where the linker's own lookup finds the C library's. */
    private static MemorySegment malloc() {
        Linker linker = Linker.nativeLinker();
        MethodHandle dlsym = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("dlsym"),
                FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.ADDRESS));
        try (Arena arena = Arena.ofConfined()) {
            return (MemorySegment) dlsym.invokeExact(MemorySegment.NULL, arena.allocateFrom("malloc"));
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /**
     * One picture.
     *
     * @param pixels native, which the caller frees: the shim frees none but its own
     */
    public static RgbImage take(MemorySegment pixels, int width, int height) throws Throwable {
        MemorySegment array =
                ((MemorySegment) MALLOC.invokeExact(sd_image_t.sizeof())).reinterpret(sd_image_t.sizeof());
        sd_image_t.width(array, width);
        sd_image_t.height(array, height);
        sd_image_t.channel(array, 3);
        sd_image_t.data(array, pixels);
        return PictureStructs.take(array, 1).getFirst();
    }
}
