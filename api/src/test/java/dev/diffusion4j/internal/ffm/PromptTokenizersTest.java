package dev.diffusion4j.internal.ffm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.bindings.d4j_tokenize_fn;
import dev.diffusion4j.internal.ffm.library.NativeLibrary;
import dev.diffusion4j.tokenizer.Goldens;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.IntSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The ids that the runtime's text encoders are given, asked for as the runtime does it: those of Hugging Face's tokenizers. */
@Tag("native")
class PromptTokenizersTest {

    @BeforeAll
    static void load() {
        NativeLibrary.load();
    }

    private static List<Arguments> tokenizers() {
        return List.of(
                Arguments.of("t5", (IntSupplier) D4j::D4J_TOKENIZER_T5),
                Arguments.of("qwen2", (IntSupplier) D4j::D4J_TOKENIZER_QWEN2),
                Arguments.of("qwen3", (IntSupplier) D4j::D4J_TOKENIZER_QWEN3));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("tokenizers")
    void givesTheReferencesIdsOfEveryText(String name, IntSupplier tokenizer) {
        List<String> texts = Goldens.texts();
        List<String> expected = Goldens.text(name + ".crc.gz").lines().toList();

        assertThat(expected).hasSizeGreaterThan(2000).hasSameSizeAs(texts);
        assertThat(IntStream.range(0, texts.size())
                        .filter(i -> !Goldens.summary(ids(tokenizer.getAsInt(), texts.get(i)))
                                .equals(expected.get(i)))
                        .mapToObj(texts::get))
                .as("texts with other ids")
                .isEmpty();
    }

    /** First without room, to learn how many there are. */
    private static int[] ids(int tokenizer, String text) {
        try (Arena arena = Arena.ofConfined()) {
            byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
            MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_BYTE, utf8);
            int count = invoke(tokenizer, bytes, MemorySegment.NULL, 0);
            MemorySegment ids = arena.allocate(ValueLayout.JAVA_INT, count);
            assertThat(invoke(tokenizer, bytes, ids, count)).isEqualTo(count);
            return ids.toArray(ValueLayout.JAVA_INT);
        }
    }

    private static int invoke(int tokenizer, MemorySegment text, MemorySegment ids, long room) {
        return d4j_tokenize_fn.invoke(PromptTokenizers.Function.POINTER, tokenizer, text, text.byteSize(), ids, room);
    }

    @Test
    void writesNoMoreThanThereIsRoomFor() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocateFrom(ValueLayout.JAVA_BYTE, "a photo".getBytes(StandardCharsets.UTF_8));
            MemorySegment ids = arena.allocateFrom(ValueLayout.JAVA_INT, -7, -7, -7);

            assertThat(invoke(D4j.D4J_TOKENIZER_T5(), text, ids, 2)).isEqualTo(3);
            assertThat(ids.toArray(ValueLayout.JAVA_INT)).containsExactly(3, 9, -7);
        }
    }

    @Test
    void saysThatItFailed() {
        assertThat(invoke(D4j.D4J_TOKENIZER_T5(), MemorySegment.NULL, MemorySegment.NULL, -1))
                .isNegative();
    }
}
