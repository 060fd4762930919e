package dev.diffusion4j.server.internal.request;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.server.internal.http.HttpException;
import dev.diffusion4j.server.internal.http.Json;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;

/** The fields of a request's object, each checked for its type. What is null is as if it were not there. */
public final class Fields {

    private final ObjectNode object;

    /** Of an object; numbers and flags may be text, as they are in forms. */
    public Fields(ObjectNode object) {
        this.object = object;
    }

    /** The field as it is. */
    public Optional<JsonNode> node(String name) {
        JsonNode node = object.get(name);
        return node == null || node.isNull() ? Optional.empty() : Optional.of(node);
    }

    /** All names. */
    public Set<String> names() {
        Set<String> names = new TreeSet<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }

    /** A text. */
    public Optional<String> text(String name) {
        return node(name).map(node -> {
            if (!node.isTextual()) {
                throw wrong(name, "text");
            }
            return node.textValue();
        });
    }

    /** A text that says something. */
    public Optional<String> filledText(String name) {
        return text(name).filter(text -> !text.isBlank());
    }

    /** A whole number. */
    public OptionalLong wholeNumber(String name) {
        Optional<JsonNode> node = node(name);
        if (node.isEmpty()) {
            return OptionalLong.empty();
        }
        // Some programs write 20.0.
        if (node.get().isNumber()
                && node.get().doubleValue() == Math.rint(node.get().doubleValue())
                && node.get().canConvertToLong()) {
            return OptionalLong.of(node.get().longValue());
        }
        try {
            return OptionalLong.of(Long.parseLong(
                    node.get().isTextual() ? node.get().textValue().strip() : ""));
        } catch (NumberFormatException e) {
            throw wrong(name, "a whole number");
        }
    }

    /** A whole number of moderate size. */
    public OptionalInt integer(String name) {
        OptionalLong number = wholeNumber(name);
        if (number.isEmpty()) {
            return OptionalInt.empty();
        }
        if (number.getAsLong() != (int) number.getAsLong()) {
            throw wrong(name, "a smaller number");
        }
        return OptionalInt.of((int) number.getAsLong());
    }

    /** A number. */
    public OptionalDouble number(String name) {
        Optional<JsonNode> node = node(name);
        if (node.isEmpty()) {
            return OptionalDouble.empty();
        }
        if (node.get().isNumber()) {
            return OptionalDouble.of(node.get().doubleValue());
        }
        try {
            return OptionalDouble.of(
                    Double.parseDouble(node.get().isTextual() ? node.get().textValue() : ""));
        } catch (NumberFormatException e) {
            throw wrong(name, "a number");
        }
    }

    /** Whether something is so; false if nothing is said. */
    public boolean flag(String name) {
        return flag(name, false);
    }

    /** Whether something is so. */
    public boolean flag(String name, boolean otherwise) {
        return node(name)
                .map(node -> switch (node.asText()) {
                    case "true", "True", "1" -> true;
                    case "false", "False", "0" -> false;
                    default -> throw wrong(name, "true or false");
                })
                .orElse(otherwise);
    }

    /** An object; an empty one if there is none. */
    public Fields object(String name) {
        return node(name)
                .map(node -> {
                    if (node instanceof ObjectNode inner) {
                        return new Fields(inner);
                    }
                    throw wrong(name, "an object");
                })
                .orElseGet(() -> new Fields(Json.object()));
    }

    /** A list; an empty one if there is none. */
    public Iterable<JsonNode> list(String name) {
        return node(name)
                .map(node -> {
                    if (!node.isArray()) {
                        throw wrong(name, "a list");
                    }
                    return (Iterable<JsonNode>) node;
                })
                .orElseGet(List::of);
    }

    private static HttpException wrong(String name, String what) {
        return HttpException.badRequest(name, name + " must be " + what);
    }
}
