package dev.diffusion4j.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.hub.CachedRevision.CachedFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelCacheTest extends HubTestCase {

    private List<CachedRevision> revisions() {
        return ModelCache.in(cache()).revisions();
    }

    private CachedRevision revision(String commit) {
        return revisions().stream()
                .filter(revision -> revision.commit().equals(commit))
                .findFirst()
                .orElseThrow();
    }

    private long remove(String commit) {
        return ModelCache.in(cache()).remove(revision(commit));
    }

    @Test
    void aFolderThatDoesNotExistHoldsNothing() {
        assertThat(revisions()).isEmpty();
        assertThat(builder().build().cache().folder()).isEqualTo(cache());
    }

    @Test
    void listsCommitsWithTheirRefsAndFiles() {
        StubRepository repository = stub.repository(REPOSITORY);
        String first = repository.add("sub/model.gguf", bytes(100), true);
        repository.ref("v1", first);
        resolve("hf:org/model@v1/sub/model.gguf");
        resolve("hf:org/model/sub/model.gguf");
        stub.repository("a/b").add("x", bytes(7), false);
        resolve("hf:a/b/x");
        assertThat(revisions()).extracting(CachedRevision::repository).containsExactly("a/b", REPOSITORY);
        CachedRevision revision = revision(first);
        assertThat(revision.refs()).isEqualTo(Set.of("main", "v1"));
        assertThat(revision.files()).containsExactly(new CachedFile("sub/model.gguf", 100));
        assertThat(revision.bytes()).isEqualTo(100);
        assertThat(revision.folder()).isEqualTo(repositoryFolder().snapshot(first));
    }

    @Test
    void whatIsNoModelIsNeitherListedNorInTheWay() throws IOException {
        for (String name :
                List.of("datasets--org--data", "blobs", ".locks", "models--a", "models--a--..", "models--a--b")) {
            Files.createDirectories(cache().resolve(name).resolve("snapshots/not-a-commit"));
        }
        Files.writeString(cache().resolve("CACHEDIR.TAG"), "");
        Files.writeString(cache().resolve("models--a--b/snapshots/file"), "");
        assertThat(revisions()).isEmpty();
    }

    @Test
    void removingTheOnlyCommitLeavesNoFolder() throws IOException {
        String commit = stub.repository(REPOSITORY).add("sub/model.gguf", bytes(100), true);
        resolve("hf:org/model/sub/model.gguf");
        assertThat(remove(commit)).isEqualTo(100);
        assertThat(repositoryFolder().path()).doesNotExist();
        assertThat(revisions()).isEmpty();
    }

    @Test
    void blobsThatAnotherCommitNeedsStay() throws IOException {
        StubRepository repository = stub.repository(REPOSITORY);
        String first = repository.add("same", bytes(10), true);
        repository.add("other", bytes(20), true);
        String second = repository.add("other", bytes(21), true);
        repository.ref("v1", first);
        resolve("hf:org/model@v1/same");
        resolve("hf:org/model/same");
        resolve("hf:org/model/other");
        assertThat(remove(second)).isEqualTo(21);
        assertThat(blobs()).containsExactly(StubRepository.sha256(bytes(10)));
        assertThat(repositoryFolder().refs().resolve("main")).doesNotExist();
        assertThat(revision(first).refs()).containsExactly("v1");
    }

    @Test
    void whatPythonNotesOfTheCommitGoesToo() throws IOException {
        String commit = stub.repository(REPOSITORY).add("model.gguf", "content");
        resolve("hf:org/model/model.gguf");
        Path root = repositoryFolder().path();
        Files.createDirectories(root.resolve(".no_exist").resolve(commit).resolve("sub"));
        Files.createFile(root.resolve(".no_exist").resolve(commit).resolve("sub/config.json"));
        Files.createDirectories(root.resolve("trees"));
        Files.writeString(root.resolve("trees").resolve(commit + ".json"), "{}");
        remove(commit);
        assertThat(root).doesNotExist();
    }

    @Test
    void theSharedStoreIsNotTouched() throws IOException {
        byte[] content = bytes(100);
        String commit = stub.repository(REPOSITORY).add("model.gguf", content, true);
        Path path = resolve("hf:org/model/model.gguf");
        Path blob = repositoryFolder().blob(StubRepository.sha256(content));
        Path shared = cache().resolve("blobs/ab").resolve("ab" + "0".repeat(62));
        Files.createDirectories(shared.getParent());
        Files.move(blob, shared);
        Files.createSymbolicLink(blob, blob.getParent().relativize(shared));

        assertThat(resolve("hf:org/model/model.gguf")).isEqualTo(path).hasBinaryContent(content);
        assertThat(revision(commit).bytes()).isEqualTo(100);
        assertThat(remove(commit)).isZero();
        assertThat(shared).hasBinaryContent(content);
        assertThat(repositoryFolder().path()).doesNotExist();
    }

    @Test
    void aLinkThatLeadsElsewhereIsRemovedAsALink() throws IOException {
        String commit = stub.repository(REPOSITORY).add("model.gguf", "content");
        Path path = resolve("hf:org/model/model.gguf");
        Path outside = Files.writeString(folder.resolve("mine.gguf"), "mine");
        Files.createSymbolicLink(path.resolveSibling("mine.gguf"), outside);
        Path outsideFolder = Files.createDirectory(folder.resolve("folder"));
        Files.writeString(outsideFolder.resolve("file"), "mine");
        Files.createSymbolicLink(path.resolveSibling("folder"), outsideFolder);
        remove(commit);
        assertThat(outside).hasContent("mine");
        assertThat(outsideFolder.resolve("file")).hasContent("mine");
    }

    /** Of another process, perhaps. */
    @Test
    void aDownloadThatIsUnderWayStays() throws IOException {
        String commit = stub.repository(REPOSITORY).add("model.gguf", "content");
        resolve("hf:org/model/model.gguf");
        Path incomplete = Files.writeString(repositoryFolder().blobs().resolve("e.12345678.incomplete"), "half");
        remove(commit);
        assertThat(incomplete).hasContent("half");
        assertThat(repositoryFolder().snapshots()).isEmptyDirectory();
    }

    @Test
    void withoutLinksTheFilesThemselvesGo() {
        Map<String, String> environment = new HashMap<>(environment());
        environment.put("HF_HUB_DISABLE_SYMLINKS", "1");
        String commit = stub.repository(REPOSITORY).add("model.gguf", bytes(100), true);
        resolve(builder(environment).build(), "hf:org/model/model.gguf");
        assertThat(remove(commit)).isEqualTo(100);
        assertThat(repositoryFolder().path()).doesNotExist();
    }

    @Test
    void whatIsNotThereCannotBeRemoved() {
        CachedRevision none = new CachedRevision(REPOSITORY, "a".repeat(40), Set.of(), List.of(), cache());
        ModelCache cache = ModelCache.in(cache());
        assertThatThrownBy(() -> cache.remove(none)).isInstanceOf(NotCachedException.class);
    }

    @ParameterizedTest
    @CsvSource({"../x, aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "org/model, ..", "org/model, main"})
    void namesThatLeadOutAreRefused(String repository, String commit) {
        CachedRevision evil = new CachedRevision(repository, commit, Set.of(), List.of(), cache());
        ModelCache cache = ModelCache.in(cache());
        assertThatThrownBy(() -> cache.remove(evil)).isInstanceOf(InvalidReferenceException.class);
    }
}
