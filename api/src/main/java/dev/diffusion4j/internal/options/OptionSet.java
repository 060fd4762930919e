package dev.diffusion4j.internal.options;

import dev.diffusion4j.internal.json.Json;
import dev.diffusion4j.internal.json.JsonFormatException;
import dev.diffusion4j.internal.json.JsonType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The options that were given to a value: what requests and options of models are made of. Immutable; equal if the same
 * options have equal values. An option that was not given is not in it.
 */
public final class OptionSet {

    /** Without any option. */
    public static final OptionSet EMPTY = new OptionSet(Map.of());

    private final Map<Option<?>, Object> values;

    private OptionSet(Map<Option<?>, Object> values) {
        this.values = values;
    }

    /** An option's value, if it was given. */
    @SuppressWarnings("unchecked")
    public <T> Optional<T> get(Option<T> option) {
        return Optional.ofNullable((T) values.get(option));
    }

    /** An option's value, or what holds where it was not given. */
    public <T> T get(Option<T> option, T otherwise) {
        return get(option).orElse(otherwise);
    }

    /**
     * An option's value in what was read, where it has to be.
     *
     * @throws JsonFormatException if it is not there
     */
    public <T> T require(Option<T> option) {
        return get(option).orElseThrow(() -> new JsonFormatException(option.name() + ": it is missing"));
    }

    /**
     * These with one more, or another value of it.
     *
     * @throws dev.diffusion4j.error.InvalidRequestException if the value is none for the option
     */
    public <T> OptionSet with(Option<T> option, T value) {
        option.check().accept(Objects.requireNonNull(value, option.name()));
        Map<Option<?>, Object> changed = new LinkedHashMap<>(values);
        changed.put(option, value);
        return new OptionSet(changed);
    }

    /** These without one. */
    public OptionSet without(Option<?> option) {
        Map<Option<?>, Object> changed = new LinkedHashMap<>(values);
        changed.remove(option);
        return new OptionSet(changed);
    }

    /** These, and those of another set that are not among them. */
    public OptionSet or(OptionSet others) {
        Map<Option<?>, Object> all = new LinkedHashMap<>(others.values);
        all.putAll(values);
        return new OptionSet(all);
    }

    /** The options as an object of JSON, in the order in which they are declared. */
    public Map<String, Object> toJson(List<Option<?>> declared) {
        Map<String, Object> fields = new LinkedHashMap<>();
        declared.forEach(option -> write(option, fields::put));
        return fields;
    }

    private <T> void write(Option<T> option, BiConsumer<String, Object> out) {
        get(option).ifPresent(value -> out.accept(option.name(), option.type().write(value)));
    }

    /**
     * Reads options back.
     *
     * @param declared those that there may be
     * @throws JsonFormatException if one is not of its type, or there are others
     * @throws dev.diffusion4j.error.InvalidRequestException if a value is none for its option
     */
    public static OptionSet fromJson(@Nullable Object json, List<Option<?>> declared) {
        Map<String, @Nullable Object> left = new LinkedHashMap<>(JsonType.object(json));
        OptionSet options = EMPTY;
        for (Option<?> option : declared) {
            if (left.containsKey(option.name())) {
                options = options.withJson(option, left.remove(option.name()));
            }
        }
        if (!left.isEmpty()) {
            throw new JsonFormatException(left.keySet().iterator().next() + ": there is no such option");
        }
        return options;
    }

    private <T> OptionSet withJson(Option<T> option, @Nullable Object json) {
        try {
            return with(option, option.type().read(json));
        } catch (JsonFormatException e) {
            throw new JsonFormatException(option.name() + ": " + e.getMessage());
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof OptionSet set && values.equals(set.values);
    }

    @Override
    public int hashCode() {
        return values.hashCode();
    }

    /** As JSON does. */
    @Override
    public String toString() {
        return Json.write(toJson(List.copyOf(values.keySet())));
    }
}
