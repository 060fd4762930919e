package dev.diffusion4j.hub;

import java.util.HashMap;
import java.util.Map;

/** Adds up what the threads of a call have, and tells its listener so, one call at a time. */
final class ProgressMeter {

    /** More often would only cost time: it is a thousandth of the smallest model. */
    private static final long STEP = 1 << 20;

    private final DownloadListener listener;
    private final long total;
    private final Map<FileMetadata, Long> counts = new HashMap<>();
    private final Map<FileMetadata, Long> reported = new HashMap<>();

    ProgressMeter(DownloadListener listener, long total) {
        this.listener = listener;
        this.total = total;
    }

    synchronized void report(FileMetadata file, long bytes) {
        counts.put(file, bytes);
        long last = reported.getOrDefault(file, 0L);
        // Fewer than before: it had to be started anew.
        if (bytes - last >= STEP || bytes < last || bytes == file.size()) {
            tell(file, bytes);
        }
    }

    /** The last word on a file, however little came since the one before. */
    synchronized void finish(FileMetadata file, long bytes) {
        counts.put(file, bytes);
        if (reported.getOrDefault(file, -1L) != bytes) {
            tell(file, bytes);
        }
    }

    private void tell(FileMetadata file, long bytes) {
        reported.put(file, bytes);
        long sum = counts.values().stream().mapToLong(Long::longValue).sum();
        listener.onProgress(new DownloadProgress(file.repository(), file.path(), bytes, file.size(), sum, total));
    }

    synchronized void warn(String message) {
        listener.onWarning(message);
    }
}
