package dev.diffusion4j.hub;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the hub can be asked. Each method sends its requests once; whoever calls may try again. */
final class HubApi {

    private static final int MAX_PAGE_BYTES = 32_000_000;
    private static final int MAX_PAGES = 200;
    private static final Pattern NEXT = Pattern.compile("<([^>]*)>\\s*;\\s*rel=\"?next\"?");

    private final URI endpoint;
    private final HubTransport transport;
    private final HubErrors errors;

    HubApi(URI endpoint, HubTransport transport) {
        this.endpoint = endpoint;
        this.transport = transport;
        this.errors = new HubErrors(endpoint, transport);
    }

    /** Asks what a file is at a revision. */
    FileMetadata metadata(String repository, String revision, String path) throws InterruptedException {
        try (Answer answer = transport.head(Endpoints.file(endpoint, repository, revision, path))) {
            if (answer.status() != 200 && !answer.isRedirect()) {
                throw errors.of(answer, repository, described(repository, revision, path));
            }
            String commit = answer.header(HubHeaders.COMMIT)
                    .filter(RepositoryNames::isCommit)
                    .orElseThrow(() -> new HubProtocolException(Endpoints.shown(answer.uri())
                            + " is answered without a commit: " + endpoint.getRawAuthority()
                            + " is no model hub, or something"
                            + " stands between"));
            String etag = answer.header(HubHeaders.LINKED_ETAG)
                    .or(() -> answer.header("ETag"))
                    .map(HubApi::normalized)
                    .filter(RepositoryNames::isHash)
                    .orElseThrow(() -> new HubProtocolException(
                            Endpoints.shown(answer.uri()) + " is answered without the hash of the content"));
            Optional<Long> length = answer.isRedirect() ? Optional.empty() : answer.count("Content-Length");
            long size = answer.count(HubHeaders.LINKED_SIZE)
                    .or(() -> length)
                    .orElseThrow(() -> new HubProtocolException(
                            Endpoints.shown(answer.uri()) + " is answered without the size of the content"));
            return new FileMetadata(repository, commit, path, etag, size);
        }
    }

    private static String normalized(String etag) {
        return etag.replaceFirst("^W/", "").replace("\"", "");
    }

    /**
     * Asks for a file's content.
     *
     * @param from the first byte that is wanted; what comes may be the whole file in spite of it (200), or nothing (416)
     * @return an answer with one of the statuses 200, 206 and 416
     */
    Answer content(FileMetadata file, long from) throws InterruptedException {
        Answer answer = transport.get(Endpoints.file(endpoint, file.repository(), file.commit(), file.path()), from);
        int status = answer.status();
        if (status == 200 || from > 0 && (status == 206 || status == 416)) {
            return answer;
        }
        try (answer) {
            throw errors.of(answer, file.repository(), file.name());
        }
    }

    /** Asks for the paths of all files at a revision. */
    List<String> listing(String repository, String revision) throws InterruptedException {
        List<String> paths = new ArrayList<>();
        URI page = Endpoints.listing(endpoint, repository, revision);
        for (int i = 0; i < MAX_PAGES; i++) {
            try (Answer answer = transport.get(page, 0)) {
                if (!answer.fromHub()) {
                    throw elsewhere(page);
                }
                if (answer.status() != 200) {
                    throw errors.of(answer, repository, repository + " at " + revision);
                }
                paths.addAll(TreeListing.paths(answer.body().readAll(MAX_PAGE_BYTES)));
                Optional<URI> next = next(answer);
                if (next.isEmpty()) {
                    return paths;
                }
                page = next.get();
            }
        }
        throw new HubProtocolException("the listing of " + repository + " has more than " + MAX_PAGES + " pages");
    }

    private Optional<URI> next(Answer answer) {
        for (String link : answer.headers().allValues("Link")) {
            Matcher matcher = NEXT.matcher(link);
            if (matcher.find()) {
                return Optional.of(onTheHub(answer.uri(), matcher.group(1)));
            }
        }
        return Optional.empty();
    }

    private URI onTheHub(URI page, String link) {
        try {
            URI next = page.resolve(URI.create(link));
            if (Endpoints.isSameOrigin(next, endpoint)) {
                return next;
            }
        } catch (IllegalArgumentException e) {
            throw new HubProtocolException("the listing's next page has no valid address", e);
        }
        throw elsewhere(page);
    }

    private static HubProtocolException elsewhere(URI page) {
        return new HubProtocolException("the listing of " + Endpoints.shown(page) + " goes on at another host");
    }

    private static String described(String repository, String revision, String path) {
        String file = repository + "/" + path;
        return revision.equals(ModelReference.MAIN) ? file : file + " at " + revision;
    }
}
