package com.example;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.micrometer.GenerationContext;
import dev.diffusion4j.micrometer.GenerationContext.Outcome;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import jakarta.servlet.Filter;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;

/** The page's server as browsers meet it: busy, left alone, and stopped in the middle of a picture. */
@Timeout(300)
class PageTest {

    /** So many steps that no picture is done before a test is. */
    private static final String NEVER_DONE = "--diffusion4j.image.steps=1000";

    private final BlockingQueue<Outcome> outcomes = new LinkedBlockingQueue<>();
    private final BlockingQueue<Boolean> onVirtualThreads = new LinkedBlockingQueue<>();
    private final HttpClient browser = HttpClient.newHttpClient();
    private ConfigurableApplicationContext context;

    private void start(String... properties) {
        SpringApplication application = PageApplication.create();
        application.addInitializers(beans -> {
            ((GenericApplicationContext) beans).registerBean(ObservationRegistry.class, this::observations);
            ((GenericApplicationContext) beans).registerBean(Filter.class, () -> (request, response, chain) -> {
                onVirtualThreads.add(Thread.currentThread().isVirtual());
                chain.doFilter(request, response);
            });
        });
        String[] arguments = new String[properties.length + 1];
        arguments[0] = "--server.port=0";
        System.arraycopy(properties, 0, arguments, 1, properties.length);
        context = application.run(arguments);
    }

    private ObservationRegistry observations() {
        ObservationRegistry registry = ObservationRegistry.create();
        registry.observationConfig().observationHandler(new ObservationHandler<GenerationContext>() {
            @Override
            public void onStop(GenerationContext generation) {
                outcomes.add(generation.outcome().orElseThrow());
            }

            @Override
            public boolean supportsContext(Observation.Context observed) {
                return observed instanceof GenerationContext;
            }
        });
        return registry;
    }

    @AfterEach
    void stop() {
        browser.shutdownNow();
        context.close();
    }

    private HttpResponse<InputStream> draw() throws IOException, InterruptedException {
        String port = context.getEnvironment().getProperty("local.server.port");
        URI uri = URI.create("http://127.0.0.1:" + port + "/draw?prompt=a+red+circle");
        return browser.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofInputStream());
    }

    private static BufferedReader events(HttpResponse<InputStream> response) {
        return new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
    }

    /** Reads until an event of that name comes, or the answer ends. */
    private static boolean reaches(BufferedReader events, String name) throws IOException {
        return hasLine(events, "event:" + name);
    }

    /** Reads until the picture is drawn at. */
    private static boolean reachesSampling(BufferedReader events) throws IOException {
        return hasLine(events, "data:sampling");
    }

    private static boolean hasLine(BufferedReader events, String beginning) throws IOException {
        String line = events.readLine();
        while (line != null && !line.startsWith(beginning)) {
            line = events.readLine();
        }
        return line != null;
    }

    private Outcome nextOutcome() throws InterruptedException {
        return outcomes.poll(1, TimeUnit.MINUTES);
    }

    @Test
    void aPictureComesOnAVirtualThread() throws Exception {
        start("--diffusion4j.image.steps=2");

        assertThat(reaches(events(draw()), "picture")).isTrue();
        assertThat(onVirtualThreads.take()).isTrue();
        assertThat(nextOutcome()).isEqualTo(Outcome.SUCCESS);
    }

    @Test
    void whoGoesAwayCancelsThePicture() throws Exception {
        start(NEVER_DONE);

        try (BufferedReader events = events(draw())) {
            assertThat(reachesSampling(events)).isTrue();
        }

        assertThat(nextOutcome()).isEqualTo(Outcome.CANCELLED);
    }

    @Test
    void whoComesWhenItIsBusyIsToldWhenToComeBack() throws Exception {
        start(NEVER_DONE, "--diffusion4j.queue-capacity=1");

        assertThat(reachesSampling(events(draw()))).isTrue();
        assertThat(reaches(events(draw()), "progress")).isTrue();
        HttpResponse<InputStream> refused = draw();

        assertThat(refused.statusCode()).isEqualTo(503);
        assertThat(refused.headers().firstValue("Retry-After")).contains("10");
    }

    @Test
    void stoppingEndsThePictureAndTellsItsReader() throws Exception {
        start(NEVER_DONE);
        BufferedReader events = events(draw());
        assertThat(reachesSampling(events)).isTrue();

        context.close();

        assertThat(reaches(events, "failed")).isTrue();
        assertThat(nextOutcome()).isEqualTo(Outcome.CANCELLED);
    }
}
