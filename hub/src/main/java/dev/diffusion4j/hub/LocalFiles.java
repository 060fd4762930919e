package dev.diffusion4j.hub;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Finds what is on this machine, without a request. */
final class LocalFiles {

    private final Path cache;

    LocalFiles(Path cache) {
        this.cache = cache;
    }

    /**
     * The files that a reference meant when the hub was asked last. Which file a repository or a quantization means is told from
     * those that are here.
     */
    Optional<ResolvedFile> find(ModelReference reference) {
        RepositoryFolder folder = new RepositoryFolder(cache, reference.repository());
        return folder.commitOf(reference.revision())
                .flatMap(commit -> paths(reference, folder, commit)
                        .map(paths -> paths.stream()
                                .map(path -> folder.pointer(commit, path))
                                .toList())
                        .filter(files -> files.stream().allMatch(Files::isRegularFile))
                        .map(files -> new ResolvedFile(reference, commit, files)));
    }

    private static Optional<List<String>> paths(ModelReference reference, RepositoryFolder folder, String commit) {
        if (reference.file().isPresent()) {
            return reference.file().map(FileChoice::named);
        }
        try {
            return Optional.of(FileChoice.among(reference, folder.files(commit)));
        } catch (NoSuchQuantException | AmbiguousModelException e) {
            // Whether that is so of the repository, too, only the hub knows.
            return Optional.empty();
        }
    }
}
