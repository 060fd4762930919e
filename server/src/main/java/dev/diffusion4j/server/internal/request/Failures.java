package dev.diffusion4j.server.internal.request;

import dev.diffusion4j.error.DeviceUnavailableException;
import dev.diffusion4j.error.DiffusionException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.IsolatedProcessException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.error.OutOfNativeMemoryException;
import dev.diffusion4j.error.QueueFullException;
import dev.diffusion4j.server.internal.http.HttpException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** What a failed job is for the client: a status, and a message that tells nothing of the server's folders. */
public final class Failures {

    private static final System.Logger LOG = System.getLogger(Failures.class.getName());

    private final List<String> folders;

    /**
     * @param folders of models and LoRAs
     */
    public Failures(List<Path> folders) {
        this.folders = folders.stream()
                .flatMap(folder -> Stream.of(folder, folder.toAbsolutePath()))
                .map(folder -> folder + folder.getFileSystem().getSeparator())
                .distinct()
                .sorted(Comparator.comparingInt(String::length).reversed())
                .toList();
    }

    /** The error that a failure is. */
    public HttpException of(Throwable failure) {
        return switch (failure) {
            case HttpException e -> e;
            case InvalidRequestException e -> HttpException.badRequest(e.field(), message(e));
            case QueueFullException e -> HttpException.busy(message(e), 5);
            case ModelFileException e -> HttpException.failure("model_file", message(e));
            case OutOfNativeMemoryException e -> HttpException.failure("out_of_memory", message(e));
            case IsolatedProcessException e -> HttpException.failure("model_process_ended", message(e));
            case DeviceUnavailableException e -> HttpException.failure("device_unavailable", message(e));
            case DiffusionException e -> HttpException.failure("generation_failed", message(e));
            default -> internal(failure);
        };
    }

    private static HttpException internal(Throwable failure) {
        LOG.log(System.Logger.Level.ERROR, "a job failed by an internal error", failure);
        return HttpException.failure("internal_error", "internal error");
    }

    /** The job was cancelled, though its client waits. */
    public HttpException cancelled() {
        return HttpException.of(499, "cancelled", "the job was cancelled");
    }

    private String message(DiffusionException failure) {
        String message = String.valueOf(failure.getMessage());
        for (String folder : folders) {
            message = message.replace(folder, "");
        }
        return message;
    }
}
