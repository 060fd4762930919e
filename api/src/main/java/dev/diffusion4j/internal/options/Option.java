package dev.diffusion4j.internal.options;

import dev.diffusion4j.internal.json.JsonType;
import java.util.function.Consumer;

/**
 * An option of a value, declared once: its name, how it is written, and what it may be.
 *
 * @param name as in JSON and in messages
 * @param type its form in JSON
 * @param check throws {@link dev.diffusion4j.error.InvalidRequestException} for a value that is none for the option
 * @param <T> what it is
 */
public record Option<T>(String name, JsonType<T> type, Consumer<? super T> check) {

    /** An option whose type checks itself. */
    public static <T> Option<T> of(String name, JsonType<T> type) {
        return new Option<>(name, type, value -> {});
    }

    /** An option of a type that checks itself and has no arguments. */
    public static <T> Option<T> of(String name, Class<T> type) {
        return of(name, JsonType.of(type));
    }

    /** An option whose type has no arguments. */
    public static <T> Option<T> of(String name, Class<T> type, Consumer<? super T> check) {
        return new Option<>(name, JsonType.of(type), check);
    }
}
