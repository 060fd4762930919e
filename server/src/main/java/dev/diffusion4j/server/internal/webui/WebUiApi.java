package dev.diffusion4j.server.internal.webui;

import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.server.internal.http.Exchange;
import dev.diffusion4j.server.internal.http.HttpException;
import dev.diffusion4j.server.internal.http.Json;
import dev.diffusion4j.server.internal.http.Router;
import dev.diffusion4j.server.internal.jobs.Job;
import dev.diffusion4j.server.internal.jobs.PreviewPlan;
import dev.diffusion4j.server.internal.models.ServedModel;
import dev.diffusion4j.server.internal.request.Fields;
import dev.diffusion4j.server.internal.request.Jobs;
import dev.diffusion4j.server.internal.request.PictureReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The API of AUTOMATIC1111's web UI under {@code /sdapi/v1}, as far as its clients use it and this library can do it. */
public final class WebUiApi {

    private static final String SURFACE = "webui";

    /** A preview every so many steps, for those that ask for progress. */
    private static final int PREVIEW_STEPS = 5;

    private final Jobs jobs;
    private volatile WebUiSettings settings;

    private WebUiApi(Jobs jobs) {
        this.jobs = jobs;
        settings = WebUiSettings.first(jobs.models());
    }

    /** Adds the API's routes. */
    public static void addTo(Router router, Jobs jobs) {
        WebUiApi api = new WebUiApi(jobs);
        Router.Surface surface = router.surface(new WebUiErrors())
                .post("/sdapi/v1/txt2img", exchange -> api.generate(exchange, false))
                .post("/sdapi/v1/img2img", exchange -> api.generate(exchange, true))
                .get("/sdapi/v1/progress", api::progress)
                .post("/sdapi/v1/interrupt", api::interrupt)
                .post("/sdapi/v1/skip", api::skip)
                .get("/sdapi/v1/options", exchange -> exchange.sendJson(200, api.settings.toJson()))
                .post("/sdapi/v1/options", api::setOptions)
                .post("/sdapi/v1/png-info", api::pngInfo)
                .post("/sdapi/v1/extra-single-image", api::extraImage);
        for (String path : List.of("refresh-checkpoints", "refresh-loras", "refresh-vae")) {
            // Models are what the server was started with, and LoRAs are looked for with each request.
            surface.post("/sdapi/v1/" + path, WebUiApi::sendNull);
        }
        WebUiLists.addTo(surface, jobs);
    }

    private static void sendNull(Exchange exchange) throws IOException {
        exchange.body();
        exchange.sendJson(200, NullNode.getInstance());
    }

    private void generate(Exchange exchange, boolean fromImage) throws IOException {
        ObjectNode body = exchange.json();
        Fields fields = new Fields(body);
        WebUiSettings own = settings.with(fields.object("override_settings"), jobs.models());
        if (!fields.flag("override_settings_restore_afterwards", true)) {
            settings = own;
        }
        ServedModel model = jobs.model(own.model());
        WebUiRequest read = new WebUiRequest(fields, model);
        ImageRequest request =
                fromImage ? read.imageToImage(own.clipSkip(), jobs.pictures()) : read.textToImage(own.clipSkip());
        Job job = jobs.submit(SURFACE, model, request, PreviewPlan.every(PREVIEW_STEPS));
        List<GeneratedImage> images;
        try {
            images = jobs.await(job, exchange, _ -> {});
        } catch (HttpException e) {
            // Who interrupts wants what is there by then, which is nothing here.
            if (e.code().filter("cancelled"::equals).isEmpty()) {
                throw e;
            }
            images = List.of();
        } finally {
            jobs.store().remove(job);
        }
        List<String> warnings = new ArrayList<>(read.warnings());
        warnings.addAll(job.state().warnings());
        exchange.sendJson(200, WebUiAnswer.of(body, request, model.name(), images, warnings));
    }

    private void progress(Exchange exchange) throws IOException {
        boolean withImage =
                !exchange.query("skip_current_image").orElse("false").equalsIgnoreCase("true");
        exchange.sendJson(200, WebUiProgress.of(jobs.queue(), SURFACE, withImage));
    }

    private Optional<Job> running() {
        return jobs.queue().running().filter(job -> job.task().surface().equals(SURFACE));
    }

    private void interrupt(Exchange exchange) throws IOException {
        exchange.body();
        running().ifPresent(jobs.queue()::cancel);
        exchange.sendJson(200, Json.object());
    }

    private void skip(Exchange exchange) throws IOException {
        exchange.body();
        Optional<Job> job = running();
        if (job.filter(one -> one.task().request().batchCount() > 1).isPresent()) {
            throw HttpException.of(409, "cannot_skip", "one of several pictures cannot be skipped: interrupt all");
        }
        job.ifPresent(jobs.queue()::cancel);
        exchange.sendJson(200, Json.object());
    }

    private void setOptions(Exchange exchange) throws IOException {
        settings = settings.with(new Fields(exchange.json()), jobs.models());
        exchange.sendJson(200, NullNode.getInstance());
    }

    private void pngInfo(Exchange exchange) throws IOException {
        Fields fields = new Fields(exchange.json());
        String image = fields.filledText("image")
                .orElseThrow(() -> HttpException.of(404, "image_not_found", "Image not found"));
        Map<String, String> texts = PictureReader.texts(PictureReader.bytes(image, "image"), "image");
        String info = texts.getOrDefault("parameters", "");
        ObjectNode answer = Json.object().put("info", info);
        ObjectNode items = answer.putObject("items");
        texts.forEach(items::put);
        answer.set("parameters", info.isEmpty() ? Json.object() : Infotext.parse(info));
        exchange.sendJson(200, answer);
    }

    private void extraImage(Exchange exchange) throws IOException {
        Fields fields = new Fields(exchange.json());
        String image = fields.filledText("image")
                .orElseThrow(() -> HttpException.of(404, "image_not_found", "Image not found"));
        String result =
                new ExtraImage(fields, jobs.limits()).enlarge(jobs.pictures().readText(image, "image"));
        exchange.sendJson(200, Json.object().put("html_info", "").put("image", result));
    }
}
