package dev.diffusion4j.internal.ffm;

import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.bindings.d4j_tokenize_fn;
import dev.diffusion4j.internal.ffm.library.NativeLibrary;
import dev.diffusion4j.tokenizer.QwenTokenizer;
import dev.diffusion4j.tokenizer.T5Tokenizer;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * The tokenizers of this library, which the runtime asks for the ids of prompts where models have the text encoders T5 or Qwen:
 * its own ones read some texts otherwise than the models were trained with.
 */
final class PromptTokenizers {

    private static final int FAILED = -1;

    private PromptTokenizers() {}

    /** Connects them to the loaded library for the life of the process. A second time changes nothing. */
    static void connect() {
        D4j.d4j_set_tokenizer(Function.POINTER);
    }

    /** What the runtime calls, made once. */
    static final class Function {

        static final MemorySegment POINTER = d4j_tokenize_fn.allocate(PromptTokenizers::write, Arena.global());

        private Function() {}
    }

    private static int write(int tokenizer, MemorySegment text, long bytes, MemorySegment ids, long room) {
        try {
            byte[] utf8 = text.reinterpret(bytes).toArray(ValueLayout.JAVA_BYTE);
            int[] found = ids(tokenizer, new String(utf8, StandardCharsets.UTF_8));
            int written = (int) Math.min(found.length, room);
            MemorySegment.copy(found, 0, ids.reinterpret(room * Integer.BYTES), ValueLayout.JAVA_INT, 0, written);
            return found.length;
        } catch (Throwable e) {
            // Nothing may leave an upcall; the runtime's call fails, and here is why.
            NativeLibrary.logger().log(Level.ERROR, "the tokenizer failed", e);
            return FAILED;
        }
    }

    private static int[] ids(int tokenizer, String text) {
        if (tokenizer == D4j.D4J_TOKENIZER_T5()) {
            return T5Tokenizer.load().tokenIds(text);
        }
        QwenTokenizer qwen =
                tokenizer == D4j.D4J_TOKENIZER_QWEN2() ? QwenTokenizer.loadQwen2() : QwenTokenizer.loadQwen3();
        return qwen.tokenIds(text);
    }
}
