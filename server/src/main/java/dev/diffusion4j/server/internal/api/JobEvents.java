package dev.diffusion4j.server.internal.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.Preview;
import dev.diffusion4j.error.ImageFileException;
import dev.diffusion4j.image.ImageProcessor;
import dev.diffusion4j.server.internal.http.EventStream;
import dev.diffusion4j.server.internal.http.Exchange;
import dev.diffusion4j.server.internal.http.Json;
import dev.diffusion4j.server.internal.jobs.Job;
import dev.diffusion4j.server.internal.jobs.JobProgress;
import dev.diffusion4j.server.internal.jobs.JobState;
import dev.diffusion4j.server.internal.jobs.JobStatus;
import dev.diffusion4j.server.internal.request.Jobs;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Base64;
import javax.imageio.ImageIO;

/**
 * A job's changes as events, one reader's: first how it stands, then each difference from what was sent before. A reader that is
 * slow sees fewer steps, and holds up nobody.
 */
final class JobEvents {

    private static final long PING_NANOS = 10_000_000_000L;

    private final Job job;
    private final JobJson json;
    private final EventStream stream;
    private JobStatus status;
    private int position;
    private JobProgress progress;
    private int previews;
    private int warnings;
    private long lastSent = System.nanoTime();

    private JobEvents(Job job, JobJson json, EventStream stream) {
        this.job = job;
        this.json = json;
        this.stream = stream;
    }

    /** Sends the events until the job has ended. */
    static void send(Jobs jobs, Job job, JobJson json, Exchange exchange) throws IOException {
        try (EventStream stream = exchange.sendEvents()) {
            JobEvents events = new JobEvents(job, json, stream);
            JobState last = jobs.follow(job, exchange, events::see);
            if (events.status == null) {
                events.send("status", json.of(job, last));
            }
            events.sendWarnings(last);
            events.send(last.status().toString(), json.of(job, last));
        }
    }

    private void see(JobState state) throws IOException {
        if (state.status() != status || state.position() != position) {
            status = state.status();
            position = state.position();
            send("status", json.of(job, state));
        }
        if (!state.progress().equals(progress)) {
            // What the status has already is no news.
            if (progress != null) {
                send("progress", JobJson.progress(state.progress()));
            }
            progress = state.progress();
        }
        if (state.preview().isPresent() && state.previews() > previews) {
            previews = state.previews();
            send("preview", preview(state.preview().get()));
        }
        sendWarnings(state);
        if (System.nanoTime() - lastSent > PING_NANOS) {
            stream.ping();
            lastSent = System.nanoTime();
        }
    }

    private void sendWarnings(JobState state) throws IOException {
        for (String warning :
                state.warnings().subList(warnings, state.warnings().size())) {
            send("warning", Json.object().put("message", warning));
        }
        warnings = state.warnings().size();
    }

    private static ObjectNode preview(Preview preview) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            ImageIO.write(ImageProcessor.toRgb(preview.image()), "jpeg", bytes);
        } catch (IOException e) {
            throw new ImageFileException("a preview cannot be encoded: " + e.getMessage(), e);
        }
        String base64 = Base64.getEncoder().encodeToString(bytes.toByteArray());
        return Json.object().put("step", preview.step()).put("image", "data:image/jpeg;base64," + base64);
    }

    private void send(String name, ObjectNode data) throws IOException {
        stream.send(name, data);
        lastSent = System.nanoTime();
    }
}
