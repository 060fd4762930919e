package dev.diffusion4j.server.internal.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.image.Picture;
import dev.diffusion4j.image.ResizeMode;
import dev.diffusion4j.request.Identity;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.InitImage;
import dev.diffusion4j.request.Lora;
import dev.diffusion4j.request.References;
import dev.diffusion4j.server.internal.http.HttpException;
import dev.diffusion4j.server.internal.http.Json;
import dev.diffusion4j.server.internal.models.LoraNames;
import dev.diffusion4j.server.internal.request.Fields;
import dev.diffusion4j.server.internal.request.LoraList;
import dev.diffusion4j.server.internal.request.PictureReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The JSON of a request as the library writes it, but for three things: a LoRA is named, as no path of a client's is used, for the
 * same reason there is no upscaler model, and pictures may be of any format that is read here, and are looked at before they are decoded.
 */
final class NativeRequest {

    private static final Set<String> INIT_FIELDS = Set.of("picture", "strength", "resizeMode", "mask");

    private static final Set<String> REFERENCE_FIELDS = Set.of("pictures", "resize", "distinctIndices");

    /** Without the embeddings, which are a path. */
    private static final Set<String> IDENTITY_FIELDS = Set.of("pictures", "styleStrength");

    private final LoraNames loras;
    private final PictureReader reader;

    NativeRequest(LoraNames loras, PictureReader reader) {
        this.loras = loras;
        this.reader = reader;
    }

    /**
     * Reads a request.
     *
     * @throws HttpException if it is none
     */
    ImageRequest read(ObjectNode json) {
        ObjectNode plain = json.deepCopy();
        JsonNode initImage = plain.remove("initImage");
        JsonNode references = plain.remove("references");
        JsonNode identity = plain.remove("identity");
        List<Lora> named = LoraList.read(new Fields(plain).list("loras"), loras);
        plain.remove("loras");
        if (!plain.at("/sampling/highResFix/upscalerModel").isMissingNode()) {
            throw HttpException.badRequest("sampling", "this server has no upscaler models: leave out upscalerModel");
        }

        ImageRequest.Builder request =
                ImageRequest.fromJson(Json.text(plain)).toBuilder().loras(named);
        if (initImage != null && !initImage.isNull()) {
            request.initImage(initImage(object(initImage, "initImage")));
        }
        if (references != null && !references.isNull()) {
            request.references(references(object(references, "references")));
        }
        if (identity != null && !identity.isNull()) {
            request.identity(identity(object(identity, "identity")));
        }
        return request.build();
    }

    private static Fields object(JsonNode node, String name) {
        if (node instanceof ObjectNode object) {
            return new Fields(object);
        }
        throw HttpException.badRequest(name, name + " must be an object");
    }

    private InitImage initImage(Fields fields) {
        requireKnown(fields, INIT_FIELDS, "initImage");
        String picture = fields.filledText("picture")
                .orElseThrow(() -> HttpException.badRequest("initImage", "initImage must have a picture"));
        InitImage init = InitImage.of(reader.readText(picture, "initImage.picture"));
        if (fields.number("strength").isPresent()) {
            init = init.withStrength(fields.number("strength").getAsDouble());
        }
        if (fields.filledText("resizeMode").isPresent()) {
            init = init.withResizeMode(
                    resizeMode(fields.filledText("resizeMode").get()));
        }
        return fields.filledText("mask").isPresent()
                ? init.withMask(reader.readText(fields.filledText("mask").get(), "initImage.mask"))
                : init;
    }

    private static ResizeMode resizeMode(String name) {
        return Arrays.stream(ResizeMode.values())
                .filter(mode -> mode.name().toLowerCase(Locale.ROOT).equals(name))
                .findFirst()
                .orElseThrow(() -> HttpException.badRequest(
                        "initImage.resizeMode", "resizeMode must be one of stretch, crop, fit"));
    }

    private References references(Fields fields) {
        requireKnown(fields, REFERENCE_FIELDS, "references");
        References references = References.of(pictures(fields, "references.pictures"));
        if (fields.node("resize").isPresent()) {
            references = references.withResize(fields.flag("resize"));
        }
        return fields.node("distinctIndices").isPresent()
                ? references.withDistinctIndices(fields.flag("distinctIndices"))
                : references;
    }

    private Identity identity(Fields fields) {
        requireKnown(fields, IDENTITY_FIELDS, "identity");
        Identity identity = Identity.of(pictures(fields, "identity.pictures"));
        return fields.number("styleStrength").isPresent()
                ? identity.withStyleStrength(fields.number("styleStrength").getAsDouble())
                : identity;
    }

    private List<Picture> pictures(Fields fields, String name) {
        List<Picture> pictures = new ArrayList<>();
        for (JsonNode picture : fields.list("pictures")) {
            pictures.add(Picture.of(reader.readText(picture.asText(), name)));
        }
        return pictures;
    }

    private static void requireKnown(Fields fields, Set<String> known, String name) {
        for (String field : fields.names()) {
            if (!known.contains(field)) {
                throw HttpException.badRequest(name, name + " has no " + (field.length() > 40 ? "such field" : field));
            }
        }
    }
}
