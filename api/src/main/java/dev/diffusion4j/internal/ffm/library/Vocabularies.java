package dev.diffusion4j.internal.ffm.library;

import dev.diffusion4j.bindings.D4j;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/** What tokenizers are built from, which the native library carries. */
public final class Vocabularies {

    private Vocabularies() {}

    /** CLIP's merges.txt. */
    public static String clipMerges() {
        return load("clip");
    }

    /** The merges of Qwen 2, 2.5 and 3: their merges.txt without its header line. */
    public static String qwenMerges() {
        return load("qwen");
    }

    /** T5's tokenizer.json. */
    public static String t5Json() {
        return load("t5");
    }

    private static String load(String tokenizer) {
        NativeLibrary.load();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocate(ValueLayout.ADDRESS);
            MemorySegment length = arena.allocate(ValueLayout.JAVA_LONG);
            NativeStatus.check(
                    D4j.d4j_vocabulary(arena.allocateFrom(tokenizer), text, length),
                    "reading the tokenizer's vocabulary");
            MemorySegment bytes = text.get(ValueLayout.ADDRESS, 0).reinterpret(length.get(ValueLayout.JAVA_LONG, 0));
            return new String(bytes.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
        }
    }
}
