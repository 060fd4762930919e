package dev.diffusion4j.cli;

import dev.diffusion4j.cli.options.TypedText;
import dev.diffusion4j.error.InvalidRequestException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Finds a prompt or another text: the argument itself, or what comes from standard input where the argument is {@code -}. */
final class PromptArgument {

    /** More than any request accepts, so that a large file piped in by mistake ends in a message and not in memory. */
    private static final int MAX_BYTES = 1 << 20;

    private PromptArgument() {}

    /**
     * @param label what the command's help calls the argument
     * @param argument as typed
     * @param in what {@code -} stands for
     */
    static String resolve(String label, String argument, InputStream in) {
        if (!argument.equals("-")) {
            return TypedText.require(label, argument);
        }
        try {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw new InvalidRequestException(label, "more than a megabyte", "shorter");
            }
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString()
                    .strip();
        } catch (CharacterCodingException e) {
            throw new InvalidRequestException(label, "other bytes", "text in UTF-8 when it comes from standard input");
        } catch (IOException e) {
            throw new UncheckedIOException("standard input cannot be read: " + e.getMessage(), e);
        }
    }
}
