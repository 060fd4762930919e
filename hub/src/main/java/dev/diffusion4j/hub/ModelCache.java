package dev.diffusion4j.hub;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The models in a cache folder, whoever downloaded them. What is not a model's, such as data sets and the store of blobs that
 * repositories share, is neither listed nor touched. Safe for use by several threads; what others change meanwhile may be missed.
 */
public final class ModelCache {

    private final Path folder;

    ModelCache(Path folder) {
        this.folder = folder;
    }

    /**
     * The cache in a folder, which need not exist.
     */
    public static ModelCache in(Path folder) {
        return new ModelCache(folder);
    }

    /** Where it is. */
    public Path folder() {
        return folder;
    }

    /**
     * All commits of which files are here, by repository and commit.
     *
     * @throws CacheAccessException if the folder cannot be read
     */
    public List<CachedRevision> revisions() {
        List<CachedRevision> revisions = new ArrayList<>();
        for (Path path : children(folder)) {
            Optional<RepositoryFolder> repository = RepositoryFolder.of(path);
            if (repository.isPresent()) {
                Map<String, Set<String>> refs = refs(repository.get());
                for (Path snapshot : children(repository.get().snapshots())) {
                    String commit = snapshot.getFileName().toString();
                    if (RepositoryNames.isCommit(commit)) {
                        revisions.add(revision(repository.get(), commit, refs.getOrDefault(commit, Set.of())));
                    }
                }
            }
        }
        revisions.sort(Comparator.comparing(CachedRevision::repository).thenComparing(CachedRevision::commit));
        return revisions;
    }

    private static CachedRevision revision(RepositoryFolder repository, String commit, Set<String> refs) {
        List<CachedRevision.CachedFile> files = new ArrayList<>();
        for (String path : repository.files(commit)) {
            Path pointer = repository.pointer(commit, path);
            try {
                files.add(new CachedRevision.CachedFile(path, Files.size(pointer)));
            } catch (IOException e) {
                throw new CacheAccessException("cannot read " + pointer, e);
            }
        }
        return new CachedRevision(repository.repository(), commit, refs, files, repository.snapshot(commit));
    }

    private static Map<String, Set<String>> refs(RepositoryFolder repository) {
        Map<String, Set<String>> refs = new HashMap<>();
        Path folder = repository.refs();
        if (!Files.isDirectory(folder)) {
            return refs;
        }
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                String ref = folder.relativize(file)
                        .toString()
                        .replace(file.getFileSystem().getSeparator(), "/");
                repository
                        .commitOf(ref)
                        .ifPresent(commit -> refs.computeIfAbsent(commit, _ -> new TreeSet<>())
                                .add(ref));
            }
        } catch (IOException e) {
            throw new CacheAccessException("cannot read " + folder, e);
        }
        return refs;
    }

    private static List<Path> children(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder, Files::isDirectory)) {
            List<Path> children = new ArrayList<>();
            stream.forEach(children::add);
            return children;
        } catch (IOException e) {
            throw new CacheAccessException("cannot read " + folder, e);
        }
    }

    /**
     * Removes a commit: its snapshot, the refs to it, and those of its blobs that no other commit needs. A blob that is a link into
     * the store that repositories share is removed as a link; the store itself is Python's to clean.
     *
     * @param revision one of {@link #revisions}; only its repository and commit matter
     * @return how many bytes that freed
     * @throws NotCachedException if it is not here
     * @throws CacheAccessException if a file of it cannot be removed
     */
    public long remove(CachedRevision revision) {
        if (!RepositoryNames.isRepository(revision.repository()) || !RepositoryNames.isCommit(revision.commit())) {
            throw new InvalidReferenceException(
                    Text.quoted(revision.repository() + "@" + revision.commit()) + " is no commit of a repository");
        }
        RepositoryFolder repository = new RepositoryFolder(folder, revision.repository());
        if (!Files.isDirectory(repository.snapshot(revision.commit()), LinkOption.NOFOLLOW_LINKS)) {
            throw new NotCachedException(revision.repository() + " at " + revision.commit() + " is not in " + folder);
        }
        try {
            return new RevisionRemoval(repository, revision.commit()).run();
        } catch (IOException e) {
            throw new CacheAccessException("cannot remove all of " + repository.snapshot(revision.commit()), e);
        }
    }
}
