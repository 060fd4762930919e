package dev.diffusion4j.tokenizer;

import dev.diffusion4j.error.InvalidRequestException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A prompt without the LoRAs that it names, and those LoRAs. They are written as in AUTOMATIC1111's web UI:
 * {@code <lora:name>}, {@code <lora:name:0.8>}, {@code <lora:name:0.5:0.8>} with a strength for the text encoder and one for
 * the diffusion model, or {@code <lora:name:te=0.5:unet=0.8>}; {@code lyco} means the same.
 *
 * @param text what is left to draw: each tag, with the blanks around it, became one blank
 * @param tags the LoRAs, in the order of the text
 */
public record LoraTags(String text, List<Tag> tags) {

    private static final Pattern BEGINNING = Pattern.compile("<(?:lora|lyco):", Pattern.CASE_INSENSITIVE);

    private static final Pattern TAG = Pattern.compile(BEGINNING.pattern() + "([^<>]*)>", Pattern.CASE_INSENSITIVE);

    private static final String FORM = "<lora:NAME>, <lora:NAME:STRENGTH> or <lora:NAME:TEXT_ENCODER:UNET>";

    /** The web UI's names of the strengths, in the order in which they are written without. */
    private static final List<String> STRENGTHS = List.of("te", "unet");

    /**
     * A LoRA that a prompt names.
     *
     * @param name a file's name, with or without its ending
     * @param multiplier its strength in the diffusion model; 1 as trained
     * @param textEncoderMultiplier its strength in the text encoders
     */
    public record Tag(String name, double multiplier, double textEncoderMultiplier) {

        public Tag {
            Objects.requireNonNull(name, "name");
        }
    }

    /** Keeps its own list. */
    public LoraTags {
        Objects.requireNonNull(text, "text");
        tags = List.copyOf(tags);
    }

    /**
     * Takes a prompt apart.
     *
     * @throws InvalidRequestException if what begins as a tag is none, or if a name is that of a path
     */
    public static LoraTags parse(String prompt) {
        Matcher matcher = TAG.matcher(prompt);
        StringBuilder text = new StringBuilder();
        List<Tag> tags = new ArrayList<>();
        int end = 0;
        while (matcher.find()) {
            append(text, prompt.substring(end, matcher.start()), !tags.isEmpty());
            tags.add(tag(matcher.group(), matcher.group(1)));
            end = matcher.end();
        }
        append(text, prompt.substring(end), !tags.isEmpty());
        Matcher unclosed = BEGINNING.matcher(text);
        if (unclosed.find()) {
            throw new InvalidRequestException(
                    "prompt", quoted(text.substring(unclosed.start())), "text that names LoRAs as " + FORM);
        }
        return new LoraTags(tags.isEmpty() ? prompt : text.toString().strip(), tags);
    }

    private static void append(StringBuilder text, String part, boolean followsTag) {
        if (!followsTag) {
            text.append(part);
            return;
        }
        while (!text.isEmpty() && Character.isWhitespace(text.charAt(text.length() - 1))) {
            text.setLength(text.length() - 1);
        }
        text.append(' ').append(part.stripLeading());
    }

    private static Tag tag(String source, String content) {
        String[] parts = content.split(":", -1);
        String name = parts[0].strip();
        if (name.isEmpty()) {
            throw refusal(source, "text that names LoRAs as " + FORM);
        }
        if (name.contains("/") || name.contains("\\") || name.equals(".") || name.equals("..")) {
            throw refusal(source, "text that names LoRAs by their file names alone (subfolders are searched)");
        }
        Map<String, Double> strengths = new LinkedHashMap<>();
        int unnamed = 0;
        for (int i = 1; i < parts.length; i++) {
            String[] sides = parts[i].split("=", 2);
            String key = sides.length == 2
                    ? sides[0].strip()
                    : unnamed < STRENGTHS.size() ? STRENGTHS.get(unnamed++) : "more";
            if (!STRENGTHS.contains(key)) {
                throw refusal(source, "text that names LoRAs as " + FORM);
            }
            strengths.put(key, strength(source, sides[sides.length - 1].strip()));
        }
        double textEncoder = strengths.getOrDefault("te", 1.0);
        return new Tag(name, strengths.getOrDefault("unet", textEncoder), textEncoder);
    }

    private static double strength(String source, String text) {
        if (!text.matches("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?")) {
            throw refusal(source, "text with a number such as 0.8 for a LoRA's strength");
        }
        double value = Double.parseDouble(text);
        if (!Float.isFinite((float) value)) {
            throw refusal(source, "text with a finite number for a LoRA's strength");
        }
        return value;
    }

    private static InvalidRequestException refusal(String source, String allowed) {
        return new InvalidRequestException("prompt", quoted(source), allowed);
    }

    private static String quoted(String text) {
        return "'" + (text.length() <= 80 ? text : text.substring(0, 80) + "...") + "'";
    }
}
