package dev.diffusion4j.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;

/**
 * A repository's folder in the cache, laid out as Python's huggingface_hub does.
 *
 * @param cache the cache folder
 * @param repository {@code org/name}
 */
record RepositoryFolder(Path cache, String repository) {

    private static final String PREFIX = "models--";
    private static final String SEPARATOR = "--";

    /** The repository that a folder of the cache is for; empty if it is for none, or not for a model. */
    static Optional<RepositoryFolder> of(Path folder) {
        String name = folder.getFileName().toString();
        if (!name.startsWith(PREFIX)) {
            return Optional.empty();
        }
        String repository = name.substring(PREFIX.length()).replace(SEPARATOR, "/");
        return RepositoryNames.isRepository(repository)
                ? Optional.of(new RepositoryFolder(Objects.requireNonNull(folder.getParent()), repository))
                : Optional.empty();
    }

    private String folderName() {
        return PREFIX + repository.replace("/", SEPARATOR);
    }

    Path path() {
        return cache.resolve(folderName());
    }

    Path blobs() {
        return path().resolve("blobs");
    }

    Path blob(String etag) {
        return blobs().resolve(etag);
    }

    /** What came of a file so far. Python's temporary files have other names, and it leaves this one alone. */
    Path partial(String etag) {
        return blobs().resolve(etag + ".diffusion4j.incomplete");
    }

    /** The file that Python locks, too, although the two kinds of lock do not see each other on Linux. */
    Path lock(String etag) {
        return cache.resolve(".locks").resolve(folderName()).resolve(etag + ".lock");
    }

    Path snapshots() {
        return path().resolve("snapshots");
    }

    Path snapshot(String commit) {
        return snapshots().resolve(commit);
    }

    /** Where a file of a commit is found. */
    Path pointer(String commit, String file) {
        Path snapshot = snapshot(commit);
        Path pointer = snapshot.resolve(file).normalize();
        if (!pointer.startsWith(snapshot) || pointer.equals(snapshot)) {
            throw new InvalidReferenceException(Text.quoted(file) + " is no path within a repository");
        }
        return pointer;
    }

    Path refs() {
        return path().resolve("refs");
    }

    /** The commit that a revision stood for when the hub was asked last. */
    Optional<String> commitOf(String revision) {
        if (RepositoryNames.isCommit(revision)) {
            return Optional.of(revision);
        }
        Path ref = refs().resolve(revision);
        try {
            return Files.isRegularFile(ref)
                    ? Optional.of(Files.readString(ref)).filter(RepositoryNames::isCommit)
                    : Optional.empty();
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new CacheAccessException("cannot read " + ref, e);
        }
    }

    /** Notes what a revision stands for. A commit needs no note. */
    void writeRef(String revision, String commit) {
        if (RepositoryNames.isCommit(revision)
                || commitOf(revision).filter(commit::equals).isPresent()) {
            return;
        }
        Path ref = refs().resolve(revision);
        try {
            Files.createDirectories(ref.getParent());
            Path temporary = ref.resolveSibling(ref.getFileName() + "."
                    + Integer.toHexString(ThreadLocalRandom.current().nextInt()) + ".tmp");
            try {
                // Without a line's end, with which Python does not find it.
                Files.writeString(temporary, commit);
                AtomicMove.replace(temporary, ref);
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            throw new CacheAccessException("cannot write " + ref, e);
        }
    }

    /** The paths, with slashes, of the files of a commit that are on this machine. */
    List<String> files(String commit) {
        Path snapshot = snapshot(commit);
        if (!Files.isDirectory(snapshot)) {
            return List.of();
        }
        try (Stream<Path> all = Files.walk(snapshot)) {
            // A link to nothing is no regular file.
            return all.filter(Files::isRegularFile)
                    .map(file -> snapshot.relativize(file)
                            .toString()
                            .replace(file.getFileSystem().getSeparator(), "/"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new CacheAccessException("cannot read " + snapshot, e);
        }
    }
}
