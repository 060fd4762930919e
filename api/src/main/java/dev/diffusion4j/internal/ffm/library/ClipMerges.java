package dev.diffusion4j.internal.ffm.library;

import dev.diffusion4j.bindings.D4j;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/** CLIP's merges.txt, which the native library carries. */
public final class ClipMerges {

    private ClipMerges() {}

    /** The text of the file. */
    public static String load() {
        NativeLibrary.load();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocate(ValueLayout.ADDRESS);
            MemorySegment length = arena.allocate(ValueLayout.JAVA_LONG);
            NativeStatus.check(D4j.d4j_clip_merges(text, length), "reading the tokenizer's merges");
            MemorySegment bytes = text.get(ValueLayout.ADDRESS, 0).reinterpret(length.get(ValueLayout.JAVA_LONG, 0));
            return new String(bytes.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
        }
    }
}
