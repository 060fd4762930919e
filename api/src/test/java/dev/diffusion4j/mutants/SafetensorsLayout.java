package dev.diffusion4j.mutants;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Collectors;

/** A length, JSON, the weights. */
final class SafetensorsLayout {

    /** The JSON ends in blanks up to here, so that the weights stay where they are when it changes. */
    private static final int ROOM = 1 << 18;

    private SafetensorsLayout() {}

    static Structure describe(Draft draft) {
        Structure json = new Structure()
                .text("begin", "{")
                .text("metadata name", "\"__metadata__\"")
                .text("colon", ":")
                .text("metadata", "{\"modelspec.resolution\":\"64x64\"}");
        for (Weight weight : draft.weights) {
            String type = weight.strangeType == null ? weight.type.name() : weight.strangeType;
            String shape = Arrays.stream(weight.shape).mapToObj(Long::toString).collect(Collectors.joining(","));
            json.text("comma", ",")
                    .raw("name", quoted(weight.name))
                    .text("colon", ":")
                    .text("tensor begin", "{")
                    .text("dtype name", "\"dtype\"")
                    .text("colon", ":")
                    .text("dtype", "\"" + type + "\"")
                    .text("comma", ",")
                    .text("shape name", "\"shape\"")
                    .text("colon", ":")
                    .text("shape", "[" + shape + "]")
                    .text("comma", ",")
                    .text("offsets name", "\"data_offsets\"")
                    .text("colon", ":")
                    .text("offsets", "[" + weight.offset + "," + (weight.offset + weight.length) + "]")
                    .text("tensor end", "}");
        }
        return json.text("end", "}");
    }

    private static byte[] quoted(byte[] name) {
        // Latin-1 keeps every byte what it is, be it text or not.
        String text = new String(name, StandardCharsets.ISO_8859_1);
        return ("\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"").getBytes(StandardCharsets.ISO_8859_1);
    }

    static FileImage assemble(Structure json, Draft draft) {
        int length = Math.max(ROOM, json.size());
        FileImage image = new FileImage();
        image.structure(
                0,
                new Structure()
                        .i64("header length", length)
                        .append(json)
                        .text("blanks", " ".repeat(length - json.size())));
        for (Weight weight : draft.weights) {
            image.weights(8L + length + weight.place, weight.content, weight.room);
        }
        image.length = 8L + length + draft.dataBytes;
        return image;
    }
}
