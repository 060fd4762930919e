package dev.diffusion4j.hub;

/**
 * A listener to what {@link ModelHub} does. Calls come one at a time, but from threads of the hub's; they should be short, for the
 * download waits. An exception that a method throws ends the download and reaches the caller.
 */
public interface DownloadListener {

    /** Hears nothing but warnings, which go to the system logger of this module's name. */
    DownloadListener NONE = new DownloadListener() {};

    /**
     * Before the first byte of a file is asked for, once; also if everything turns out to be here already, but not if the hub was
     * not asked. The free space was found to do.
     */
    default void onPlan(DownloadPlan plan) {}

    /** While bytes come, at least once for each file that is downloaded, at its end. */
    default void onProgress(DownloadProgress progress) {}

    /**
     * Something that a person should know and that stops nothing, in one line: the hub could not be reached and what is on this
     * machine was taken, a request is tried again, a name was never checked, another process downloads the same file.
     */
    default void onWarning(String message) {
        System.getLogger("dev.diffusion4j.hub").log(System.Logger.Level.WARNING, message);
    }
}
