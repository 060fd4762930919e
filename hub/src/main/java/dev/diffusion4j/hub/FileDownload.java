package dev.diffusion4j.hub;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Brings one file into the cache: its blob, and its place in the snapshot. */
final class FileDownload {

    private final HubApi api;
    private final Retries retries;
    private final FileMetadata file;
    private final RepositoryFolder folder;
    private final SnapshotEntry entry;

    FileDownload(HubApi api, Retries retries, Path cache, boolean linksDisabled, FileMetadata file) {
        this.api = api;
        this.retries = retries;
        this.file = file;
        this.folder = new RepositoryFolder(cache, file.repository());
        this.entry =
                new SnapshotEntry(folder.blob(file.etag()), folder.pointer(file.commit(), file.path()), linksDisabled);
    }

    FileMetadata file() {
        return file;
    }

    Path result() {
        return entry.pointer();
    }

    /** Whether there is nothing to do. */
    boolean isDone() {
        try {
            return entry.isPresent(file.size());
        } catch (IOException e) {
            throw new CacheAccessException("cannot read " + entry.pointer(), e);
        }
    }

    /** How many bytes have to come yet, if nobody else brings them meanwhile. */
    long remaining() {
        try {
            if (isDone() || hasBlob()) {
                return 0;
            }
            Path partial = folder.partial(file.etag());
            long there = Files.exists(partial) ? Files.size(partial) : 0;
            return there <= file.size() ? file.size() - there : file.size();
        } catch (IOException e) {
            throw new CacheAccessException("cannot read " + folder.blobs(), e);
        }
    }

    private boolean hasBlob() throws IOException {
        Path blob = folder.blob(file.etag());
        return Files.isRegularFile(blob) && Files.size(blob) == file.size();
    }

    void run(ProgressMeter progress) throws InterruptedException {
        if (isDone()) {
            return;
        }
        Path lock = folder.lock(file.etag());
        try (BlobLock _ = BlobLock.acquire(
                lock, () -> progress.warn("waiting: " + file.name() + " is being downloaded already"))) {
            boolean isNew = !hasBlob();
            if (isNew && !isDone()) {
                download(progress);
            }
            if (!isDone()) {
                entry.create(isNew);
            }
            progress.finish(file, file.size());
        } catch (IOException e) {
            throw new CacheAccessException("cannot write " + file.name() + " into " + folder.path(), e);
        }
    }

    private void download(ProgressMeter progress) throws InterruptedException, IOException {
        Path path = folder.partial(file.etag());
        try (PartialFile partial = PartialFile.open(path, file)) {
            boolean resumed = partial.length() > 0;
            boolean isRight = fetch(partial, progress);
            if (!isRight && resumed) {
                // What an earlier call left may be what is wrong.
                partial.restart();
                isRight = fetch(partial, progress);
            }
            if (!isRight) {
                throw new ChecksumException(
                        "what came of " + file.name() + " does not have the hash that was announced, " + file.etag());
            }
            partial.force();
        } catch (ChecksumException e) {
            Files.deleteIfExists(path);
            throw e;
        }
        AtomicMove.replace(path, folder.blob(file.etag()));
    }

    private boolean fetch(PartialFile partial, ProgressMeter progress) throws InterruptedException {
        progress.report(file, partial.length());
        retries.run(
                () -> {
                    if (!partial.isComplete()) {
                        receive(partial, progress);
                    }
                    return null;
                },
                partial::farthest,
                progress::warn);
        return partial.hasHash();
    }

    private void receive(PartialFile partial, ProgressMeter progress) throws InterruptedException {
        try (Answer answer = api.content(file, partial.length())) {
            if (!continues(answer, partial.length())) {
                partial.restart();
                if (answer.status() != 200) {
                    throw unavailable("the hub does not go on with " + file.name() + " where it stopped");
                }
            }
            ResponseBody body = answer.body();
            for (Optional<List<ByteBuffer>> bytes = body.next(); bytes.isPresent(); bytes = body.next()) {
                partial.append(bytes.get());
                progress.report(file, partial.length());
            }
        }
        if (!partial.isComplete()) {
            throw unavailable("the hub sent " + partial.length() + " of " + file.size() + " bytes of " + file.name());
        }
    }

    private static HubUnavailableException unavailable(String message) {
        return new HubUnavailableException(message, Optional.empty());
    }

    private boolean continues(Answer answer, long from) {
        String range = "bytes " + from + "-" + (file.size() - 1) + "/" + file.size();
        return answer.status() == 206
                && answer.header("Content-Range").filter(range::equals).isPresent();
    }
}
