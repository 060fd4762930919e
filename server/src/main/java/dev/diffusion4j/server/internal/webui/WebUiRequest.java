package dev.diffusion4j.server.internal.webui;

import com.fasterxml.jackson.databind.JsonNode;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.image.ImageProcessor;
import dev.diffusion4j.image.ResizeMode;
import dev.diffusion4j.modelfile.Task;
import dev.diffusion4j.request.HighResFix;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.InitImage;
import dev.diffusion4j.request.NativeSampling;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.SamplerChoice;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.server.internal.http.HttpException;
import dev.diffusion4j.server.internal.models.ServedModel;
import dev.diffusion4j.server.internal.request.Fields;
import dev.diffusion4j.server.internal.request.Masks;
import dev.diffusion4j.server.internal.request.PictureReader;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What the web UI's clients send for a picture. Of its many fields some do nothing unless they are set to something special; what
 * would change the picture and cannot be done here is refused, but for two that clients send by themselves, of which there is a
 * warning.
 */
final class WebUiRequest {

    private static final int MAX_BATCH = 1000;

    /** The samplers that add new noise, and how much by themselves. */
    private static final Map<Sampler, Double> ETA = Map.of(
            Sampler.EULER_A, 1.0,
            Sampler.DPMPP_2S_A, 1.0,
            Sampler.EULER_A_CFG_PP, 1.0,
            Sampler.DDIM_TRAILING, 0.0);

    private static final Map<String, HighResFix.Upscaler> UPSCALERS = Map.of(
            "latent", HighResFix.Upscaler.LATENT,
            "latent (nearest)", HighResFix.Upscaler.LATENT_NEAREST,
            "latent (nearest-exact)", HighResFix.Upscaler.LATENT_NEAREST_EXACT,
            "latent (antialiased)", HighResFix.Upscaler.LATENT_ANTIALIASED,
            "latent (bicubic)", HighResFix.Upscaler.LATENT_BICUBIC,
            "latent (bicubic antialiased)", HighResFix.Upscaler.LATENT_BICUBIC_ANTIALIASED,
            "lanczos", HighResFix.Upscaler.LANCZOS,
            "nearest", HighResFix.Upscaler.NEAREST);

    /** What may be absent, 0, -1, false or empty, and nothing else. */
    private static final Set<String> UNAVAILABLE = Set.of(
            "subseed_strength",
            "seed_resize_from_h",
            "seed_resize_from_w",
            "restore_faces",
            "styles",
            "script_name",
            "save_images",
            "s_churn",
            "s_tmin",
            "s_min_uncond",
            "hr_sampler_name",
            "hr_scheduler",
            "hr_prompt",
            "hr_negative_prompt",
            "hr_checkpoint_name",
            "refiner_checkpoint",
            "firstpass_image",
            "infotext");

    private final Fields fields;
    private final ServedModel model;
    private final List<String> warnings = new ArrayList<>();

    WebUiRequest(Fields fields, ServedModel model) {
        this.fields = fields;
        this.model = model;
    }

    /** What was asked for and is not done. */
    List<String> warnings() {
        return warnings;
    }

    /** A picture from a prompt. */
    ImageRequest textToImage(OptionalInt clipSkip) {
        NativeSampling sampling = sampling();
        if (fields.flag("enable_hr")) {
            sampling = sampling.withHighResFix(highResFix());
        }
        return common(clipSkip).sampling(sampling).build();
    }

    /** A picture redrawn, or a part of it. */
    ImageRequest imageToImage(OptionalInt clipSkip, PictureReader reader) {
        NativeSampling sampling = sampling();
        OptionalDouble imageGuidance = fields.number("image_cfg_scale");
        boolean guided = model.source().family().can(Task.EDIT)
                || model.source().family().isInpainting();
        if (imageGuidance.isPresent() && guided) {
            sampling = sampling.withImageGuidanceScale(imageGuidance.getAsDouble());
        }
        double noise = fields.number("initial_noise_multiplier").orElse(1);
        if (noise != 1 && noise != 0) {
            throw HttpException.badRequest("initial_noise_multiplier", "initial_noise_multiplier must be 1");
        }
        return common(clipSkip).initImage(initImage(reader)).sampling(sampling).build();
    }

    private ImageRequest.Builder common(OptionalInt clipSkip) {
        refuseUnavailable();
        ImageRequest.Builder request =
                ImageRequest.textToImage(fields.text("prompt").orElse(""));
        fields.filledText("negative_prompt").ifPresent(request::negativePrompt);
        OptionalInt width = fields.integer("width");
        OptionalInt height = fields.integer("height");
        if (width.isPresent() || height.isPresent()) {
            request.size(
                    width.orElse(model.source().usualSize().width()),
                    height.orElse(model.source().usualSize().height()));
        }
        fields.integer("steps").ifPresent(request::steps);
        fields.number("cfg_scale").ifPresent(request::guidanceScale);
        clipSkip.ifPresent(request::clipSkip);
        fields.wholeNumber("seed").stream().filter(seed -> seed >= 0).forEach(request::seed);
        return request.batchCount(batch());
    }

    private int batch() {
        int size = fields.integer("batch_size").orElse(1);
        int count = fields.integer("n_iter").orElse(1);
        if (size < 1 || count < 1 || (long) size * count > MAX_BATCH) {
            throw HttpException.badRequest(
                    "batch_size", "batch_size and n_iter must be 1 or more, and " + MAX_BATCH + " together at most");
        }
        return size * count;
    }

    private void refuseUnavailable() {
        for (String name : UNAVAILABLE) {
            fields.node(name).filter(WebUiRequest::saysSomething).ifPresent(_ -> {
                throw HttpException.badRequest(name, "this server cannot do " + name + ": leave it out");
            });
        }
        double noise = fields.number("s_noise").orElse(1);
        if (noise != 1 && noise != 0) {
            throw HttpException.badRequest("s_noise", "s_noise must be 1");
        }
        if (fields.flag("tiling") && !model.source().seamless()) {
            throw HttpException.badRequest(
                    "tiling", "this model makes no tiles: the server has to be started with --seamless xy for that");
        }
        refuseScripts();
    }

    private void refuseScripts() {
        Fields scripts = fields.object("alwayson_scripts");
        for (String name : scripts.names()) {
            boolean used = false;
            for (JsonNode argument : scripts.object(name).list("args")) {
                used |= saysSomething(argument) && argument.path("enabled").asBoolean(true);
            }
            if (used) {
                throw HttpException.badRequest("alwayson_scripts", "this server has no scripts and no ControlNet");
            }
        }
    }

    private static boolean saysSomething(JsonNode node) {
        if (node.isContainerNode()) {
            return !node.isEmpty();
        }
        if (node.isNumber()) {
            return node.doubleValue() > 0;
        }
        return node.isTextual() ? !node.textValue().isBlank() : node.asBoolean();
    }

    private NativeSampling sampling() {
        Optional<SamplerChoice> choice = fields.filledText("sampler_name")
                .or(() -> fields.filledText("sampler_index"))
                .map(WebUiRequest::sampler);
        NativeSampling sampling = choice.map(Sampling::of).orElse(Sampling.standard());
        Optional<NoiseSchedule> schedule = fields.filledText("scheduler")
                // What is usual for the sampler and the model, not the schedule of that title.
                .filter(name -> !name.equalsIgnoreCase("automatic"))
                .map(NoiseSchedule::of);
        if (schedule.isPresent()) {
            sampling = sampling.withSchedule(schedule.get());
        }
        OptionalDouble eta = fields.number("eta");
        Optional<Double> usual = choice.map(SamplerChoice::sampler).map(ETA::get);
        return eta.isPresent() && usual.isPresent() && usual.get() != eta.getAsDouble()
                ? sampling.withEta(eta.getAsDouble())
                : sampling;
    }

    private static SamplerChoice sampler(String name) {
        try {
            return SamplerChoice.of(name);
        } catch (InvalidRequestException e) {
            throw HttpException.of(404, "sampler_not_found", "Sampler not found: it must be " + e.allowed());
        }
    }

    private HighResFix highResFix() {
        String name = fields.filledText("hr_upscaler").orElse("Latent");
        HighResFix.Upscaler upscaler = Optional.ofNullable(UPSCALERS.get(name.toLowerCase(Locale.ROOT)))
                .orElseThrow(() -> HttpException.badRequest(
                        "hr_upscaler", "hr_upscaler must be one that latent-upscale-modes lists, Lanczos or Nearest"));
        return new HighResFix(
                upscaler,
                highResScale(),
                fields.integer("hr_second_pass_steps").orElse(0),
                fields.number("denoising_strength").orElse(0.75));
    }

    private double highResScale() {
        int width = fields.integer("hr_resize_x").orElse(0);
        int height = fields.integer("hr_resize_y").orElse(0);
        if (width == 0 && height == 0) {
            return fields.number("hr_scale").orElse(2);
        }
        int fromWidth =
                fields.integer("width").orElse(model.source().usualSize().width());
        int fromHeight =
                fields.integer("height").orElse(model.source().usualSize().height());
        double scale = width == 0 ? (double) height / fromHeight : (double) width / fromWidth;
        if (width != 0 && height != 0 && (long) width * fromHeight != (long) height * fromWidth) {
            throw HttpException.badRequest(
                    "hr_resize_x", "hr_resize_x and hr_resize_y must keep the ratio of the sides");
        }
        return scale;
    }

    private InitImage initImage(PictureReader reader) {
        List<JsonNode> images = new ArrayList<>();
        fields.list("init_images").forEach(images::add);
        if (images.isEmpty()) {
            throw HttpException.of(404, "init_image_not_found", "Init image not found");
        }
        if (images.size() > 1) {
            throw HttpException.badRequest("init_images", "init_images must be one picture");
        }
        BufferedImage picture = reader.readText(images.getFirst().asText(), "init_images");
        InitImage init = InitImage.of(picture)
                .withStrength(fields.number("denoising_strength").orElse(InitImage.DEFAULT_STRENGTH))
                .withResizeMode(resizeMode());
        return fields.filledText("mask").isPresent() ? init.withMask(mask(reader)) : init;
    }

    private ResizeMode resizeMode() {
        return switch (fields.integer("resize_mode").orElse(0)) {
            case 0 -> ResizeMode.STRETCH;
            case 1 -> ResizeMode.CROP;
            case 2 -> ResizeMode.FIT;
            default -> throw HttpException.badRequest("resize_mode", "resize_mode must be 0, 1 or 2");
        };
    }

    private BufferedImage mask(PictureReader reader) {
        int fill = fields.integer("inpainting_fill").orElse(1);
        if (fill < 0 || fill > 1) {
            throw HttpException.badRequest(
                    "inpainting_fill", "inpainting_fill must be 1: the picture is what is begun with");
        }
        if (fill == 0) {
            warnings.add("inpainting_fill 0 was taken as 1: the picture is what is begun with");
        }
        if (fields.flag("inpaint_full_res", true)) {
            warnings.add("inpaint_full_res was taken as false: the whole picture is drawn at its size");
        }
        double blur = fields.number("mask_blur").orElse(4);
        if (!(blur >= 0 && blur <= 64)) {
            throw HttpException.badRequest("mask_blur", "mask_blur must be from 0 to 64");
        }
        BufferedImage mask =
                ImageProcessor.toMask(reader.readText(fields.text("mask").orElseThrow(), "mask"));
        BufferedImage white = fields.flag("inpainting_mask_invert") ? Masks.inverted(mask) : mask;
        return Masks.blurred(white, blur);
    }
}
