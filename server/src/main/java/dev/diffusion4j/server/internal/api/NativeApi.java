package dev.diffusion4j.server.internal.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.NativeRuntime;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.server.internal.http.ErrorObject;
import dev.diffusion4j.server.internal.http.Exchange;
import dev.diffusion4j.server.internal.http.HttpException;
import dev.diffusion4j.server.internal.http.Json;
import dev.diffusion4j.server.internal.http.Router;
import dev.diffusion4j.server.internal.jobs.Job;
import dev.diffusion4j.server.internal.jobs.PreviewPlan;
import dev.diffusion4j.server.internal.models.ServedModel;
import dev.diffusion4j.server.internal.request.Fields;
import dev.diffusion4j.server.internal.request.Jobs;
import java.io.IOException;
import java.util.Set;

/** This library's own API under {@code /api/v1}: jobs that are watched by events, which the page uses. */
public final class NativeApi {

    private static final String SURFACE = "native";

    private static final Set<String> FIELDS = Set.of("model", "previews", "request");

    private final Jobs jobs;
    private final JobJson json;

    private NativeApi(Jobs jobs) {
        this.jobs = jobs;
        json = new JobJson(jobs);
    }

    /** Adds the API's routes. */
    public static void addTo(Router router, Jobs jobs) {
        NativeApi api = new NativeApi(jobs);
        router.surface(ErrorObject::of)
                .get("/api/v1/status", api::status)
                .get("/api/v1/jobs", api::list)
                .post("/api/v1/jobs", api::submit)
                .get("/api/v1/jobs/{id}", api::show)
                .delete("/api/v1/jobs/{id}", api::cancel)
                .get("/api/v1/jobs/{id}/events", api::events)
                .get("/api/v1/jobs/{id}/images/{index}", api::image);
    }

    private void status(Exchange exchange) throws IOException {
        ObjectNode answer = Json.object().put("version", NativeRuntime.version());
        ArrayNode models = answer.putArray("models");
        jobs.models().models().forEach(model -> models.add(describe(model)));
        ArrayNode samplers = answer.putArray("samplers");
        for (Sampler sampler : Sampler.values()) {
            samplers.addObject().put("name", sampler.id()).put("label", sampler.title());
        }
        ArrayNode schedules = answer.putArray("schedules");
        for (NoiseSchedule schedule : NoiseSchedule.values()) {
            schedules.addObject().put("name", schedule.id()).put("label", schedule.title());
        }
        ArrayNode loras = answer.putArray("loras");
        jobs.loras().list().forEach(loras::add);
        answer.putObject("queue")
                .put("waiting", jobs.queue().waiting().size())
                .put("running", jobs.queue().running().isPresent() ? 1 : 0)
                .put("capacity", jobs.queue().capacity());
        answer.putObject("limits")
                .put("maxPixels", jobs.limits().maxPixels())
                .put("maxBatch", jobs.limits().maxBatch())
                .put("maxSteps", jobs.limits().maxSteps())
                .put("maxUploadBytes", jobs.limits().maxUpload());
        exchange.sendJson(200, answer);
    }

    private static ObjectNode describe(ServedModel model) {
        ObjectNode node = Json.object()
                .put("name", model.name())
                .put("family", model.source().family().displayName());
        ArrayNode tasks = node.putArray("tasks");
        model.source().family().tasks().forEach(task -> tasks.add(task.toString()));
        node.put("loaded", model.loaded());
        ObjectNode defaults = node.putObject("defaults")
                .put("width", model.source().usualSize().width())
                .put("height", model.source().usualSize().height());
        model.defaults()
                .ifPresent(usual -> defaults.put("steps", usual.steps())
                        .put("guidanceScale", usual.guidanceScale())
                        .put("sampler", usual.sampler().id())
                        .put("schedule", usual.schedule().id())
                        .put("sizeMultiple", usual.sizeMultiple()));
        return node;
    }

    private void list(Exchange exchange) throws IOException {
        ObjectNode answer = Json.object();
        ArrayNode list = answer.putArray("jobs");
        jobs.store().list().forEach(job -> list.add(json.of(job, job.state())));
        exchange.sendJson(200, answer);
    }

    private void submit(Exchange exchange) throws IOException {
        Fields body = new Fields(exchange.json());
        for (String field : body.names()) {
            if (!FIELDS.contains(field)) {
                throw HttpException.badRequest("request", "a job has model, previews and request, nothing else");
            }
        }
        ServedModel model = body.filledText("model").map(jobs::model).orElseGet(jobs.models()::first);
        int previews = body.integer("previews").orElse(0);
        if (previews < 0 || previews > ImageRequest.MAX_STEPS) {
            throw HttpException.badRequest("previews", "previews must be from 0 to " + ImageRequest.MAX_STEPS);
        }
        ObjectNode request = body.node("request")
                .filter(ObjectNode.class::isInstance)
                .map(ObjectNode.class::cast)
                .orElseThrow(() -> HttpException.badRequest("request", "request must be an object"));
        ImageRequest read = new NativeRequest(jobs.loras(), jobs.pictures()).read(request);
        Job job = jobs.submit(SURFACE, model, read, PreviewPlan.every(previews));
        exchange.setHeader("Location", JobJson.path(job));
        exchange.sendJson(202, JobJson.accepted(job));
    }

    private Job find(Exchange exchange) {
        String id = exchange.parameter("id");
        return jobs.store()
                .find(id)
                .orElseThrow(() -> jobs.store().isExpired(id)
                        ? HttpException.of(410, "expired", "this job is not kept any more")
                        : HttpException.of(404, "not_found", "there is no job of this id"));
    }

    private void show(Exchange exchange) throws IOException {
        Job job = find(exchange);
        exchange.sendJson(200, json.of(job, job.state()));
    }

    private void cancel(Exchange exchange) throws IOException {
        Job job = find(exchange);
        if (job.state().status().isFinal()) {
            jobs.store().remove(job);
        } else {
            jobs.queue().cancel(job);
        }
        exchange.sendJson(200, json.of(job, job.state()));
    }

    private void events(Exchange exchange) throws IOException {
        JobEvents.send(jobs, find(exchange), json, exchange);
    }

    private void image(Exchange exchange) throws IOException {
        Job job = find(exchange);
        GeneratedImage image = Jobs.image(job.state(), exchange.parameter("index"))
                .orElseThrow(() -> HttpException.of(404, "not_found", "the job has no such picture, or not yet"));
        exchange.send(200, "image/png", image.toPng());
    }
}
