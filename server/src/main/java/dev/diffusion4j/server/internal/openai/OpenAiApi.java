package dev.diffusion4j.server.internal.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.NativeSampling;
import dev.diffusion4j.server.internal.http.ErrorObject;
import dev.diffusion4j.server.internal.http.Exchange;
import dev.diffusion4j.server.internal.http.Form;
import dev.diffusion4j.server.internal.http.HttpException;
import dev.diffusion4j.server.internal.http.Json;
import dev.diffusion4j.server.internal.http.Router;
import dev.diffusion4j.server.internal.jobs.Job;
import dev.diffusion4j.server.internal.jobs.JobState;
import dev.diffusion4j.server.internal.jobs.PreviewPlan;
import dev.diffusion4j.server.internal.models.ServedModel;
import dev.diffusion4j.server.internal.request.Jobs;
import java.io.IOException;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** OpenAI's Images API under {@code /v1}: what its clients send works with the models of this server. */
public final class OpenAiApi {

    private static final String SURFACE = "openai";

    private static final String GENERATION = "image_generation";

    private static final String EDIT = "image_edit";

    /** The fields that clients know options of requests by. */
    private static final Map<String, String> NAMES = Map.ofEntries(
            Map.entry("batchCount", "n"),
            Map.entry("width", "size"),
            Map.entry("height", "size"),
            Map.entry("guidanceScale", "guidance_scale"),
            Map.entry("negativePrompt", "negative_prompt"),
            Map.entry("clipSkip", "clip_skip"),
            Map.entry("schedule", "scheduler"));

    private final Jobs jobs;
    private final Instant startedAt = Instant.now();

    private OpenAiApi(Jobs jobs) {
        this.jobs = jobs;
    }

    /** Adds the API's routes. */
    public static void addTo(Router router, Jobs jobs) {
        OpenAiApi api = new OpenAiApi(jobs);
        router.surface(OpenAiApi::errorBody)
                .post("/v1/images/generations", api::generate)
                .post("/v1/images/edits", api::edit)
                .post("/v1/images/variations", api::vary)
                .getOpen("/v1/images/files/{job}/{index}", api::file)
                .get("/v1/models", api::listModels)
                .get("/v1/models/{id}", api::showModel);
    }

    private void generate(Exchange exchange) throws IOException {
        OpenAiRequest options = new OpenAiRequest(exchange.json());
        ServedModel model = model(options);
        ImageRequest.Builder request = ImageRequest.textToImage(options.prompt());
        options.size().ifPresent(size -> request.size(size.width(), size.height()));
        run(exchange, GENERATION, options, model, request);
    }

    private void edit(Exchange exchange) throws IOException {
        Form form = exchange.form();
        OpenAiRequest options = OpenAiRequest.of(form);
        redraw(exchange, form, options, options.prompt());
    }

    private void vary(Exchange exchange) throws IOException {
        Form form = exchange.form();
        redraw(exchange, form, OpenAiRequest.of(form), "");
    }

    private void redraw(Exchange exchange, Form form, OpenAiRequest options, String prompt) throws IOException {
        ServedModel model = model(options);
        run(exchange, EDIT, options, model, EditRequests.begin(form, prompt, options, model, jobs.pictures()));
    }

    private ServedModel model(OpenAiRequest options) {
        return options.model().map(jobs::model).orElseGet(jobs.models()::first);
    }

    /** Speaks of options as clients of this API call them. */
    private static ObjectNode errorBody(HttpException error) {
        ObjectNode body = ErrorObject.of(error);
        error.param().map(NAMES::get).ifPresent(name -> body.withObject("error").put("param", name));
        return body;
    }

    private void run(
            Exchange exchange, String kind, OpenAiRequest options, ServedModel model, ImageRequest.Builder builder)
            throws IOException {
        OutputFormat format = options.format();
        options.applyTo(builder, jobs.loras());
        ImageRequest request = builder.build();
        boolean urls = options.wantsUrls();
        boolean streams = options.streams();
        int partialImages = streams ? options.partialImages() : 0;
        Job job = jobs.submit(SURFACE, model, request, PreviewPlan.parts(partialImages));
        boolean kept = false;
        try {
            if (streams) {
                ImageSize size = size(request, model);
                new ImageStream(exchange, kind, format, partialImages, size).run(jobs, job);
            } else {
                List<GeneratedImage> images = jobs.await(job, exchange, _ -> {});
                exchange.sendJson(200, answer(exchange, job, images, format, urls));
                kept = urls;
            }
        } finally {
            if (!kept) {
                jobs.store().remove(job);
            }
        }
    }

    private static ImageSize size(ImageRequest request, ServedModel model) {
        ImageSize drawn = request.size().orElse(model.source().usualSize());
        return request.sampling() instanceof NativeSampling sampling
                ? sampling.highResFix().map(fix -> fix.sizeAfter(drawn)).orElse(drawn)
                : drawn;
    }

    private static ObjectNode answer(
            Exchange exchange, Job job, List<GeneratedImage> images, OutputFormat format, boolean urls) {
        ObjectNode answer = Json.object();
        answer.put("created", Instant.now().getEpochSecond());
        ArrayNode data = answer.putArray("data");
        for (int i = 0; i < images.size(); i++) {
            ObjectNode item = data.addObject();
            if (urls) {
                item.put("url", exchange.baseUrl() + "/v1/images/files/" + job.id() + "/" + i + "." + format.name());
            } else {
                item.put("b64_json", Base64.getEncoder().encodeToString(format.encode(images.get(i))));
            }
        }
        GeneratedImage first = images.getFirst();
        answer.put("background", "opaque");
        answer.put("output_format", format.name());
        answer.put("quality", "auto");
        answer.put("size", first.width() + "x" + first.height());
        JobState state = job.state();
        if (!state.warnings().isEmpty()) {
            ArrayNode warnings = answer.putArray("warnings");
            state.warnings().forEach(warnings::add);
        }
        return answer;
    }

    /** A picture whose address was an answer; who knows the address, with its random number, was given it. */
    private void file(Exchange exchange) throws IOException {
        String[] name = exchange.parameter("index").split("\\.", 2);
        Optional<GeneratedImage> image = jobs.store()
                .find(exchange.parameter("job"))
                .filter(job -> job.task().surface().equals(SURFACE))
                .map(Job::state)
                .flatMap(state -> Jobs.image(state, name[0]));
        OutputFormat format = new OutputFormat(name.length > 1 && name[1].equals("jpeg"), 0.95);
        byte[] file = image.map(format::encode)
                .orElseThrow(() -> HttpException.of(404, "not_found", "there is no such picture, or not any more"));
        exchange.send(200, format.mediaType(), file);
    }

    private void listModels(Exchange exchange) throws IOException {
        ObjectNode answer = Json.object().put("object", "list");
        ArrayNode data = answer.putArray("data");
        jobs.models().models().forEach(model -> data.add(describe(model)));
        exchange.sendJson(200, answer);
    }

    private void showModel(Exchange exchange) throws IOException {
        exchange.sendJson(200, describe(jobs.model(exchange.parameter("id"))));
    }

    private ObjectNode describe(ServedModel model) {
        return Json.object()
                .put("id", model.name())
                .put("object", "model")
                .put("created", startedAt.getEpochSecond())
                .put("owned_by", "diffusion4j");
    }
}
