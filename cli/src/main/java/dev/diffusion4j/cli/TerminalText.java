package dev.diffusion4j.cli;

/** Text from anywhere, made safe to show: it must not steer the terminal. */
final class TerminalText {

    private TerminalText() {}

    /** One line without control characters. */
    static String printable(String text) {
        return text.replaceAll("\\s+", " ").replaceAll("\\p{Cntrl}", "?");
    }
}
