package dev.diffusion4j.server.internal.webui;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.server.internal.http.HttpException;
import dev.diffusion4j.server.internal.http.Json;
import dev.diffusion4j.server.internal.models.ModelPool;
import dev.diffusion4j.server.internal.models.ServedModel;
import dev.diffusion4j.server.internal.request.Fields;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The settings of the web UI as far as they mean something here: the model, and how many of CLIP's layers are left out. Immutable.
 *
 * @param model the name of the model
 * @param clipSkip empty for the model's own
 */
record WebUiSettings(String model, OptionalInt clipSkip) {

    private static final String MODEL = "sd_model_checkpoint";

    private static final String CLIP_SKIP = "CLIP_stop_at_last_layers";

    private static final String VAE = "sd_vae";

    /** What the web UI's VAE setting may be, where a model has one VAE. */
    private static final Set<String> OWN_VAE = Set.of("Automatic", "None", "");

    /** Beginnings of settings that change no picture that is sent. */
    private static final Set<String> HARMLESS = Set.of(
            "samples_",
            "save_",
            "grid_",
            "live_preview",
            "show_progress",
            "jpeg_quality",
            "return_grid",
            "do_not_",
            "enable_pnginfo",
            "outdir_",
            "sd_checkpoint_hash",
            "memmon_");

    /** With the first model. */
    static WebUiSettings first(ModelPool models) {
        return new WebUiSettings(models.first().name(), OptionalInt.empty());
    }

    /**
     * With changes.
     *
     * @throws HttpException if a setting is not known, or its value cannot be had
     */
    WebUiSettings with(Fields changes, ModelPool models) {
        WebUiSettings settings = this;
        for (String name : changes.names()) {
            settings = switch (name) {
                case MODEL ->
                    new WebUiSettings(
                            changes.filledText(name)
                                    .map(text -> find(text, models))
                                    .orElse(model),
                            settings.clipSkip);
                case CLIP_SKIP -> new WebUiSettings(settings.model, clipSkip(changes));
                case VAE -> {
                    if (!OWN_VAE.contains(changes.text(name).orElse(""))) {
                        throw HttpException.badRequest(name, "a model of this server has one VAE: Automatic");
                    }
                    yield settings;
                }
                default -> {
                    if (HARMLESS.stream().noneMatch(name::startsWith)) {
                        throw HttpException.badRequest(
                                "override_settings", "this server has no setting " + shortened(name));
                    }
                    yield settings;
                }
            };
        }
        return settings;
    }

    private static OptionalInt clipSkip(Fields changes) {
        int layers = changes.integer(CLIP_SKIP).orElse(1);
        if (layers < 0 || layers > 12) {
            throw HttpException.badRequest(CLIP_SKIP, CLIP_SKIP + " must be from 1 to 12");
        }
        // 1 is what every model begins with, and some have another one of their own.
        return layers <= 1 ? OptionalInt.empty() : OptionalInt.of(layers);
    }

    /** Clients send the title, which has the hash behind it elsewhere, or the name of a file. */
    private static String find(String text, ModelPool models) {
        String title = text.replaceFirst("\\s*\\[\\p{XDigit}+]$", "");
        Optional<ServedModel> found = models.find(title).or(() -> models.find(title.replaceFirst("\\.[^.]+$", "")));
        return found.map(ServedModel::name)
                .orElseThrow(() -> HttpException.badRequest(MODEL, "there is no model " + shortened(text)));
    }

    private static String shortened(String text) {
        return text.length() > 80 ? text.substring(0, 80) + "..." : text;
    }

    ObjectNode toJson() {
        return Json.object()
                .put(MODEL, model)
                .put("sd_checkpoint_hash", "")
                .put(CLIP_SKIP, clipSkip.orElse(1))
                .put(VAE, "Automatic")
                .put("samples_format", "png")
                .put("samples_save", false);
    }
}
