package dev.diffusion4j.hub;

import java.net.ProxySelector;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A source of models by name. What a name stands for is downloaded once, into the cache that Python's huggingface_hub and others
 * use, too; each finds what another downloaded. A name is a reference ({@code hf:org/name[:quant][@revision][/file]}, see
 * {@link ModelReference}) or a short name of the {@link ModelCatalog}.
 *
 * <p>A download goes on where an earlier one was cut, is compared with the hash that the hub announces, and appears in the cache
 * whole or not at all. When the hub cannot be reached, what is in the cache is taken, with a warning. The access token goes to the
 * hub alone, never to where it redirects, and over plain HTTP only within this machine.
 *
 * <p>Safe for use by several threads and processes at once. It needs no closing.
 */
public final class ModelHub {

    private static final int MAX_PARALLEL = 16;

    private final HubSettings settings;
    private final HubTransport transport;
    private final ModelCatalog catalog;

    private ModelHub(Builder builder) {
        settings = new HubSettings(
                builder.endpoint,
                builder.cacheFolder,
                builder.offline,
                builder.linksDisabled,
                builder.parallelDownloads,
                Retries.usual(builder.pause),
                builder.space);
        transport = new HubTransport(
                builder.endpoint, builder.token, builder.proxies, builder.answerTimeout, builder.stallTimeout);
        catalog = builder.catalog;
    }

    /**
     * A hub as this process's environment describes it; see {@link #builder(Map)}.
     *
     * @throws HubException if a variable makes no sense
     */
    public static ModelHub create() {
        return builder(System.getenv()).build();
    }

    /**
     * A hub to be configured, which begins as an environment describes it: {@code HF_ENDPOINT}, {@code HF_HUB_CACHE},
     * {@code HF_HOME}, {@code HF_TOKEN}, {@code HF_TOKEN_PATH}, {@code HF_HUB_OFFLINE}, {@code HF_HUB_ETAG_TIMEOUT},
     * {@code HF_HUB_DOWNLOAD_TIMEOUT}, {@code HTTPS_PROXY} and others, as Python's huggingface_hub reads them. Without variables for
     * proxies, Java's system properties count.
     *
     * @param environment the variables, such as {@link System#getenv()}
     * @throws HubException if a variable makes no sense
     */
    public static Builder builder(Map<String, String> environment) {
        return new Builder(new HubEnvironment(environment), ModelCatalog.of(environment));
    }

    /** The short names that this hub knows. */
    public ModelCatalog catalog() {
        return catalog;
    }

    /** What is on this machine. */
    public ModelCache cache() {
        return new ModelCache(settings.cache());
    }

    /** As {@link #resolve(String, DownloadListener, DownloadCancellation)}, with warnings to the log. */
    public ResolvedModel resolve(String name) {
        return resolve(name, DownloadListener.NONE, new DownloadCancellation());
    }

    /**
     * Finds a model on this machine, and downloads what is missing.
     *
     * @param name a reference or a short name
     * @param listener hears of sizes before, and of progress
     * @param cancellation a handle to give up; an interrupt does, too
     * @throws UnknownModelNameException if it is neither a reference nor a name of the catalog
     * @throws InvalidReferenceException if it is a reference of another form
     * @throws HubException of another kind if it cannot be found or downloaded
     */
    public ResolvedModel resolve(String name, DownloadListener listener, DownloadCancellation cancellation) {
        if (ModelReference.isReference(name)) {
            ResolvedFile file = resolve(ModelReference.parse(name), listener, cancellation);
            return new ResolvedModel(name, Map.of(ModelPart.MODEL, file), ModelDefaults.NONE);
        }
        return resolve(catalog.get(name), listener, cancellation);
    }

    /**
     * Finds the parts of an entry on this machine, and downloads what is missing.
     *
     * @param entry of {@link #catalog()}, or with {@link CatalogEntry#only some} of its parts; it has one at least
     * @param listener hears of sizes before, and of progress
     * @param cancellation a handle to give up; an interrupt does, too
     * @throws HubException if a part cannot be found or downloaded
     */
    public ResolvedModel resolve(CatalogEntry entry, DownloadListener listener, DownloadCancellation cancellation) {
        if (!entry.isVerified()) {
            listener.onWarning(
                    "what " + entry.name() + " stands for was not compared with the hub yet; it may be misspelt");
        }
        List<ResolvedFile> files =
                run(entry.parts().stream().map(CatalogPart::request).toList(), listener, cancellation);
        Map<ModelPart, ResolvedFile> parts = new EnumMap<>(ModelPart.class);
        for (int i = 0; i < files.size(); i++) {
            parts.put(entry.parts().get(i).part(), files.get(i));
        }
        return new ResolvedModel(entry.name(), parts, entry.defaults());
    }

    /**
     * Finds a file on this machine, or the files that a model is split into, and downloads what is missing.
     *
     * @param listener hears of sizes before, and of progress
     * @param cancellation a handle to give up; an interrupt does, too
     * @throws ModelNotFoundException if the hub does not have it
     * @throws NoSuchQuantException if the repository does not have the quantization
     * @throws AmbiguousModelException if the reference does not say which file is meant
     * @throws GatedModelException if a licence has to be accepted first
     * @throws UnauthorizedException if the token is missing or not good enough
     * @throws NotCachedException if it is not on this machine, and no request may be sent
     * @throws HubUnavailableException if the hub cannot be reached, and it is not on this machine
     * @throws NoSpaceException if there is not enough room
     * @throws ChecksumException if what comes is not what was announced
     * @throws DownloadCancelledException if it was given up
     * @throws HubException if the hub or the cache is not what it should be
     */
    public ResolvedFile resolve(
            ModelReference reference, DownloadListener listener, DownloadCancellation cancellation) {
        return run(List.of(new FileRequest(reference, Optional.empty())), listener, cancellation)
                .getFirst();
    }

    private List<ResolvedFile> run(
            List<FileRequest> requests, DownloadListener listener, DownloadCancellation cancellation) {
        Objects.requireNonNull(listener, "listener");
        if (transport.withholdsToken() && !settings.offline()) {
            listener.onWarning("the access token is not sent, because others can read what goes to "
                    + Endpoints.shown(settings.endpoint()) + " over plain HTTP");
        }
        HubApi api = new HubApi(settings.endpoint(), transport);
        return CancellableTask.run(() -> new Resolution(settings, api, listener).run(requests), cancellation);
    }

    /** A description that leaves the access token out. */
    @Override
    public String toString() {
        return "ModelHub[endpoint=" + settings.endpoint() + ", cache=" + settings.cache() + ", offline="
                + settings.offline() + "]";
    }

    /** Settings of a {@link ModelHub}, which begin as the environment describes them. For one thread. */
    public static final class Builder {

        private URI endpoint;
        private Path cacheFolder;
        private Optional<AccessToken> token;
        private boolean offline;
        private boolean linksDisabled;
        private Optional<ProxySelector> proxies;
        private Duration answerTimeout;
        private Duration stallTimeout;
        private int parallelDownloads = 4;
        private ModelCatalog catalog;
        private Retries.Pause pause = Thread::sleep;
        private FreeSpace space = FreeSpace::ofFileSystem;

        private Builder(HubEnvironment environment, ModelCatalog catalog) {
            endpoint = environment.endpoint();
            cacheFolder = environment.cacheFolder();
            token = environment.token();
            offline = environment.offline();
            linksDisabled = environment.symlinksDisabled();
            proxies = environment.proxies();
            answerTimeout = environment.answerTimeout();
            stallTimeout = environment.stallTimeout();
            this.catalog = catalog;
        }

        /**
         * The hub's address.
         *
         * @throws HubException if it is not one of http or https, or has a user, a query or a fragment
         */
        public Builder endpoint(String address) {
            endpoint = Endpoints.parse(address, "the endpoint");
            return this;
        }

        /** The cache folder; it is made when it is needed. */
        public Builder cacheFolder(Path folder) {
            cacheFolder = Objects.requireNonNull(folder, "folder");
            return this;
        }

        /**
         * An access token, in place of the environment's; a blank one means none.
         *
         * @throws HubException if it has characters that no token has
         */
        public Builder token(String secret) {
            token = AccessToken.of(secret, "the program");
            return this;
        }

        /** Whether only what is on this machine is found, and no request is sent. */
        public Builder offline(boolean isOffline) {
            offline = isOffline;
            return this;
        }

        /**
         * How long a connection, and an answer to a request, may take to come: 10 seconds, if the environment does not say.
         *
         * @throws IllegalArgumentException if it is not positive
         */
        public Builder answerTimeout(Duration timeout) {
            answerTimeout = positive(timeout);
            return this;
        }

        /**
         * For how long no byte of a file may come before the connection counts as lost: 10 seconds, if the environment does not
         * say.
         *
         * @throws IllegalArgumentException if it is not positive
         */
        public Builder stallTimeout(Duration timeout) {
            stallTimeout = positive(timeout);
            return this;
        }

        private static Duration positive(Duration timeout) {
            if (!timeout.isPositive()) {
                throw new IllegalArgumentException("a timeout is positive, not " + timeout);
            }
            return timeout;
        }

        /**
         * How many files are downloaded at a time, 1 to 16: 4, if this is not called.
         *
         * @throws IllegalArgumentException if it is another number
         */
        public Builder parallelDownloads(int count) {
            if (count < 1 || count > MAX_PARALLEL) {
                throw new IllegalArgumentException("1 to " + MAX_PARALLEL + " downloads at a time, not " + count);
            }
            parallelDownloads = count;
            return this;
        }

        /** The short names, in place of the built-in ones and the user's. */
        public Builder catalog(ModelCatalog names) {
            catalog = Objects.requireNonNull(names, "names");
            return this;
        }

        Builder pause(Retries.Pause other) {
            pause = other;
            return this;
        }

        Builder freeSpace(FreeSpace other) {
            space = other;
            return this;
        }

        /** A hub with these settings. */
        public ModelHub build() {
            return new ModelHub(this);
        }
    }
}
