package dev.diffusion4j.server.internal.webui;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.NativeRuntime;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.InitImage;
import dev.diffusion4j.request.NativeSampling;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.server.internal.http.Json;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.List;

/** The answer for pictures: the pictures, the request again, and all about them as JSON within a text. */
final class WebUiAnswer {

    private static final DateTimeFormatter TIMESTAMP = DateTimeFormatter.ofPattern("yyyyMMddHHmmss");

    private WebUiAnswer() {}

    /**
     * The answer.
     *
     * @param body the request as it came
     * @param images none if it was interrupted
     */
    static ObjectNode of(
            ObjectNode body, ImageRequest request, String model, List<GeneratedImage> images, List<String> warnings) {
        ObjectNode answer = Json.object();
        ArrayNode files = answer.putArray("images");
        if (!body.path("send_images").isBoolean() || body.path("send_images").asBoolean()) {
            images.forEach(image -> files.add(Base64.getEncoder().encodeToString(image.toPng())));
        }
        ObjectNode parameters = body.deepCopy();
        if (!body.path("include_init_images").asBoolean()) {
            parameters.remove(List.of("init_images", "mask"));
        }
        answer.set("parameters", parameters);
        answer.put("info", Json.text(info(request, model, images, warnings)));
        return answer;
    }

    private static ObjectNode info(
            ImageRequest asked, String model, List<GeneratedImage> images, List<String> warnings) {
        ImageRequest drawn =
                images.isEmpty() ? asked : images.getFirst().report().request();
        ObjectNode info = Json.object();
        info.put("prompt", drawn.prompt());
        info.put("negative_prompt", drawn.negativePrompt());
        ArrayNode prompts = info.putArray("all_prompts");
        ArrayNode negativePrompts = info.putArray("all_negative_prompts");
        ArrayNode seeds = info.putArray("all_seeds");
        ArrayNode subseeds = info.putArray("all_subseeds");
        ArrayNode texts = info.putArray("infotexts");
        for (GeneratedImage image : images) {
            prompts.add(drawn.prompt());
            negativePrompts.add(drawn.negativePrompt());
            seeds.add(image.seed());
            subseeds.add(0);
            texts.add(image.parametersText());
        }
        info.put("seed", drawn.seed().orElse(-1));
        info.put("subseed", 0);
        info.put("subseed_strength", 0);
        info.put("width", drawn.size().map(size -> size.width()).orElse(0));
        info.put("height", drawn.size().map(size -> size.height()).orElse(0));
        info.put("sampler_name", samplerTitle(drawn));
        info.put("cfg_scale", drawn.guidanceScale().orElse(0));
        info.put("steps", drawn.steps().orElse(0));
        info.put("batch_size", asked.batchCount());
        info.put("restore_faces", false);
        info.putNull("face_restoration_model");
        info.put("sd_model_name", model);
        info.put("sd_model_hash", "");
        info.putNull("sd_vae_name");
        info.putNull("sd_vae_hash");
        info.put("seed_resize_from_w", -1);
        info.put("seed_resize_from_h", -1);
        drawn.initImage()
                .map(InitImage::strength)
                .ifPresentOrElse(
                        strength -> info.put("denoising_strength", strength), () -> info.putNull("denoising_strength"));
        info.putObject("extra_generation_params");
        info.put("index_of_first_image", 0);
        info.putArray("styles");
        info.put("job_timestamp", LocalDateTime.now().format(TIMESTAMP));
        info.put("clip_skip", drawn.clipSkip().orElse(1));
        info.put("is_using_inpainting_conditioning", false);
        info.put("version", "Diffusion4J " + NativeRuntime.version());
        ArrayNode notes = info.putArray("warnings");
        warnings.forEach(notes::add);
        return info;
    }

    private static String samplerTitle(ImageRequest drawn) {
        return drawn.sampling() instanceof NativeSampling sampling
                ? sampling.sampler().map(Sampler::title).orElse("")
                : "";
    }
}
