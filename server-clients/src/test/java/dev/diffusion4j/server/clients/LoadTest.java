package dev.diffusion4j.server.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.server.DiffusionServer;
import dev.diffusion4j.server.clients.LoadClient.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Twenty clients at once, by all three surfaces: one in ten requests is left before its answer, and one in twenty is hostile.
 * {@code -Dstress=full} takes no sample.
 */
@Tag("stress")
@Timeout(value = 15, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LoadTest {

    private static final int CLIENTS = 20;

    private static final int REQUESTS = "full".equals(System.getProperty("stress")) ? 200 : 80;

    /** The requests after which everything has been used once. */
    private static final int WARM = 40;

    /** This one loses the model's process. */
    private static final int KILLER = 21;

    /** Fewer than the clients, so that some are refused. */
    private static final int QUEUE = 15;

    private static final int SEEDS = 4;

    private static final int KEPT_JOBS = 64;

    private static final long MAX_UPLOAD = 1 << 20;

    private static final long MIB = 1 << 20;

    /** Kept, or its level would be forgotten. */
    private static final Logger HTTP_LOG = Logger.getLogger("org.eclipse.jetty");

    private final Map<Kind, List<Drawing>> expected = new EnumMap<>(Kind.class);
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private final AtomicInteger killed = new AtomicInteger();
    private DiffusionServer server;
    private LoadClient client;
    private HostileClient hostile;

    @BeforeEach
    void start() {
        HTTP_LOG.setLevel(Level.WARNING);
        server = DiffusionServer.builder()
                .model("demo", DemoModel.path())
                .port(0)
                .queueCapacity(QUEUE)
                .maxUpload(MAX_UPLOAD)
                .requestTimeouts(Duration.ofSeconds(30), Duration.ofSeconds(5))
                .start();
        client = new LoadClient(server.uri());
        hostile = new HostileClient(client, MAX_UPLOAD);
    }

    @AfterEach
    void stop() {
        server.close();
        client.close();
    }

    @Test
    void everyRequestIsAnsweredRightAndNothingIsLeft() throws Exception {
        assumeTrue(ProcessMemory.isKnown(), "needs to read the memory of processes, as Linux tells it");
        drawExpected();

        run(0, WARM);
        // The request that lost its process may have been the last to be answered: then the next one starts another.
        client.draw(Kind.GENERATION, 0);
        ProcessMemory before = ProcessMemory.now(modelProcess().pid());
        run(WARM, REQUESTS);
        awaitEmptyQueue();
        ProcessMemory after = ProcessMemory.now(modelProcess().pid());

        assertThat(failures).isEmpty();
        assertThat(killed).hasValue(1);
        assertThat(client.metric("jobs_total{status=\"failed\"}")).isEqualTo(1);
        assertThat(client.refusals()).as("requests that found the queue full").isPositive();
        assertThat(after.heap() - before.heap()).as("growth of the heap").isLessThan(16 * MIB);
        assertThat(after.nativeMemory() - before.nativeMemory())
                .as("growth of the server's native memory")
                .isLessThan(128 * MIB);
        // Another process than before: one was killed.
        assertThat(after.model() - before.model())
                .as("growth of the model's process")
                .isLessThan(128 * MIB);
        assertOnlyJobsOfTheNativeSurfaceAreKept();
    }

    /** One by one, by one surface; the others have to draw the same. */
    private void drawExpected() throws Exception {
        List<Drawing> fromText = new ArrayList<>();
        List<Drawing> fromPicture = new ArrayList<>();
        for (int seed = 0; seed < SEEDS; seed++) {
            fromText.add(client.draw(Kind.GENERATION, seed));
            fromPicture.add(client.draw(Kind.EDIT, seed));
        }
        assertThat(fromText.get(0).isSameAs(fromText.get(1))).isFalse();
        for (Kind kind : Kind.values()) {
            expected.put(kind, kind.fromPicture() ? fromPicture : fromText);
        }
    }

    private void run(int from, int to) throws InterruptedException {
        AtomicInteger next = new AtomicInteger(from);
        List<Thread> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            clients.add(Thread.startVirtualThread(() -> {
                for (int number = next.getAndIncrement(); number < to; number = next.getAndIncrement()) {
                    runOne(number);
                }
            }));
        }
        for (Thread thread : clients) {
            thread.join();
        }
    }

    private void runOne(int number) {
        try {
            if (number == KILLER) {
                loseTheProcess();
            } else if (number % 20 == 0) {
                hostile.attack(number / 20);
            } else if (number % 10 == 3) {
                client.leave(number);
            } else {
                Kind kind = Kind.values()[number % Kind.values().length];
                int seed = number / Kind.values().length % SEEDS;
                Drawing drawing = client.draw(kind, seed);
                assertThat(drawing.isSameAs(expected.get(kind).get(seed)))
                        .as("%s of seed %d is the same as ever", kind, seed)
                        .isTrue();
            }
        } catch (Exception | AssertionError e) {
            failures.add("request " + number + ": " + e);
        }
    }

    /** The request that runs is the one that pays for it: nobody else notices. */
    private void loseTheProcess() throws Exception {
        JsonNode last = client.streamAndMeanwhile(() -> modelProcess().destroyForcibly());
        assertThat(last.path("type").asText()).isEqualTo("error");
        assertThat(last.path("error").path("code").asText()).isEqualTo("model_process_ended");
        killed.incrementAndGet();
    }

    private static ProcessHandle modelProcess() {
        List<ProcessHandle> processes = ProcessHandle.current()
                .children()
                .filter(ProcessHandle::isAlive)
                .filter(child -> child.info().commandLine().orElse("").contains("ChildMain"))
                .toList();
        assertThat(processes).as("processes of the model").hasSize(1);
        return processes.getFirst();
    }

    /** Those that left may not have been noticed yet. */
    private void awaitEmptyQueue() throws Exception {
        for (int i = 0; client.metric("jobs_waiting") + client.metric("jobs_running") > 0; i++) {
            assertThat(i).as("the queue does not become empty").isLessThan(1000);
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    private void assertOnlyJobsOfTheNativeSurfaceAreKept() throws Exception {
        long kept = IntStream.range(0, REQUESTS)
                .filter(number -> number != KILLER && number % 20 != 0 && number % 10 != 3)
                .filter(number -> Kind.values()[number % Kind.values().length] == Kind.JOB)
                .filter(number -> number / Kind.values().length % SEEDS % 2 == 1)
                .count();
        JsonNode jobs = LoadClient.JSON
                .readTree(client.send(client.request("/api/v1/jobs")).body())
                .path("jobs");
        assertThat(jobs).hasSize((int) Math.min(kept, KEPT_JOBS));
        assertThat(jobs)
                .allSatisfy(job -> assertThat(job.path("status").asText()).isEqualTo("completed"));
    }
}
