package dev.diffusion4j.server.internal.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.NativeSampling;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.SamplerChoice;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.server.internal.http.Form;
import dev.diffusion4j.server.internal.http.HttpException;
import dev.diffusion4j.server.internal.http.Json;
import dev.diffusion4j.server.internal.models.LoraNames;
import dev.diffusion4j.server.internal.request.Fields;
import dev.diffusion4j.server.internal.request.LoraList;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What OpenAI's image requests have in common, whether they come as JSON or as a form. Fields that are not known are left out, as
 * clients send ever new ones; what would change the picture and cannot be done is refused.
 */
final class OpenAiRequest {

    private static final int MAX_PROMPT = 32_000;

    private static final Pattern SIZE = Pattern.compile("(\\d{1,5})x(\\d{1,5})");

    /** Parts of a form that are files. */
    private static final Set<String> FILES = Set.of("image", "image[]", "mask");

    private final Fields fields;

    OpenAiRequest(ObjectNode body) {
        fields = new Fields(body);
    }

    /** The fields of a form, but for its files. */
    static OpenAiRequest of(Form form) {
        ObjectNode body = Json.object();
        for (String name : form.names()) {
            if (!FILES.contains(name)) {
                String text = form.text(name).orElseThrow();
                body.set(name, name.equals("loras") ? list(text) : body.textNode(text));
            }
        }
        return new OpenAiRequest(body);
    }

    private static JsonNode list(String text) {
        String wrapped = "{\"loras\":" + text + "}";
        return Json.readObject(wrapped.getBytes(StandardCharsets.UTF_8)).get("loras");
    }

    /** The model's name; empty where the client names one of OpenAI's, as most do by themselves. */
    Optional<String> model() {
        return fields.filledText("model").filter(name -> !name.startsWith("gpt-image") && !name.startsWith("dall-e"));
    }

    /** What to draw. */
    String prompt() {
        String prompt =
                fields.text("prompt").orElseThrow(() -> HttpException.badRequest("prompt", "prompt must be given"));
        if (prompt.length() > MAX_PROMPT) {
            throw HttpException.badRequest("prompt", "prompt must have at most " + MAX_PROMPT + " characters");
        }
        return prompt;
    }

    /** The size; empty for the model's own. */
    Optional<ImageSize> size() {
        Optional<String> text = fields.filledText("size").filter(size -> !size.equals("auto"));
        return text.map(size -> {
            Matcher matcher = SIZE.matcher(size);
            if (!matcher.matches()) {
                throw HttpException.badRequest("size", "size must be auto, or WIDTHxHEIGHT in pixels");
            }
            return new ImageSize(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
        });
    }

    /** How the pictures are sent. */
    OutputFormat format() {
        String name = fields.filledText("output_format").orElse("png");
        int quality = fields.integer("output_compression").orElse(100);
        if (quality < 0 || quality > 100) {
            throw HttpException.badRequest("output_compression", "output_compression must be from 0 to 100");
        }
        return switch (name) {
            case "png" -> new OutputFormat(false, 1);
            case "jpeg", "jpg" -> new OutputFormat(true, quality / 100.0);
            default ->
                throw HttpException.badRequest(
                        "output_format", "output_format must be png or jpeg: this server writes no " + name(name));
        };
    }

    private static String name(String text) {
        return text.length() > 20 ? "such format" : text;
    }

    /** Whether pictures are sent as addresses, and not as text. */
    boolean wantsUrls() {
        return switch (fields.filledText("response_format").orElse("b64_json")) {
            case "b64_json" -> false;
            case "url" -> true;
            default -> throw HttpException.badRequest("response_format", "response_format must be b64_json or url");
        };
    }

    /** Whether events are sent. */
    boolean streams() {
        return fields.flag("stream");
    }

    /** How many previews are sent before a picture. */
    int partialImages() {
        int count = fields.integer("partial_images").orElse(0);
        if (count < 0 || count > 3) {
            throw HttpException.badRequest("partial_images", "partial_images must be from 0 to 3");
        }
        return count;
    }

    /** How much of a given picture may change. */
    Optional<Double> strength() {
        return fields.number("strength").isPresent()
                ? Optional.of(fields.number("strength").getAsDouble())
                : Optional.empty();
    }

    /** Sets all of this but the size on a request. */
    void applyTo(ImageRequest.Builder request, LoraNames loras) {
        if (fields.filledText("background").filter("transparent"::equals).isPresent()) {
            throw HttpException.badRequest("background", "background must be opaque: models draw no transparency");
        }
        int n = fields.integer("n").orElse(1);
        if (n < 1 || n > 10) {
            throw HttpException.badRequest("n", "n must be from 1 to 10");
        }
        request.batchCount(n);
        fields.text("negative_prompt").ifPresent(request::negativePrompt);
        fields.integer("steps").ifPresent(request::steps);
        fields.integer("clip_skip").ifPresent(request::clipSkip);
        fields.number("guidance_scale").ifPresent(request::guidanceScale);
        fields.number("cfg_scale").ifPresent(request::guidanceScale);
        // As elsewhere, below 0 is any.
        fields.wholeNumber("seed").stream().filter(seed -> seed >= 0).forEach(request::seed);
        request.loras(LoraList.read(fields.list("loras"), loras));
        sampling().ifPresent(request::sampling);
    }

    private Optional<NativeSampling> sampling() {
        Optional<NativeSampling> sampler =
                fields.filledText("sampler").map(SamplerChoice::of).map(Sampling::of);
        Optional<NoiseSchedule> schedule = fields.filledText("scheduler").map(NoiseSchedule::of);
        return schedule.map(kind -> sampler.orElse(Sampling.standard()).withSchedule(kind))
                .or(() -> sampler);
    }

    /** The pictures of a form, by either of the names that clients give them. */
    static List<byte[]> pictures(Form form) {
        List<byte[]> single = form.all("image");
        return single.isEmpty() ? form.all("image[]") : single;
    }
}
