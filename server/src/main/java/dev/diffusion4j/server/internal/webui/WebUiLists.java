package dev.diffusion4j.server.internal.webui;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.server.internal.http.Json;
import dev.diffusion4j.server.internal.http.Router;
import dev.diffusion4j.server.internal.request.Jobs;
import java.util.List;
import java.util.function.Supplier;

/** What there is to choose from. Much of what the web UI has is empty here, and clients ask for it before they do anything. */
final class WebUiLists {

    private static final List<String> LATENT_UPSCALERS = List.of(
            "Latent",
            "Latent (antialiased)",
            "Latent (bicubic)",
            "Latent (bicubic antialiased)",
            "Latent (nearest)",
            "Latent (nearest-exact)");

    private final Jobs jobs;

    private WebUiLists(Jobs jobs) {
        this.jobs = jobs;
    }

    static void addTo(Router.Surface surface, Jobs jobs) {
        WebUiLists lists = new WebUiLists(jobs);
        lists.add(surface, "/sdapi/v1/samplers", WebUiLists::samplers);
        lists.add(surface, "/sdapi/v1/schedulers", WebUiLists::schedulers);
        lists.add(surface, "/sdapi/v1/sd-models", lists::models);
        lists.add(surface, "/sdapi/v1/loras", lists::loras);
        lists.add(surface, "/sdapi/v1/upscalers", WebUiLists::upscalers);
        lists.add(surface, "/sdapi/v1/latent-upscale-modes", WebUiLists::latentUpscalers);
        lists.add(surface, "/sdapi/v1/embeddings", WebUiLists::embeddings);
        lists.add(surface, "/sdapi/v1/scripts", WebUiLists::scripts);
        lists.add(surface, "/sdapi/v1/memory", WebUiLists::memory);
        lists.add(surface, "/sdapi/v1/cmd-flags", () -> Json.object().put("api", true));
        lists.add(surface, "/controlnet/model_list", () -> empty("model_list"));
        lists.add(surface, "/controlnet/module_list", () -> empty("module_list"));
        for (String path : List.of(
                "sd-vae",
                "sd-modules",
                "prompt-styles",
                "hypernetworks",
                "face-restorers",
                "script-info",
                "realesrgan-models",
                "extensions")) {
            lists.add(surface, "/sdapi/v1/" + path, Json::array);
        }
    }

    private void add(Router.Surface surface, String path, Supplier<? extends JsonNode> list) {
        surface.get(path, exchange -> exchange.sendJson(200, list.get()));
    }

    private static ObjectNode empty(String name) {
        ObjectNode node = Json.object();
        node.putArray(name);
        return node;
    }

    private static ArrayNode samplers() {
        ArrayNode list = Json.array();
        for (Sampler sampler : Sampler.values()) {
            ObjectNode node = list.addObject().put("name", sampler.title());
            node.putArray("aliases").add(sampler.id());
            node.putObject("options");
        }
        return list;
    }

    private static ArrayNode schedulers() {
        ArrayNode list = Json.array();
        ObjectNode automatic = list.addObject().put("name", "automatic").put("label", "Automatic");
        automatic.putNull("aliases").put("default_rho", -1).put("need_inner_model", false);
        for (NoiseSchedule schedule : NoiseSchedule.values()) {
            // That one's title is what the web UI calls the sampler's usual one.
            String label = schedule == NoiseSchedule.DISCRETE ? "Normal" : schedule.title();
            ObjectNode node = list.addObject().put("name", schedule.id()).put("label", label);
            node.putNull("aliases").put("default_rho", -1).put("need_inner_model", false);
        }
        return list;
    }

    private ArrayNode models() {
        ArrayNode list = Json.array();
        jobs.models()
                .models()
                .forEach(model -> list.addObject()
                        .put("title", model.name())
                        .put("model_name", model.name())
                        .putNull("hash")
                        .putNull("sha256")
                        .put("filename", model.name())
                        .putNull("config"));
        return list;
    }

    private ArrayNode loras() {
        ArrayNode list = Json.array();
        for (String name : jobs.loras().list()) {
            ObjectNode node =
                    list.addObject().put("name", name).put("alias", name).put("path", name);
            node.putObject("metadata");
        }
        return list;
    }

    private static ArrayNode upscalers() {
        ArrayNode list = Json.array();
        for (String name : List.of("None", "Lanczos")) {
            list.addObject()
                    .put("name", name)
                    .putNull("model_name")
                    .putNull("model_path")
                    .putNull("model_url")
                    .put("scale", 4);
        }
        return list;
    }

    private static ArrayNode latentUpscalers() {
        ArrayNode list = Json.array();
        LATENT_UPSCALERS.forEach(name -> list.addObject().put("name", name));
        return list;
    }

    private static ObjectNode embeddings() {
        ObjectNode node = Json.object();
        node.putObject("loaded");
        node.putObject("skipped");
        return node;
    }

    private static ObjectNode scripts() {
        ObjectNode node = Json.object();
        node.putArray("txt2img");
        node.putArray("img2img");
        return node;
    }

    private static ObjectNode memory() {
        Runtime runtime = Runtime.getRuntime();
        ObjectNode node = Json.object();
        node.putObject("ram")
                .put("free", runtime.freeMemory())
                .put("used", runtime.totalMemory() - runtime.freeMemory())
                .put("total", runtime.maxMemory());
        node.putObject("cuda").put("error", "not told by this server");
        return node;
    }
}
