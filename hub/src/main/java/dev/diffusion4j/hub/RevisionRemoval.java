package dev.diffusion4j.hub;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Takes one commit of a repository out of the cache. */
final class RevisionRemoval {

    private final RepositoryFolder repository;
    private final String commit;
    private long freed;

    RevisionRemoval(RepositoryFolder repository, String commit) {
        this.repository = repository;
        this.commit = commit;
    }

    /** Returns how many bytes that freed. */
    long run() throws IOException {
        Path snapshot = repository.snapshot(commit);
        Set<Path> blobs = blobsOf(snapshot);
        for (Path other : subfolders(repository.snapshots())) {
            if (!other.equals(snapshot)) {
                blobs.removeAll(blobsOf(other));
            }
        }
        // What points before what it points to: if this is cut short, nothing is left that leads nowhere.
        deleteRefs();
        deleteTree(snapshot);
        deleteTree(repository.path().resolve(".no_exist").resolve(commit));
        Files.deleteIfExists(repository.path().resolve("trees").resolve(commit + ".json"));
        for (Path blob : blobs) {
            delete(blob);
        }
        if (subfolders(repository.snapshots()).isEmpty()) {
            deleteEmptyFolders();
        }
        return freed;
    }

    /** The files in this repository's folder of blobs that a snapshot points to; what it points to elsewhere is not ours. */
    private Set<Path> blobsOf(Path snapshot) throws IOException {
        Set<Path> blobs = new HashSet<>();
        try (Stream<Path> all = Files.walk(snapshot)) {
            for (Path link : all.filter(Files::isSymbolicLink).toList()) {
                Path target = link.resolveSibling(Files.readSymbolicLink(link)).normalize();
                if (repository.blobs().normalize().equals(target.getParent())) {
                    blobs.add(target);
                }
            }
        }
        return blobs;
    }

    private static List<Path> subfolders(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(Files::isDirectory).toList();
        }
    }

    private void deleteRefs() throws IOException {
        if (!Files.isDirectory(repository.refs())) {
            return;
        }
        try (Stream<Path> all = Files.walk(repository.refs())) {
            for (Path ref : all.filter(Files::isRegularFile).toList()) {
                if (Files.readString(ref).equals(commit)) {
                    Files.delete(ref);
                }
            }
        }
    }

    private void delete(Path file) throws IOException {
        BasicFileAttributes attributes;
        try {
            attributes = Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            // Somebody else removed it, or the link led nowhere.
            return;
        }
        Files.deleteIfExists(file);
        freed += attributes.isRegularFile() ? attributes.size() : 0;
    }

    private void deleteTree(Path folder) throws IOException {
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, IOException failure) throws IOException {
                if (failure != null) {
                    throw failure;
                }
                Files.delete(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /** Of a repository without commits; a folder in which something else remains, such as another's download, stays. */
    private void deleteEmptyFolders() throws IOException {
        for (String name : List.of("refs", ".no_exist", "trees", "blobs")) {
            deleteIfEmpty(repository.path().resolve(name));
        }
        try (Stream<Path> left = Files.list(repository.path())) {
            // Python complains of a repository without snapshots, but not of one whose snapshots are none.
            if (left.anyMatch(path -> !path.equals(repository.snapshots()))) {
                return;
            }
        }
        deleteIfEmpty(repository.snapshots());
        deleteIfEmpty(repository.path());
    }

    private static void deleteIfEmpty(Path folder) throws IOException {
        try {
            Files.deleteIfExists(folder);
        } catch (DirectoryNotEmptyException e) {
            // As the method says.
            return;
        }
    }
}
