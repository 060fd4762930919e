package dev.diffusion4j.mutants;

/** What became of a mutant. */
enum Outcome {
    /** A typed exception before native code saw the file. */
    REFUSED("refused"),
    /** A typed exception from native code that did not take the file. */
    NOT_OPENED("not opened"),
    /** The file was taken, and a picture drawn. */
    DREW("drew"),
    /** The file was taken, and a typed exception came in place of a picture. */
    NOT_DRAWN("not drawn"),
    /** Something else was thrown. */
    ESCAPED("escaped"),
    /** The JVM was gone. */
    DIED("deaths"),
    /** Nothing came for so long that the JVM was ended. */
    HUNG("hangs");

    private final String words;

    Outcome(String words) {
        this.words = words;
    }

    String words() {
        return words;
    }

    boolean isAllowed() {
        return ordinal() <= NOT_DRAWN.ordinal();
    }
}
