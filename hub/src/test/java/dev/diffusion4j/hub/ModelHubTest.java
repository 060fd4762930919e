package dev.diffusion4j.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.hub.StubHub.Request;
import dev.diffusion4j.hub.StubHub.Server;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What comes into the cache, and where. */
class ModelHubTest extends HubTestCase {

    private static final String FILE = "hf:org/model/model.safetensors";
    private static final String REFERENCE = "hf:org/model";

    @Test
    void aLargeFileLiesAsPythonLaysIt() throws IOException {
        byte[] content = bytes(300_000);
        String commit = stub.repository(REPOSITORY).add("sub/folder/model.safetensors", content, true);
        Path path = resolve("hf:org/model/sub/folder/model.safetensors");

        Path root = cache().resolve("models--org--model");
        assertThat(path).isEqualTo(root.resolve("snapshots").resolve(commit).resolve("sub/folder/model.safetensors"));
        assertThat(path).hasBinaryContent(content);
        assertThat(Files.readSymbolicLink(path)).hasToString("../../../../blobs/" + StubRepository.sha256(content));
        assertThat(blobs()).containsExactly(StubRepository.sha256(content));
        assertThat(Files.readString(root.resolve("refs/main"))).isEqualTo(commit);
        assertThat(cache().resolve(".locks/models--org--model/" + StubRepository.sha256(content) + ".lock"))
                .exists();
        assertThat(cache().resolve("CACHEDIR.TAG"))
                .content()
                .startsWith("Signature: 8a477f597d28d172789f06886806bc55\n");
    }

    @Test
    void aFolderOfDiffusersComesAsAFolder() throws IOException {
        byte[] weights = bytes(3000);
        StubRepository repository = stub.repository(REPOSITORY);
        repository.add("model_index.json", bytes(10), false);
        repository.add("unet/diffusion_pytorch_model.safetensors", weights, true);
        repository.add("unet/diffusion_pytorch_model.bin", bytes(4000), true);
        repository.add("vae/diffusion_pytorch_model-00001-of-00002.safetensors", bytes(20), true);
        repository.add("vae/diffusion_pytorch_model-00002-of-00002.safetensors", bytes(30), true);
        String commit = repository.add("scheduler/scheduler_config.json", bytes(40), false);
        Path path = resolve(REFERENCE);

        assertThat(path)
                .isEqualTo(cache().resolve("models--org--model/snapshots").resolve(commit))
                .isDirectory();
        assertThat(path.resolve("unet/diffusion_pytorch_model.safetensors")).hasBinaryContent(weights);
        assertThat(path.resolve("vae/diffusion_pytorch_model-00002-of-00002.safetensors"))
                .isRegularFile();
        assertThat(path.resolve("scheduler/scheduler_config.json")).isRegularFile();
        assertThat(path.resolve("unet/diffusion_pytorch_model.bin")).doesNotExist();
        assertThat(resolve(REFERENCE)).isEqualTo(path);
    }

    @Test
    void aSmallFileIsNamedByGitsHash() throws IOException {
        byte[] content = bytes(1000);
        stub.repository(REPOSITORY).add("config.json", content, false);
        assertThat(resolve("hf:org/model/config.json")).hasBinaryContent(content);
        assertThat(blobs()).containsExactly(StubRepository.gitHash(content));
    }

    @Test
    void anEmptyFileComesToo() {
        stub.repository(REPOSITORY).add("empty", new byte[0], true);
        assertThat(resolve("hf:org/model/empty")).isEmptyFile();
    }

    @Test
    void namesAreEncoded() {
        byte[] content = bytes(10);
        StubRepository repository = stub.repository(REPOSITORY);
        repository.ref("refs/pr/1", repository.add("a b/ü+%.bin", content, true));
        assertThat(resolve("hf:org/model@refs%2Fpr%2F1/a b/ü+%.bin")).hasBinaryContent(content);
        assertThat(stub.requests("HEAD").getFirst().uri().getRawPath())
                .isEqualTo("/org/model/resolve/refs%2Fpr%2F1/a%20b/%C3%BC%2B%25.bin");
        assertThat(cache().resolve("models--org--model/refs/refs/pr/1")).exists();
    }

    @Test
    void whatIsThereIsNotSentAgain() {
        String commit = stub.repository(REPOSITORY).add("model.safetensors", "content");
        Path path = resolve(FILE);
        stub.forgetRequests();
        assertThat(resolve(FILE)).isEqualTo(path);
        assertThat(stub.requests()).extracting(Request::method).containsExactly("HEAD");

        stub.forgetRequests();
        assertThat(resolve("hf:org/model@" + commit + "/model.safetensors")).isEqualTo(path);
        assertThat(stub.requests()).isEmpty();
        assertThat(cache().resolve("models--org--model/refs/" + commit)).doesNotExist();
    }

    @Test
    void aBranchThatMovedBringsTheNewContent() throws IOException {
        StubRepository repository = stub.repository(REPOSITORY);
        String first = repository.add("model.safetensors", "old");
        Path old = resolve(FILE);
        String second = repository.add("model.safetensors", "new");
        assertThat(resolve(FILE)).hasContent("new");
        assertThat(old).hasContent("old");
        assertThat(repositoryFolder().refs().resolve("main")).hasContent(second);
        assertThat(resolve("hf:org/model@" + first + "/model.safetensors")).isEqualTo(old);
    }

    @Test
    void aCommitThatChangesAnotherFileSharesTheBlob() throws IOException {
        StubRepository repository = stub.repository(REPOSITORY);
        repository.add("model.safetensors", "content");
        resolve(FILE);
        repository.add("README.md", "text");
        stub.forgetRequests();
        assertThat(resolve(FILE)).hasContent("content");
        assertThat(stub.requests("GET")).isEmpty();
        assertThat(blobs()).hasSize(1);
    }

    @Test
    void aBlobOfTheWrongSizeIsReplaced() throws IOException {
        stub.repository(REPOSITORY).add("model.safetensors", "content");
        Path path = resolve(FILE);
        Files.writeString(path.toRealPath(), "cont");
        assertThat(resolve(FILE)).hasContent("content");
    }

    @Test
    void aLinkToNothingIsReplaced() throws IOException {
        stub.repository(REPOSITORY).add("model.safetensors", "content");
        Path path = resolve(FILE);
        Files.delete(path.toRealPath());
        assertThat(resolve(FILE)).isEqualTo(path).hasContent("content");
    }

    @Test
    void theQuantizationIsFoundOverAllPagesOfTheListing() {
        StubRepository repository = stub.repository(REPOSITORY);
        repository.add("m-Q2_K.gguf", "two");
        repository.add("m-Q5_0.gguf", "five");
        repository.add("m-Q8_0.gguf", "eight");
        stub.pageSize(1);
        assertThat(resolve("hf:org/model:q8_0")).hasFileName("m-Q8_0.gguf").hasContent("eight");
        assertThat(stub.requests("GET").stream()
                        .filter(request -> request.uri().getPath().contains("/tree/")))
                .hasSize(4);
    }

    @Test
    void aSplitModelIsOfOneCommit() {
        StubRepository repository = stub.repository(REPOSITORY);
        repository.add("m-00001-of-00002.gguf", "one");
        String commit = repository.add("m-00002-of-00002.gguf", "two");
        // The branch moves on after the first question.
        stub.next(Server.HUB, "HEAD", "/main/", (exchange, _) -> {
            repository.add("m-00002-of-00002.gguf", "other");
            exchange.getResponseHeaders().set("X-Repo-Commit", commit);
            exchange.getResponseHeaders().set("ETag", StubRepository.sha256("one".getBytes()));
            exchange.getResponseHeaders().set("Content-Length", "3");
            exchange.sendResponseHeaders(200, -1);
        });
        ResolvedFile file = builder()
                .build()
                .resolve(
                        ModelReference.parse("hf:org/model/m-00001-of-00002.gguf"),
                        recorder,
                        new DownloadCancellation());
        assertThat(file.commit()).isEqualTo(commit);
        assertThat(file.files()).hasSize(2);
        assertThat(file.files().get(1)).hasContent("two");
    }

    @Test
    void aRenamedRepositoryIsFollowed() {
        stub.repository("new/name").add("model.safetensors", "content");
        stub.repository(REPOSITORY).renameTo("new/name");
        assertThat(resolve(FILE)).hasContent("content");
    }

    @Test
    void withoutLinksTheFileItselfIsInTheSnapshot() throws IOException {
        Map<String, String> environment = new HashMap<>(environment());
        environment.put("HF_HUB_DISABLE_SYMLINKS", "1");
        ModelHub hub = builder(environment).build();
        StubRepository repository = stub.repository(REPOSITORY);
        repository.add("model.safetensors", "content");
        Path path = resolve(hub, FILE);
        assertThat(path).isRegularFile().hasContent("content");
        assertThat(Files.isSymbolicLink(path)).isFalse();
        assertThat(blobs()).isEmpty();

        stub.forgetRequests();
        resolve(hub, FILE);
        assertThat(stub.requests("GET")).isEmpty();
    }

    @Test
    void withoutLinksABlobThatWasThereIsCopied() throws IOException {
        StubRepository repository = stub.repository(REPOSITORY);
        repository.add("model.safetensors", "content");
        resolve(FILE);
        repository.add("README.md", "text");
        Map<String, String> environment = new HashMap<>(environment());
        environment.put("HF_HUB_DISABLE_SYMLINKS", "1");
        Path path = resolve(builder(environment).build(), FILE);
        assertThat(Files.isSymbolicLink(path)).isFalse();
        assertThat(path).hasContent("content");
        assertThat(blobs()).hasSize(1);
    }

    @Test
    void sizesAreSaidBeforeAndProgressWhileItComes() {
        byte[] one = bytes(3_000_000);
        StubRepository repository = stub.repository(REPOSITORY);
        repository.add("a-00001-of-00002.gguf", one, true);
        repository.add("a-00002-of-00002.gguf", bytes(10), true);
        resolve("hf:org/model");
        assertThat(recorder.plans).singleElement().satisfies(plan -> {
            assertThat(plan.remainingBytes()).isEqualTo(3_000_010);
            assertThat(plan.folder()).isEqualTo(cache());
            assertThat(plan.freeBytes()).isPositive();
            assertThat(plan.files())
                    .containsExactly(
                            new DownloadPlan.File(REPOSITORY, "a-00001-of-00002.gguf", 3_000_000, false),
                            new DownloadPlan.File(REPOSITORY, "a-00002-of-00002.gguf", 10, false));
        });
        assertThat(recorder.progress).hasSizeGreaterThan(3).allSatisfy(moment -> {
            assertThat(moment.total()).isEqualTo(3_000_010);
            assertThat(moment.repository()).isEqualTo(REPOSITORY);
        });
        assertThat(recorder.progress.getLast().bytes()).isEqualTo(3_000_010);
        assertThat(recorder.progress)
                .filteredOn(moment -> moment.fileBytes() == moment.fileTotal())
                .extracting(DownloadProgress::path)
                .containsExactlyInAnyOrder("a-00001-of-00002.gguf", "a-00002-of-00002.gguf");
        assertThat(recorder.warnings).isEmpty();

        recorder.plans.clear();
        recorder.progress.clear();
        resolve("hf:org/model");
        assertThat(recorder.plans).singleElement().satisfies(plan -> {
            assertThat(plan.remainingBytes()).isZero();
            assertThat(plan.files()).allMatch(DownloadPlan.File::isCached);
        });
        assertThat(recorder.progress).isEmpty();
    }

    @Test
    void aListenerThatThrowsEndsTheCall() throws IOException {
        stub.repository(REPOSITORY).add("model.safetensors", "content");
        DownloadListener listener = new DownloadListener() {
            @Override
            public void onProgress(DownloadProgress progress) {
                throw new IllegalArgumentException("enough");
            }
        };
        ModelHub hub = builder().build();
        assertThatThrownBy(() -> hub.resolve(FILE, listener, new DownloadCancellation()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("enough");
    }

    @Test
    void tooLittleSpaceIsSaidBeforeAnythingComes() throws IOException {
        stub.repository(REPOSITORY).add("model.safetensors", bytes(5000), true);
        NoSpaceException failure =
                failure(NoSpaceException.class, builder().freeSpace(_ -> 4999).build(), FILE);
        assertThat(failure.required()).isEqualTo(5000);
        assertThat(failure.available()).isEqualTo(4999);
        assertThat(failure).hasMessageContaining("5.0 kB");
        assertThat(stub.requests("GET")).isEmpty();
        assertThat(recorder.plans).isEmpty();
        assertThat(resolve(builder().freeSpace(_ -> 5000).build(), FILE)).exists();
    }

    @Test
    void whatCameBeforeNeedsNoSpace() throws IOException {
        byte[] content = bytes(5000);
        stub.repository(REPOSITORY).add("model.safetensors", content, true);
        Path partial = repositoryFolder().partial(StubRepository.sha256(content));
        Files.createDirectories(partial.getParent());
        Files.write(partial, Arrays.copyOf(content, 4000));
        assertThat(resolve(builder().freeSpace(_ -> 1000).build(), FILE)).hasBinaryContent(content);
    }

    @Test
    void aCacheThatCannotBeWrittenIsNamed() throws IOException {
        stub.repository(REPOSITORY).add("model.safetensors", "content");
        Files.writeString(cache(), "a file where the folder should be");
        assertThat(failure(CacheAccessException.class, FILE)).hasMessageContaining(cache().toString());
    }

    @Test
    void settingsAreChecked() {
        ModelHub.Builder builder = builder();
        assertThatThrownBy(() -> builder.parallelDownloads(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.parallelDownloads(17)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.answerTimeout(Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.stallTimeout(Duration.ofSeconds(-1)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.endpoint("nowhere")).isInstanceOf(HubException.class);
    }

    @Test
    void saysWhoAsks() {
        stub.repository(REPOSITORY).add("model.safetensors", "content");
        resolve(FILE);
        List<String> agents = stub.requests().stream()
                .map(request -> request.header("User-agent"))
                .distinct()
                .toList();
        assertThat(agents).singleElement().asString().matches("diffusion4j/\\d+\\.\\d+\\.\\d+\\S*; java/\\d+");
        assertThat(stub.requests()).allMatch(request -> "identity".equals(request.header("Accept-encoding")));
    }
}
