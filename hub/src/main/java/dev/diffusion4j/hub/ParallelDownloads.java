package dev.diffusion4j.hub;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** Downloads several files, some at a time. */
final class ParallelDownloads {

    private ParallelDownloads() {}

    /**
     * Downloads all of them. When it returns or throws, none is being downloaded any more; the first failure ends the others, and
     * what came is kept.
     */
    static void run(List<FileDownload> downloads, int atATime, ProgressMeter progress) throws InterruptedException {
        // Not virtual ones: a lock on a file blocks what carries them.
        ExecutorService threads = Executors.newFixedThreadPool(
                Math.min(atATime, downloads.size()),
                Thread.ofPlatform().daemon().name("diffusion4j-hub-", 1).factory());
        try {
            CompletionService<Void> running = new ExecutorCompletionService<>(threads);
            for (FileDownload download : downloads) {
                running.submit(() -> {
                    download.run(progress);
                    return null;
                });
            }
            for (int i = 0; i < downloads.size(); i++) {
                running.take().get();
            }
        } catch (ExecutionException e) {
            throw failure(Objects.requireNonNullElse(e.getCause(), e));
        } finally {
            threads.shutdownNow();
            awaitEnd(threads);
        }
    }

    private static RuntimeException failure(Throwable cause) {
        return switch (cause) {
            case RuntimeException e -> e;
            case Error e -> throw e;
            default -> new IllegalStateException("a download is interrupted only after another has failed", cause);
        };
    }

    /** They were interrupted, and no write into the cache may go on after the call. */
    private static void awaitEnd(ExecutorService threads) {
        boolean interrupted = false;
        while (!threads.isTerminated()) {
            try {
                threads.awaitTermination(1, TimeUnit.HOURS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
