package dev.diffusion4j.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One call that turns references into files: first it finds out about all of them, then it downloads what is missing. */
final class Resolution {

    private static final String CACHE_TAG = "CACHEDIR.TAG";
    private static final String CACHE_TAG_CONTENT = """
            Signature: 8a477f597d28d172789f06886806bc55
            # This file is a cache directory tag created by diffusion4j, as huggingface_hub does.
            # For information about cache directory tags, see: https://bford.info/cachedir/
            """;

    private final HubSettings settings;
    private final HubApi api;
    private final DownloadListener listener;
    private final LocalFiles local;
    private final Map<FileMetadata, FileDownload> downloads = new LinkedHashMap<>();

    Resolution(HubSettings settings, HubApi api, DownloadListener listener) {
        this.settings = settings;
        this.api = api;
        this.listener = listener;
        this.local = new LocalFiles(settings.cache());
    }

    /** The files, in the order of the requests. */
    List<ResolvedFile> run(List<FileRequest> requests) throws InterruptedException {
        List<ResolvedFile> files = new ArrayList<>();
        for (FileRequest request : requests) {
            files.add(find(request));
        }
        if (!downloads.isEmpty()) {
            download();
        }
        for (int i = 0; i < files.size(); i++) {
            // Only now: until all is there, others find what was there before.
            ModelReference reference = requests.get(i).reference();
            new RepositoryFolder(settings.cache(), reference.repository())
                    .writeRef(reference.revision(), files.get(i).commit());
        }
        return files;
    }

    private ResolvedFile find(FileRequest request) throws InterruptedException {
        ModelReference reference = request.reference();
        Optional<ResolvedFile> cached = local.find(reference).filter(request::accepts);
        boolean isSettled = RepositoryNames.isCommit(reference.revision())
                && reference.file().isPresent();
        if (cached.isPresent() && (settings.offline() || isSettled)) {
            return cached.get();
        }
        if (settings.offline()) {
            throw new NotCachedException(reference + " is not in " + settings.cache()
                    + ", and no request may be sent: HF_HUB_OFFLINE is set, or the program asked for that");
        }
        // With something to fall back to it is not worth to wait.
        Retries retries = cached.isPresent() ? settings.retries().once() : settings.retries();
        try {
            return ask(request, retries);
        } catch (HubUnavailableException | HubProtocolException | UnauthorizedException | GatedModelException e) {
            if (cached.isEmpty()) {
                throw e;
            }
            listener.onWarning("using " + cached.get().path() + " as it was downloaded before: " + e.getMessage());
            return cached.get();
        }
    }

    private ResolvedFile ask(FileRequest request, Retries retries) throws InterruptedException {
        ModelReference reference = request.reference();
        String repository = reference.repository();
        List<String> paths = reference.file().isPresent()
                ? FileChoice.named(reference.file().get())
                : FileChoice.among(
                        reference,
                        retries.run(() -> api.listing(repository, reference.revision()), listener::onWarning));
        List<FileDownload> found = new ArrayList<>();
        String revision = reference.revision();
        for (String path : paths) {
            String at = revision;
            FileMetadata metadata = retries.run(() -> api.metadata(repository, at, path), listener::onWarning);
            request.check(metadata);
            // The others of the same commit, should the branch move on meanwhile.
            revision = metadata.commit();
            found.add(new FileDownload(api, settings.retries(), settings.cache(), settings.linksDisabled(), metadata));
        }
        found.forEach(download -> downloads.putIfAbsent(download.file(), download));
        return new ResolvedFile(
                reference, revision, found.stream().map(FileDownload::result).toList());
    }

    private void download() throws InterruptedException {
        Path cache = settings.cache();
        List<FileDownload> missing = downloads.values().stream()
                .filter(download -> !download.isDone())
                .toList();
        long remaining = missing.stream().mapToLong(FileDownload::remaining).sum();
        long free;
        try {
            Files.createDirectories(cache);
            free = settings.space().in(cache);
        } catch (IOException e) {
            throw new CacheAccessException("cannot use the folder " + cache, e);
        }
        if (remaining > free) {
            throw new NoSpaceException(
                    Text.bytes(remaining) + " are still to be downloaded, but only " + Text.bytes(free)
                            + " are free in " + cache,
                    remaining,
                    free);
        }
        listener.onPlan(new DownloadPlan(
                downloads.values().stream()
                        .map(download -> new DownloadPlan.File(
                                download.file().repository(),
                                download.file().path(),
                                download.file().size(),
                                !missing.contains(download)))
                        .toList(),
                remaining,
                free,
                cache));
        if (missing.isEmpty()) {
            return;
        }
        tag(cache);
        long total =
                missing.stream().mapToLong(download -> download.file().size()).sum();
        ProgressMeter progress = new ProgressMeter(listener, total);
        ParallelDownloads.run(missing, settings.parallelDownloads(), progress);
    }

    /** Has tools for backups leave the folder out. */
    private static void tag(Path cache) {
        Path tag = cache.resolve(CACHE_TAG);
        try {
            if (!Files.exists(tag)) {
                Files.writeString(tag, CACHE_TAG_CONTENT, StandardOpenOption.CREATE);
            }
        } catch (IOException e) {
            throw new CacheAccessException("cannot write " + tag, e);
        }
    }
}
