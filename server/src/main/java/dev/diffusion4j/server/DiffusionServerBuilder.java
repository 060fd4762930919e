package dev.diffusion4j.server;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.modelfile.ModelFamily;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.ModelOptions;
import dev.diffusion4j.request.VaeTiling;
import dev.diffusion4j.server.internal.http.HttpSettings;
import dev.diffusion4j.server.internal.models.ModelFiles;
import dev.diffusion4j.server.internal.models.ModelSource;
import dev.diffusion4j.server.internal.request.Limits;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * The options of a server that is about to be started, each checked as it is given: {@link InvalidRequestException} names it. Used
 * by one thread at a time.
 */
public final class DiffusionServerBuilder {

    /** The port without {@link #port}, which clients of AUTOMATIC1111 expect. */
    public static final int DEFAULT_PORT = 7860;

    /** How many jobs may wait without {@link #queueCapacity}. */
    public static final int DEFAULT_QUEUE_CAPACITY = 64;

    /** How many finished jobs are kept for clients without {@link #keep}. */
    private static final int KEEP_JOBS = 64;

    /** No separators, nothing that a URL or a log would have to escape. */
    private static final Pattern NAME = Pattern.compile("[\\p{Alnum}][\\p{Alnum}._+@-]{0,99}");

    private static final Pattern ORIGIN = Pattern.compile("https?://[^/\\s?#]+");

    private record Declared(String name, Optional<Path> file, ModelOptions options) {}

    private record Own(ModelFamily family, long bytes, Supplier<? extends DiffusionModel> opener) {}

    private static final ImageRequest NOTHING = ImageRequest.textToImage("").build();

    private final List<Declared> declared = new ArrayList<>();
    private final Map<String, Own> own = new HashMap<>();
    private final Map<String, ImageRequest> defaults = new HashMap<>();
    private final List<String> names = new ArrayList<>();
    private final List<String> allowedOrigins = new ArrayList<>();
    private String host = "127.0.0.1";
    private int port = DEFAULT_PORT;
    private Optional<String> apiKey = Optional.empty();
    private boolean withoutKey;
    private boolean inProcess;
    private boolean openAtStart;
    private Optional<Path> loraFolder = Optional.empty();
    private Optional<VaeTiling> vaeTiling = Optional.empty();
    private int queueCapacity = DEFAULT_QUEUE_CAPACITY;
    private long memoryBudget = usualMemoryBudget();
    private Duration keep = Duration.ofMinutes(10);
    private Limits limits = Limits.DEFAULT;
    private Duration headTimeout = Duration.ofSeconds(30);
    private Duration bodyTimeout = Duration.ofMinutes(2);
    private Consumer<? super FinishedRequest> requestLog = _ -> {};

    DiffusionServerBuilder() {}

    private static long usualMemoryBudget() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
                ? system.getTotalMemorySize() / 4 * 3
                : Long.MAX_VALUE;
    }

    /** As {@link #model(String, Path, ModelOptions)}, without options. */
    public DiffusionServerBuilder model(String name, Path file) {
        return model(name, file, ModelOptions.DEFAULT);
    }

    /**
     * A model. May be called more than once; the first one is used where a client names none.
     *
     * @param name what clients call it: letters, digits and {@code . _ - + @}
     * @param file whose header is read when the server starts, and which is opened on first use
     */
    public DiffusionServerBuilder model(String name, Path file, ModelOptions options) {
        addName(name);
        declared.add(new Declared(name, Optional.of(file), options));
        return this;
    }

    /** A model whose parts are all files of their own, the diffusion model among them. */
    public DiffusionServerBuilder model(String name, ModelOptions options) {
        addName(name);
        declared.add(new Declared(name, Optional.empty(), options));
        return this;
    }

    /**
     * A model that the application opens itself. The server closes it.
     *
     * @param bytes how much memory it needs
     * @param opener called when the model is used for the first time, and again after it was closed for others
     */
    public DiffusionServerBuilder model(
            String name, ModelFamily family, long bytes, Supplier<? extends DiffusionModel> opener) {
        addName(name);
        own.put(
                name,
                new Own(Objects.requireNonNull(family, "family"), bytes, Objects.requireNonNull(opener, "opener")));
        return this;
    }

    /**
     * What requests for a model take where they leave something out, in place of what is usual for its family; its prompt does not
     * count. {@link ImageRequest#withDefaults} says how both are put together.
     *
     * @param name of a model that was given before
     */
    public DiffusionServerBuilder defaults(String name, ImageRequest request) {
        if (!names.contains(name)) {
            throw new InvalidRequestException(
                    "defaults", "'" + name + "'", "the name of a model that was given before");
        }
        defaults.put(name, Objects.requireNonNull(request, "request"));
        return this;
    }

    private void addName(String name) {
        if (!NAME.matcher(name).matches()) {
            throw new InvalidRequestException(
                    "model", "'" + name + "'", "named by letters, digits and . _ - + @, up to 100 of them");
        }
        if (names.contains(name)) {
            throw new InvalidRequestException("model", "'" + name + "' twice", "named differently from all others");
        }
        names.add(name);
    }

    /** The address to listen on; without it 127.0.0.1, which only this machine reaches. */
    public DiffusionServerBuilder host(String address) {
        host = Objects.requireNonNull(address, "address");
        return this;
    }

    /** The port to listen on, 0 for any that is free; {@value #DEFAULT_PORT} without it. */
    public DiffusionServerBuilder port(int number) {
        if (number < 0 || number > 65535) {
            throw new InvalidRequestException("port", number, "from 0 to 65535");
        }
        port = number;
        return this;
    }

    /** A key that clients must send, as a bearer's token or as the password of basic authentication. */
    public DiffusionServerBuilder apiKey(String key) {
        if (key.isBlank() || key.chars().anyMatch(c -> c <= ' ' || c > '~')) {
            throw new InvalidRequestException("apiKey", "something else", "of printable ASCII without spaces");
        }
        apiKey = Optional.of(key);
        return this;
    }

    /** Lets other machines use the server without a key, if {@link #host} is an address that they reach. */
    public DiffusionServerBuilder withoutKey() {
        withoutKey = true;
        return this;
    }

    /** A site whose pages may use the server, such as {@code https://example.org}; without it none but the server's own may. */
    public DiffusionServerBuilder allowOrigin(String origin) {
        if (!ORIGIN.matcher(origin).matches()) {
            throw new InvalidRequestException("allowOrigin", origin, "an origin such as https://example.org");
        }
        allowedOrigins.add(origin);
        return this;
    }

    /**
     * Opens models in this process. Without it each has one of its own, so that a crash in native code costs one request; models
     * whose options say how they are isolated stay so.
     */
    public DiffusionServerBuilder inProcess() {
        inProcess = true;
        return this;
    }

    /**
     * Opens the first model while the server starts, so that the first request need not wait for all of it. If it cannot be
     * opened, the log says so, and requests for it say why.
     */
    public DiffusionServerBuilder openAtStart() {
        openAtStart = true;
        return this;
    }

    /** The folder of the LoRAs that requests name, with those below it. */
    public DiffusionServerBuilder loraFolder(Path folder) {
        loraFolder = Optional.of(folder);
        return this;
    }

    /** Runs the VAE in tiles for all requests that say nothing of it. */
    public DiffusionServerBuilder vaeTiling(VaeTiling tiling) {
        vaeTiling = Optional.of(tiling);
        return this;
    }

    /** How many jobs may wait beside the one that runs, 0 to 10,000; {@value #DEFAULT_QUEUE_CAPACITY} without it. */
    public DiffusionServerBuilder queueCapacity(int jobs) {
        queueCapacity = (int) range("queueCapacity", jobs, 0, 10_000);
        return this;
    }

    /**
     * How much memory open models may take, by the size of their files; three quarters of the machine's without it. A model that
     * does not fit beside those that are open closes the ones that were not used for longest. One that is larger by itself is open
     * alone.
     */
    public DiffusionServerBuilder memoryBudget(long bytes) {
        memoryBudget = range("memoryBudget", bytes, 0, Long.MAX_VALUE);
        return this;
    }

    /** How long finished jobs are kept for clients to fetch their pictures; 10 minutes without it, at most 64 jobs. */
    public DiffusionServerBuilder keep(Duration time) {
        if (time.isNegative()) {
            throw new InvalidRequestException("keep", time, "0 or longer");
        }
        keep = time;
        return this;
    }

    /** The largest body of a request, in bytes, 1024 to 1 GiB; 64 MiB without it. */
    public DiffusionServerBuilder maxUpload(long bytes) {
        limits = limits.withMaxUpload(range("maxUpload", bytes, 1024, 1L << 30));
        return this;
    }

    /** The largest picture that is drawn, in pixels; 2048 * 2048 without it. */
    public DiffusionServerBuilder maxPixels(long pixels) {
        limits = limits.withMaxPixels(range("maxPixels", pixels, 1, 1L << 28));
        return this;
    }

    /** How many denoising steps a request may ask for, up to 1000; 200 without it. */
    public DiffusionServerBuilder maxSteps(int steps) {
        limits = limits.withMaxSteps((int) range("maxSteps", steps, 1, 1000));
        return this;
    }

    /** How many pictures a request may ask for, up to 1000; 16 without it. */
    public DiffusionServerBuilder maxBatch(int pictures) {
        limits = limits.withMaxBatch((int) range("maxBatch", pictures, 1, 1000));
        return this;
    }

    /**
     * How long a client may take to send a request; 30 seconds and 2 minutes without it.
     *
     * @param head from the opening of a connection, or the last answer on it, until the request's head is there
     * @param body from then on until its body is
     */
    public DiffusionServerBuilder requestTimeouts(Duration head, Duration body) {
        if (head.isNegative() || head.isZero() || body.isNegative() || body.isZero()) {
            throw new InvalidRequestException("requestTimeouts", head + " and " + body, "longer than nothing");
        }
        headTimeout = head;
        bodyTimeout = body;
        return this;
    }

    /** Hears of each answered request, on the thread that answered it. */
    public DiffusionServerBuilder onRequest(Consumer<? super FinishedRequest> log) {
        requestLog = Objects.requireNonNull(log, "log");
        return this;
    }

    private static long range(String field, long value, long min, long max) {
        if (value < min || value > max) {
            throw new InvalidRequestException(field, value, "from " + min + " to " + max);
        }
        return value;
    }

    /**
     * Starts the server.
     *
     * @throws dev.diffusion4j.error.ModelFileException if a model's file is missing, damaged, or no model that makes pictures
     * @throws InvalidRequestException if there is no model, or other machines could use the server without a key
     * @throws dev.diffusion4j.error.DiffusionException if it cannot listen there
     */
    public DiffusionServer start() {
        if (names.isEmpty()) {
            throw new InvalidRequestException("model", "absent", "given at least once");
        }
        if (!address().isLoopbackAddress() && apiKey.isEmpty() && !withoutKey) {
            throw new InvalidRequestException(
                    "host",
                    host,
                    "an address of this machine alone, such as 127.0.0.1, unless there is a key, or all are let in without one");
        }
        return new DiffusionServer(this);
    }

    private InetAddress address() {
        try {
            return InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            throw new InvalidRequestException("host", host, "an address of this machine");
        }
    }

    HttpSettings httpSettings() {
        return new HttpSettings(address(), port, apiKey, allowedOrigins, limits.maxUpload(), headTimeout, bodyTimeout);
    }

    /** In the order in which they were given. */
    List<ModelSource> sources() {
        return names.stream().map(this::source).toList();
    }

    private ModelSource source(String name) {
        ImageRequest request = defaults.getOrDefault(name, NOTHING);
        if (vaeTiling.isPresent()) {
            request = request.withDefaults(
                    NOTHING.toBuilder().vaeTiling(vaeTiling.get()).build());
        }
        Own opened = own.get(name);
        if (opened != null) {
            ImageSize size = opened.family().nativeSize().orElse(new ImageSize(512, 512));
            return new ModelSource(name, opened.family(), opened.bytes(), size, false, request, opened.opener()::get);
        }
        Declared model = declared.stream()
                .filter(one -> one.name().equals(name))
                .findFirst()
                .orElseThrow();
        ModelOptions.Builder options = model.options().toBuilder();
        loraFolder.ifPresent(options::loraFolder);
        if (!inProcess && model.options().isolation().isEmpty()) {
            options.isolated();
        }
        return ModelFiles.source(name, model.file(), options.build(), request);
    }

    /** What messages shall not tell to clients. */
    List<Path> folders() {
        List<Path> folders = new ArrayList<>();
        for (Declared model : declared) {
            model.file().map(Path::getParent).ifPresent(folders::add);
            model.options()
                    .components()
                    .values()
                    .forEach(file -> folders.add(file.toAbsolutePath().getParent()));
        }
        loraFolder.ifPresent(folders::add);
        return folders;
    }

    boolean opensAtStart() {
        return openAtStart;
    }

    int queueCapacity() {
        return queueCapacity;
    }

    long memoryBudget() {
        return memoryBudget;
    }

    Duration keep() {
        return keep;
    }

    int keepJobs() {
        return KEEP_JOBS;
    }

    Optional<Path> loraFolder() {
        return loraFolder;
    }

    Limits limits() {
        return limits;
    }

    Consumer<? super FinishedRequest> requestLog() {
        return requestLog;
    }
}
