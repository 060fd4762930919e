package dev.diffusion4j.internal.json;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How values of a type are written as JSON and read back, by what the type itself declares: numbers, text, paths, durations, enums
 * (in lower case), optionals (left out where empty), lists, maps with text for keys, records, and sealed interfaces of records,
 * whose {@code type} field says which one it is. Other classes have a {@link #of(Function, Function) form} of their own.
 *
 * @param <T> the type
 */
public final class JsonType<T> {

    private static final String TYPE = "type";

    private final Function<T, Object> writer;
    private final Function<@Nullable Object, T> reader;

    private JsonType(Function<T, Object> writer, Function<@Nullable Object, T> reader) {
        this.writer = writer;
        this.reader = reader;
    }

    /** A form of its own. */
    public static <T> JsonType<T> of(Function<T, Object> writer, Function<@Nullable Object, T> reader) {
        return new JsonType<>(writer, reader);
    }

    /** The form of a type that needs no arguments. */
    public static <T> JsonType<T> of(Class<T> type) {
        return new JsonType<>(value -> write(type, value), json -> {
            @SuppressWarnings("unchecked")
            T value = (T) read(type, json);
            return value;
        });
    }

    /** Lists of a type. */
    public static <T> JsonType<List<T>> listOf(JsonType<T> element) {
        return new JsonType<>(
                list -> list.stream().map(element.writer).toList(),
                json -> list(json).stream().map(element.reader).toList());
    }

    /** Maps to a type, by text. */
    public static <T> JsonType<Map<String, T>> mapOf(JsonType<T> value) {
        return new JsonType<>(
                map -> {
                    Map<String, Object> written = new LinkedHashMap<>();
                    map.forEach((name, element) -> written.put(name, value.write(element)));
                    return written;
                },
                json -> {
                    Map<String, T> map = new LinkedHashMap<>();
                    object(json).forEach((name, element) -> map.put(name, value.read(element)));
                    return Collections.unmodifiableMap(map);
                });
    }

    /** Maps to a type, by the constants of an enum. */
    public static <K extends Enum<K>, T> JsonType<Map<K, T>> mapOf(Class<K> key, JsonType<T> value) {
        JsonType<K> keys = of(key);
        return new JsonType<>(
                map -> {
                    Map<String, Object> written = new LinkedHashMap<>();
                    map.forEach(
                            (constant, element) -> written.put((String) keys.write(constant), value.write(element)));
                    return written;
                },
                json -> {
                    Map<K, T> map = new EnumMap<>(key);
                    object(json).forEach((name, element) -> map.put(keys.read(name), value.read(element)));
                    return Collections.unmodifiableMap(map);
                });
    }

    /** A value as {@link Json} has it. */
    public Object write(T value) {
        return writer.apply(value);
    }

    /**
     * The value back.
     *
     * @throws JsonFormatException if it is none of this type
     */
    public T read(@Nullable Object json) {
        return reader.apply(json);
    }

    /**
     * The fields of an object.
     *
     * @throws JsonFormatException if it is something else
     */
    @SuppressWarnings("unchecked")
    public static Map<String, @Nullable Object> object(@Nullable Object json) {
        if (json instanceof Map<?, ?> map) {
            return (Map<String, @Nullable Object>) map;
        }
        throw expected("an object", json);
    }

    private static List<?> list(@Nullable Object json) {
        if (json instanceof List<?> list) {
            return list;
        }
        throw expected("a list", json);
    }

    private static JsonFormatException expected(String what, @Nullable Object json) {
        String text = Json.write(json);
        return new JsonFormatException((text.length() > 60 ? text.substring(0, 60) + "..." : text) + " is not " + what);
    }

    private static Object write(Type type, Object value) {
        return switch (value) {
            case Enum<?> constant -> constant.name().toLowerCase(Locale.ROOT);
            case Path path -> path.toString();
            case Duration duration -> duration.toString();
            case List<?> list ->
                list.stream().map(element -> write(argument(type), element)).toList();
            case Record record -> writeRecord((Class<?>) type, record);
            default -> value;
        };
    }

    private static Map<String, Object> writeRecord(Class<?> declared, Record record) {
        Map<String, Object> fields = new LinkedHashMap<>();
        if (declared.isSealed()) {
            fields.put(TYPE, name(record.getClass()));
        }
        for (RecordComponent component : record.getClass().getRecordComponents()) {
            Object value = get(component, record);
            if (value instanceof Optional<?> optional) {
                optional.ifPresent(present ->
                        fields.put(component.getName(), write(argument(component.getGenericType()), present)));
            } else {
                fields.put(component.getName(), write(component.getGenericType(), value));
            }
        }
        return fields;
    }

    private static Object get(RecordComponent component, Record record) {
        try {
            Method accessor = component.getAccessor();
            // The record may be private to its package.
            accessor.setAccessible(true);
            return accessor.invoke(record);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a record's accessors can be called", e);
        }
    }

    private static Object read(Type type, @Nullable Object json) {
        if (type instanceof ParameterizedType) {
            return list(json).stream()
                    .map(element -> read(argument(type), element))
                    .toList();
        }
        Class<?> wanted = (Class<?>) type;
        if (wanted == int.class || wanted == Integer.class) {
            return json instanceof Long number && number == number.intValue()
                    ? number.intValue()
                    : wrong("a whole number", json);
        } else if (wanted == long.class || wanted == Long.class) {
            return json instanceof Long ? json : wrong("a whole number", json);
        } else if (wanted == double.class || wanted == Double.class) {
            return number(json);
        } else if (wanted == boolean.class || wanted == Boolean.class) {
            return json instanceof Boolean ? json : wrong("true or false", json);
        } else if (wanted == String.class) {
            return json instanceof String ? json : wrong("text", json);
        } else if (wanted == Path.class) {
            return path(json);
        } else if (wanted == Duration.class) {
            return duration(json);
        } else if (wanted.isEnum()) {
            return constant(wanted, json);
        }
        return readRecord(wanted, object(json));
    }

    private static double number(@Nullable Object json) {
        return switch (json) {
            case Number number -> number.doubleValue();
            // What JSON has no number for.
            case String text when text.equals("Infinity") -> Double.POSITIVE_INFINITY;
            case String text when text.equals("-Infinity") -> Double.NEGATIVE_INFINITY;
            case null, default -> throw expected("a number", json);
        };
    }

    private static Object wrong(String what, @Nullable Object json) {
        throw expected(what, json);
    }

    private static Path path(@Nullable Object json) {
        try {
            return json instanceof String text ? Path.of(text) : (Path) wrong("a path", json);
        } catch (InvalidPathException e) {
            throw expected("a path", json);
        }
    }

    private static Duration duration(@Nullable Object json) {
        try {
            return json instanceof String text ? Duration.parse(text) : (Duration) wrong("a duration", json);
        } catch (DateTimeParseException e) {
            throw expected("a duration", json);
        }
    }

    private static Object constant(Class<?> type, @Nullable Object json) {
        for (Object constant : type.getEnumConstants()) {
            if (((Enum<?>) constant).name().toLowerCase(Locale.ROOT).equals(json)) {
                return constant;
            }
        }
        List<String> names = new ArrayList<>();
        for (Object constant : type.getEnumConstants()) {
            names.add(((Enum<?>) constant).name().toLowerCase(Locale.ROOT));
        }
        return wrong("one of " + String.join(", ", names), json);
    }

    private static Object readRecord(Class<?> declared, Map<String, @Nullable Object> fields) {
        Map<String, @Nullable Object> left = new LinkedHashMap<>(fields);
        Class<?> type = declared.isSealed() ? permitted(declared, left.remove(TYPE)) : declared;
        RecordComponent[] components = type.getRecordComponents();
        Class<?>[] types = new Class<?>[components.length];
        Object[] values = new Object[components.length];
        for (int i = 0; i < components.length; i++) {
            String name = components[i].getName();
            boolean given = left.containsKey(name);
            Object json = left.remove(name);
            types[i] = components[i].getType();
            try {
                if (types[i] == Optional.class) {
                    values[i] = Optional.ofNullable(json).map(present -> read(argument(components, name), present));
                } else if (given) {
                    values[i] = read(components[i].getGenericType(), json);
                } else {
                    throw new JsonFormatException("it is missing");
                }
            } catch (JsonFormatException e) {
                throw new JsonFormatException(name + ": " + e.getMessage());
            }
        }
        if (!left.isEmpty()) {
            throw new JsonFormatException(left.keySet().iterator().next() + ": there is no such field");
        }
        try {
            Constructor<?> constructor = type.getDeclaredConstructor(types);
            constructor.setAccessible(true);
            return constructor.newInstance(values);
        } catch (InvocationTargetException e) {
            throw e.getCause() instanceof RuntimeException refused ? refused : new IllegalStateException(e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a record's constructor can be called", e);
        }
    }

    private static Class<?> permitted(Class<?> sealed, @Nullable Object name) {
        List<String> names = new ArrayList<>();
        for (Class<?> subclass : sealed.getPermittedSubclasses()) {
            if (name(subclass).equals(name)) {
                return subclass;
            }
            names.add(name(subclass));
        }
        throw new JsonFormatException(TYPE + ": " + Json.write(name) + " is not one of " + String.join(", ", names));
    }

    private static String name(Class<?> type) {
        return type.getSimpleName().toLowerCase(Locale.ROOT);
    }

    private static Type argument(RecordComponent[] components, String name) {
        for (RecordComponent component : components) {
            if (component.getName().equals(name)) {
                return argument(component.getGenericType());
            }
        }
        throw new IllegalArgumentException(name);
    }

    private static Type argument(Type type) {
        return ((ParameterizedType) type).getActualTypeArguments()[0];
    }
}
