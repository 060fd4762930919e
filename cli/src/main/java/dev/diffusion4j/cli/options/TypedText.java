package dev.diffusion4j.cli.options;

import dev.diffusion4j.error.InvalidRequestException;

/** Text from the command line, which Java decodes as the locale says. */
public final class TypedText {

    /** What Java puts where the locale has no letter for what was typed. */
    private static final char UNREADABLE = '\uFFFD';

    private TypedText() {}

    /**
     * Returns text that arrived as it was typed.
     *
     * @param option what the text was given as
     * @throws InvalidRequestException if letters were lost: drawing something else would be worse
     */
    public static String require(String option, String text) {
        if (text.indexOf(UNREADABLE) >= 0) {
            throw new InvalidRequestException(
                    option, "text that this locale garbles", "in the locale's letters (LC_ALL=C.UTF-8 has all)");
        }
        return text;
    }
}
