package dev.diffusion4j.server.internal.webui;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.server.internal.http.ErrorFormat;
import dev.diffusion4j.server.internal.http.HttpException;
import dev.diffusion4j.server.internal.http.Json;
import java.util.Map;

/** Errors as the web UI's API has them: values that are refused with status 422, and the rest with a text. */
final class WebUiErrors implements ErrorFormat {

    /** The fields that clients know options of requests by. */
    private static final Map<String, String> NAMES = Map.ofEntries(
            Map.entry("batchCount", "batch_size"),
            Map.entry("size", "width"),
            Map.entry("guidanceScale", "cfg_scale"),
            Map.entry("imageGuidanceScale", "image_cfg_scale"),
            Map.entry("negativePrompt", "negative_prompt"),
            Map.entry("clipSkip", "override_settings"),
            Map.entry("sampler", "sampler_name"),
            Map.entry("schedule", "scheduler"),
            Map.entry("strength", "denoising_strength"),
            Map.entry("highResFix.scale", "hr_scale"),
            Map.entry("highResFix.steps", "hr_second_pass_steps"),
            Map.entry("highResFix.denoisingStrength", "denoising_strength"));

    @Override
    public JsonNode body(HttpException error) {
        ObjectNode body = Json.object();
        if (status(error) == 422) {
            String param = error.param().orElseThrow();
            ObjectNode detail = body.putArray("detail").addObject();
            detail.putArray("loc").add("body").add(NAMES.getOrDefault(param, param));
            detail.put("msg", error.getMessage()).put("type", "value_error");
            return body;
        }
        String name = error.code().orElse(error.type());
        return body.put("error", name)
                .put("detail", error.getMessage())
                .put("body", "")
                .put("errors", error.getMessage());
    }

    @Override
    public int status(HttpException error) {
        return error.status() == 400 && error.param().isPresent() ? 422 : error.status();
    }
}
