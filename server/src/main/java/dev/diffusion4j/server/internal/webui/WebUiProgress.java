package dev.diffusion4j.server.internal.webui;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.error.ImageFileException;
import dev.diffusion4j.image.ImageProcessor;
import dev.diffusion4j.server.internal.http.Json;
import dev.diffusion4j.server.internal.jobs.Job;
import dev.diffusion4j.server.internal.jobs.JobQueue;
import dev.diffusion4j.server.internal.jobs.JobState;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Base64;
import java.util.Optional;
import javax.imageio.ImageIO;

/** How far the web UI's jobs are; those of other surfaces are none of its clients' business. */
final class WebUiProgress {

    private WebUiProgress() {}

    static ObjectNode of(JobQueue queue, String surface, boolean withImage) {
        Optional<Job> running =
                queue.running().filter(job -> job.task().surface().equals(surface));
        long waiting = queue.waiting().stream()
                .filter(job -> job.task().surface().equals(surface))
                .count();
        Optional<JobState> state = running.map(Job::state);
        ObjectNode node = Json.object();
        node.put("progress", state.map(now -> now.progress().fraction()).orElse(0.0));
        node.put(
                "eta_relative",
                state.flatMap(now -> now.progress().remaining())
                        .map(left -> left.toMillis() / 1000.0)
                        .orElse(0.0));
        node.putObject("state")
                .put("skipped", false)
                .put("interrupted", false)
                .put("stopping_generation", false)
                .put("job", running.map(Job::id).orElse(""))
                .put("job_count", waiting + (running.isPresent() ? 1 : 0))
                .put(
                        "job_timestamp",
                        running.map(job -> job.created().toString()).orElse("0"))
                .put("job_no", state.map(now -> now.progress().image()).orElse(0))
                .put("sampling_step", state.map(now -> now.progress().step()).orElse(0))
                .put("sampling_steps", state.map(now -> now.progress().steps()).orElse(0));
        Optional<String> image =
                withImage ? state.flatMap(JobState::preview).map(preview -> png(preview.image())) : Optional.empty();
        node.put("current_image", image.orElse(null));
        node.putNull("textinfo");
        return node;
    }

    private static String png(BufferedImage image) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            ImageIO.write(ImageProcessor.toRgb(image), "png", bytes);
            return Base64.getEncoder().encodeToString(bytes.toByteArray());
        } catch (IOException e) {
            throw new ImageFileException("a preview cannot be encoded: " + e.getMessage(), e);
        }
    }
}
