package dev.diffusion4j.server.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.server.DiffusionServer;
import dev.diffusion4j.server.FinishedRequest;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** The server that {@code diffuse serve} starts, over the demo model, for a client that people have. */
@Timeout(value = 15, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class ClientTestCase {

    static final String RED_CIRCLE = "a red circle on a white background";

    static final String GREEN_CIRCLE = "a green circle on a white background";

    /** Kept, or its level would be forgotten. */
    private static final Logger HTTP_LOG = Logger.getLogger("org.eclipse.jetty");

    private static final List<FinishedRequest> FINISHED = new CopyOnWriteArrayList<>();

    private static DiffusionServer server;

    @BeforeAll
    static void startServer() {
        HTTP_LOG.setLevel(Level.WARNING);
        server = DiffusionServer.builder()
                .model("demo", DemoModel.path())
                .port(0)
                .onRequest(FINISHED::add)
                .start();
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    @BeforeEach
    void forgetRequests() {
        FINISHED.clear();
    }

    /** Where it listens, with a slash at the end. */
    static String url() {
        return server.uri().toString();
    }

    /** What clients of OpenAI's are given. */
    static String openAiUrl() {
        return url() + "v1";
    }

    /** What is sure to fail again was sent once, though the client repeats what failed. */
    static void assertRefusedOnce(int status) {
        // A client may have its answer before the server has written down that it gave it.
        await().untilAsserted(() -> assertThat(FINISHED)
                .extracting(FinishedRequest::status)
                .filteredOn(each -> each >= 400)
                .containsExactly(status));
    }

    /** How many requests were answered so. */
    static long answered(int status) {
        return FINISHED.stream().filter(request -> request.status() == status).count();
    }
}
