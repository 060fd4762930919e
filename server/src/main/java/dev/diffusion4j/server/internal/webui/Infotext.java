package dev.diffusion4j.server.internal.webui;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.server.internal.http.HttpException;
import dev.diffusion4j.server.internal.http.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The text that the web UI puts into pictures: a prompt, a negative one, and a last line of values by their names. */
final class Infotext {

    private static final String NEGATIVE = "Negative prompt:";

    /** A name, and a value that is quoted if it has separators in it. */
    private static final Pattern PAIR =
            Pattern.compile("\\s*([\\w /+-]+):\\s*(\"(?:\\\\.|[^\\\\\"])*+\"|[^,]*)(?:,|$)");

    private static final int LEAST_PAIRS = 3;

    private Infotext() {}

    /** Takes it apart. */
    static ObjectNode parse(String text) {
        ObjectNode values = Json.object();
        List<String> lines = text.strip().lines().toList();
        String last = lines.isEmpty() ? "" : lines.getLast();
        boolean hasPairs = PAIR.matcher(last).results().count() >= LEAST_PAIRS;
        StringBuilder prompt = new StringBuilder();
        StringBuilder negative = new StringBuilder();
        StringBuilder current = prompt;
        for (String line : hasPairs ? lines.subList(0, lines.size() - 1) : lines) {
            String rest = line.strip();
            if (rest.startsWith(NEGATIVE)) {
                current = negative;
                rest = rest.substring(NEGATIVE.length()).strip();
            }
            current.append(current.isEmpty() ? "" : "\n").append(rest);
        }
        values.put("Prompt", prompt.toString());
        values.put("Negative prompt", negative.toString());
        if (hasPairs) {
            Matcher matcher = PAIR.matcher(last);
            while (matcher.find()) {
                values.put(matcher.group(1).strip(), unquoted(matcher.group(2).strip()));
            }
        }
        return values;
    }

    private static String unquoted(String value) {
        if (!value.startsWith("\"")) {
            return value;
        }
        try {
            String wrapped = "{\"value\":" + value + "}";
            return Json.readObject(wrapped.getBytes(StandardCharsets.UTF_8))
                    .path("value")
                    .asText();
        } catch (HttpException e) {
            return value;
        }
    }
}
