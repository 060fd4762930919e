package dev.diffusion4j.server;

import dev.diffusion4j.error.DiffusionException;
import dev.diffusion4j.server.internal.api.NativeApi;
import dev.diffusion4j.server.internal.http.ErrorObject;
import dev.diffusion4j.server.internal.http.Exchange;
import dev.diffusion4j.server.internal.http.HttpSettings;
import dev.diffusion4j.server.internal.http.Json;
import dev.diffusion4j.server.internal.http.Router;
import dev.diffusion4j.server.internal.http.WebServer;
import dev.diffusion4j.server.internal.jobs.JobQueue;
import dev.diffusion4j.server.internal.jobs.JobStore;
import dev.diffusion4j.server.internal.models.LoraNames;
import dev.diffusion4j.server.internal.models.ModelPool;
import dev.diffusion4j.server.internal.openai.OpenAiApi;
import dev.diffusion4j.server.internal.request.Failures;
import dev.diffusion4j.server.internal.request.Jobs;
import dev.diffusion4j.server.internal.site.Metrics;
import dev.diffusion4j.server.internal.site.Page;
import dev.diffusion4j.server.internal.webui.WebUiApi;
import java.io.IOException;
import java.net.URI;
import java.nio.channels.ServerSocketChannel;
import java.time.Clock;
import java.time.Duration;

/**
 * A running HTTP server over diffusion models.
 *
 * {@snippet :
 * try (DiffusionServer server = DiffusionServer.builder()
 *         .model("sd", Path.of("model.safetensors"))
 *         .port(7860)
 *         .start()) {
 *     System.out.println(server.uri());
 *     server.await();
 * }
 * }
 *
 * <p>It serves OpenAI's Images API under {@code /v1}, AUTOMATIC1111's under {@code /sdapi/v1}, one of its own under
 * {@code /api/v1}, and a page at {@code /}. All share one queue: jobs run one after another, and one that finds the queue full is
 * refused. Models are opened on first use, the first one when the server starts if {@link DiffusionServerBuilder#openAtStart} says so.
 *
 * <p>Safe for use by several threads.
 */
public final class DiffusionServer implements AutoCloseable {

    /** Pictures that are kept for clients to fetch: about 80 megapixels. */
    private static final long KEPT_BYTES = 256L << 20;

    private static final Duration LAST_ANSWERS = Duration.ofSeconds(5);

    private final ModelPool models;
    private final JobQueue queue;
    private final WebServer web;
    private final URI uri;
    private final Object lock = new Object();
    private boolean closing;
    private boolean closed;

    DiffusionServer(DiffusionServerBuilder builder) {
        models = new ModelPool(builder.sources(), builder.memoryBudget());
        Metrics metrics = new Metrics();
        HttpSettings settings = builder.httpSettings();
        ServerSocketChannel socket = WebServer.bind(settings);
        queue = new JobQueue(builder.queueCapacity(), models, metrics);
        if (builder.opensAtStart()) {
            // Now, so that the model and the web server start beside each other.
            queue.openAhead(models.first().name());
        }
        JobStore store = new JobStore(builder.keep(), builder.keepJobs(), KEPT_BYTES, Clock.systemUTC());
        LoraNames loras = new LoraNames(builder.loraFolder());
        Jobs jobs = new Jobs(models, loras, queue, store, builder.limits(), new Failures(builder.folders()));

        Router router = new Router();
        OpenAiApi.addTo(router, jobs);
        WebUiApi.addTo(router, jobs);
        NativeApi.addTo(router, jobs);
        router.surface(ErrorObject::of)
                .getOpen("/", new Page()::send)
                .getOpen("/healthz", this::health)
                .get("/metrics", exchange -> exchange.sendText(200, "text/plain; version=0.0.4", metrics.text(jobs)));
        try {
            web = WebServer.start(socket, settings, router, (method, route, status, time, id) -> {
                metrics.answered(status);
                builder.requestLog().accept(new FinishedRequest(method, route, status, time, id));
            });
        } catch (DiffusionException e) {
            queue.close();
            models.close();
            throw e;
        }
        String host = settings.address().getHostAddress();
        uri = URI.create("http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + web.port() + "/");
    }

    /** Begins a server. */
    public static DiffusionServerBuilder builder() {
        return new DiffusionServerBuilder();
    }

    /** Where it listens, such as {@code http://127.0.0.1:7860/}. */
    public URI uri() {
        return uri;
    }

    /** The port that it listens on. */
    public int port() {
        return web.port();
    }

    private void health(Exchange exchange) throws IOException {
        boolean down = web.isClosing();
        exchange.sendJson(down ? 503 : 200, Json.object().put("status", down ? "shutting down" : "ok"));
    }

    /** Waits until the server is closed. */
    public void await() throws InterruptedException {
        synchronized (lock) {
            while (!closed) {
                lock.wait();
            }
        }
    }

    /**
     * Stops the server: new requests are refused with 503, what runs and what waits is cancelled and answered, then connections and
     * models are closed. It returns when that is done, and does nothing if it was called before.
     */
    @Override
    public void close() {
        synchronized (lock) {
            if (closing) {
                return;
            }
            closing = true;
        }
        web.refuseRequests();
        try {
            queue.close();
            web.awaitAnswers(LAST_ANSWERS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            web.close();
            models.close();
            synchronized (lock) {
                closed = true;
                lock.notifyAll();
            }
        }
    }
}
