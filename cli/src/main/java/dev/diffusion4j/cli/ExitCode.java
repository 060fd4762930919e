package dev.diffusion4j.cli;

/** What the process's exit code means. The numbers are part of the interface: scripts rely on them. */
public final class ExitCode {

    /** Everything that was asked was done. */
    public static final int OK = 0;

    /** The runtime failed while it was drawing. */
    public static final int FAILED = 1;

    /** The command line, or what it asks for, is not valid. */
    public static final int USAGE = 2;

    /** A model file is missing, unreadable or not supported, or cannot be written. */
    public static final int MODEL_FILE = 3;

    /** A picture or array file cannot be read or written, or standard output cannot. */
    public static final int PICTURE_FILE = 4;

    /** The native library is missing or does not fit. */
    public static final int NATIVE_LIBRARY = 5;

    /** Memory did not suffice. */
    public static final int OUT_OF_MEMORY = 6;

    /** A device is not there, or was lost. */
    public static final int DEVICE = 7;

    /** A defect of this program. */
    public static final int INTERNAL = 70;

    /** Cancelled, by Ctrl-C or otherwise. */
    public static final int CANCELLED = 130;

    private ExitCode() {}
}
