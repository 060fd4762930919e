package dev.diffusion4j.hub;

import java.util.Locale;

/** What others wrote, made fit for one line of a message. */
final class Text {

    private static final int MAX_LENGTH = 200;

    private Text() {}

    /** Without control characters, and shortened. */
    static String printable(String text) {
        String line = text.codePoints()
                .map(character -> Character.isISOControl(character) ? ' ' : character)
                .limit(MAX_LENGTH)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
        return line.length() < text.length() ? line + "..." : line;
    }

    static String quoted(String text) {
        return '"' + printable(text) + '"';
    }

    /** A count of bytes as people read it, such as {@code 6.9 GB}: powers of ten. */
    static String bytes(long count) {
        if (count < 1000) {
            return count + " bytes";
        }
        double value = count;
        int unit = -1;
        while (value >= 999.95) {
            value /= 1000;
            unit++;
        }
        return String.format(Locale.ROOT, "%.1f %sB", value, "kMGTPE".charAt(unit));
    }
}
