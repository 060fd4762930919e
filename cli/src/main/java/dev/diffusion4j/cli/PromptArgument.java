package dev.diffusion4j.cli;

import dev.diffusion4j.InvalidRequestException;
import dev.diffusion4j.cli.options.TypedText;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Finds the prompt: the argument itself, or what comes from standard input where the argument is {@code -}. */
final class PromptArgument {

    /** More than any request accepts, so that a large file piped in by mistake ends in a message and not in memory. */
    private static final int MAX_BYTES = 1 << 20;

    private PromptArgument() {}

    static String resolve(String argument, InputStream in) {
        if (!argument.equals("-")) {
            return TypedText.require("PROMPT", argument);
        }
        try {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw new InvalidRequestException("PROMPT", "more than a megabyte", "shorter");
            }
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString()
                    .strip();
        } catch (CharacterCodingException e) {
            throw new InvalidRequestException(
                    "PROMPT", "other bytes", "text in UTF-8 when it comes from standard input");
        } catch (IOException e) {
            throw new UncheckedIOException("standard input cannot be read: " + e.getMessage(), e);
        }
    }
}
