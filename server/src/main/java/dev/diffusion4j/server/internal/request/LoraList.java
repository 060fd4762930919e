package dev.diffusion4j.server.internal.request;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.request.Lora;
import dev.diffusion4j.server.internal.http.HttpException;
import dev.diffusion4j.server.internal.models.LoraNames;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** LoRAs that a request names as objects: {@code name} and how strong. */
public final class LoraList {

    private static final Set<String> LORA_FIELDS =
            Set.of("name", "multiplier", "weight", "strength", "textEncoderMultiplier");

    private LoraList() {}

    /**
     * The LoRAs of a list.
     *
     * @throws HttpException if one is not there, or is given by a path
     */
    public static List<Lora> read(Iterable<JsonNode> list, LoraNames names) {
        List<Lora> loras = new ArrayList<>();
        for (JsonNode node : list) {
            if (!(node instanceof ObjectNode object)) {
                throw HttpException.badRequest("loras", "each of loras must be an object with a name");
            }
            Fields fields = new Fields(object);
            for (String field : fields.names()) {
                if (!LORA_FIELDS.contains(field)) {
                    throw HttpException.badRequest(
                            "loras",
                            "a LoRA has a name and a multiplier, and no " + field + ": the server finds its file");
                }
            }
            String name = fields.filledText("name")
                    .orElseThrow(() -> HttpException.badRequest("loras", "each of loras must have a name"));
            double multiplier = fields.number("multiplier")
                    .orElse(fields.number("weight")
                            .orElse(fields.number("strength").orElse(1)));
            double textEncoder = fields.number("textEncoderMultiplier").orElse(multiplier);
            loras.add(names.find(name, multiplier, textEncoder));
        }
        return loras;
    }
}
