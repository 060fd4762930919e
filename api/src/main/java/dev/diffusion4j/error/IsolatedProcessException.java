package dev.diffusion4j.error;

import java.util.Objects;
import java.util.OptionalInt;

/**
 * The process of an isolated model died or was ended because it fell
 * silent. The model stays usable: the next call starts a new process.
 */
public class IsolatedProcessException extends DiffusionException {

    private static final long serialVersionUID = 1L;

    /** What a process that a signal ended reports: 128 and the signal's number. */
    private static final int SIGNAL_BASE = 128;

    private final int exitStatus;
    private final String lastWords;

    /**
     * @param message what happened, in one line that a user may read
     * @param exitStatus of the process, -1 if it is unknown
     * @param lastWords the end of what the process wrote, may be empty
     */
    public IsolatedProcessException(String message, int exitStatus, String lastWords) {
        super(message);
        this.exitStatus = exitStatus;
        this.lastWords = Objects.requireNonNull(lastWords, "lastWords");
    }

    /** The exit status of the process; -1 if it is unknown. */
    public int exitStatus() {
        return exitStatus;
    }

    /**
     * The number of the signal that ended the process, where one did: 9 when it was killed, 6 when it aborted. After a
     * segmentation fault the JVM reports that in its {@linkplain #lastWords() last words} and ends with status 1.
     */
    public OptionalInt signal() {
        return exitStatus > SIGNAL_BASE && exitStatus <= SIGNAL_BASE + 64
                ? OptionalInt.of(exitStatus - SIGNAL_BASE)
                : OptionalInt.empty();
    }

    /** The end of what the process wrote to its output and error streams, such as a crash report's summary. */
    public String lastWords() {
        return lastWords;
    }
}
