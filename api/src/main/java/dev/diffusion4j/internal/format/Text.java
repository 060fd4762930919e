package dev.diffusion4j.internal.format;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Text that comes from a file: decoded strictly, and made fit for a one-line message. */
public final class Text {

    private static final int LONGEST_IN_MESSAGE = 120;

    private Text() {}

    public static Optional<String> utf8(byte[] bytes) {
        try {
            return Optional.of(StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(bytes))
                    .toString());
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }

    /** Whether the text has neither control characters nor half a surrogate pair. */
    public static boolean isClean(String text) {
        for (int i = 0; i < text.length(); ) {
            int codePoint = text.codePointAt(i);
            int type = Character.getType(codePoint);
            if (Character.isISOControl(codePoint)
                    || type == Character.SURROGATE
                    || type == Character.LINE_SEPARATOR
                    || type == Character.PARAGRAPH_SEPARATOR) {
                return false;
            }
            i += Character.charCount(codePoint);
        }
        return true;
    }

    /** The text on one line, control characters escaped, cut when it is long. */
    public static String printable(@Nullable String text) {
        if (text == null) {
            return "unknown reason";
        }
        String cut = text.length() <= LONGEST_IN_MESSAGE ? text : text.substring(0, LONGEST_IN_MESSAGE) + "…";
        return escaped(cut);
    }

    public static String quoted(String text) {
        return "'" + printable(text) + "'";
    }

    public static String of(Path path) {
        return escaped(path.toString());
    }

    private static String escaped(String text) {
        if (isClean(text)) {
            return text;
        }
        StringBuilder escaped = new StringBuilder();
        text.codePoints().forEach(codePoint -> {
            String character = Character.toString(codePoint);
            escaped.append(isClean(character) ? character : String.format("\\u%04x", codePoint));
        });
        return escaped.toString();
    }
}
