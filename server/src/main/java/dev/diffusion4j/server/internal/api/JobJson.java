package dev.diffusion4j.server.internal.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.server.internal.http.ErrorObject;
import dev.diffusion4j.server.internal.http.Json;
import dev.diffusion4j.server.internal.jobs.Job;
import dev.diffusion4j.server.internal.jobs.JobProgress;
import dev.diffusion4j.server.internal.jobs.JobState;
import dev.diffusion4j.server.internal.request.Jobs;

/** Jobs as the native API shows them. */
final class JobJson {

    private final Jobs jobs;

    JobJson(Jobs jobs) {
        this.jobs = jobs;
    }

    static String path(Job job) {
        return "/api/v1/jobs/" + job.id();
    }

    /** A job that was just made. */
    static ObjectNode accepted(Job job) {
        ObjectNode node = Json.object()
                .put("id", job.id())
                .put("status", job.state().status().toString())
                .put("position", job.state().position());
        node.putObject("links")
                .put("self", path(job))
                .put("events", path(job) + "/events")
                .put("cancel", path(job));
        return node;
    }

    ObjectNode of(Job job, JobState state) {
        ObjectNode node = Json.object()
                .put("id", job.id())
                .put("model", job.task().model())
                .put("status", state.status().toString())
                .put("position", state.position());
        node.set("progress", progress(state.progress()));
        ArrayNode images = node.putArray("images");
        for (int i = 0; i < state.images().size(); i++) {
            GeneratedImage image = state.images().get(i);
            images.addObject()
                    .put("index", i)
                    .put("seed", image.seed())
                    .put("width", image.width())
                    .put("height", image.height())
                    .put("url", path(job) + "/images/" + i);
        }
        ArrayNode warnings = node.putArray("warnings");
        state.warnings().forEach(warnings::add);
        jobs.error(state).ifPresent(error -> node.set("error", ErrorObject.fields(error)));
        node.put("created", job.created().toString());
        node.put("started", state.started().map(Object::toString).orElse(null));
        node.put("finished", state.finished().map(Object::toString).orElse(null));
        return node;
    }

    static ObjectNode progress(JobProgress progress) {
        ObjectNode node = Json.object()
                .put("step", progress.step())
                .put("steps", progress.steps())
                .put("image", progress.image())
                .put("images", progress.images())
                .put("fraction", Math.round(progress.fraction() * 10_000) / 10_000.0);
        progress.remaining().ifPresent(left -> node.put("remainingSeconds", left.toMillis() / 1000.0));
        return node;
    }
}
