package dev.diffusion4j.internal.isolated;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Writes records as bytes and reads them back. What is read is what the reader's own declarations say: records of
 * primitives, text, paths, enums, arrays, optionals, lists, maps, other records, and sealed interfaces of records. No type
 * is named in the bytes, so bytes cannot choose what is made of them.
 */
final class Codec {

    private Codec() {}

    static byte[] write(Type type, Object value) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            write(type, value, new DataOutputStream(bytes));
        } catch (IOException e) {
            throw new IllegalStateException("an array takes all bytes", e);
        }
        return bytes.toByteArray();
    }

    static <T> T read(Class<T> type, byte[] bytes) throws IOException {
        return type.cast(read(type, new DataInputStream(new ByteArrayInputStream(bytes))));
    }

    private static void write(Type type, Object value, DataOutputStream out) throws IOException {
        switch (value) {
            case Integer number -> out.writeInt(number);
            case Long number -> out.writeLong(number);
            case Float number -> out.writeFloat(number);
            case Double number -> out.writeDouble(number);
            case Boolean truth -> out.writeBoolean(truth);
            case String text -> write(text.getBytes(StandardCharsets.UTF_8), out);
            // The other process may be in another folder.
            case Path path -> write(String.class, path.toAbsolutePath().toString(), out);
            case Enum<?> constant -> out.writeInt(constant.ordinal());
            case byte[] bytes -> write(bytes, out);
            case int[] numbers -> {
                out.writeInt(numbers.length);
                for (int number : numbers) {
                    out.writeInt(number);
                }
            }
            case float[] numbers -> {
                out.writeInt(numbers.length);
                for (float number : numbers) {
                    out.writeFloat(number);
                }
            }
            case OptionalDouble number -> {
                out.writeBoolean(number.isPresent());
                out.writeDouble(number.orElse(0));
            }
            case Optional<?> optional -> {
                out.writeBoolean(optional.isPresent());
                if (optional.isPresent()) {
                    write(argument(type, 0), optional.get(), out);
                }
            }
            case List<?> list -> {
                out.writeInt(list.size());
                for (Object element : list) {
                    write(argument(type, 0), element, out);
                }
            }
            case Map<?, ?> map -> {
                out.writeInt(map.size());
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    write(argument(type, 0), entry.getKey(), out);
                    write(argument(type, 1), entry.getValue(), out);
                }
            }
            case Record record -> writeRecord((Class<?>) type, record, out);
            default -> throw new IllegalArgumentException("no way to write a " + value.getClass());
        }
    }

    private static void write(byte[] bytes, DataOutputStream out) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static void writeRecord(Class<?> declared, Record record, DataOutputStream out) throws IOException {
        if (declared.isSealed()) {
            out.writeInt(List.of(declared.getPermittedSubclasses()).indexOf(record.getClass()));
        }
        try {
            for (RecordComponent component : record.getClass().getRecordComponents()) {
                write(component.getGenericType(), component.getAccessor().invoke(record), out);
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a record's accessors can be called", e);
        }
    }

    private static Object read(Type type, DataInputStream in) throws IOException {
        if (type instanceof ParameterizedType parameterized) {
            return readGeneric(parameterized, in);
        }
        Class<?> wanted = (Class<?>) type;
        if (wanted == int.class || wanted == Integer.class) {
            return in.readInt();
        } else if (wanted == long.class || wanted == Long.class) {
            return in.readLong();
        } else if (wanted == float.class || wanted == Float.class) {
            return in.readFloat();
        } else if (wanted == double.class || wanted == Double.class) {
            return in.readDouble();
        } else if (wanted == boolean.class) {
            return in.readBoolean();
        } else if (wanted == String.class) {
            return new String(readBytes(in), StandardCharsets.UTF_8);
        } else if (wanted == Path.class) {
            return Path.of(new String(readBytes(in), StandardCharsets.UTF_8));
        } else if (wanted.isEnum()) {
            return element(wanted.getEnumConstants(), in.readInt());
        } else if (wanted == byte[].class) {
            return readBytes(in);
        } else if (wanted == int[].class) {
            int[] numbers = new int[readCount(in, Integer.BYTES)];
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = in.readInt();
            }
            return numbers;
        } else if (wanted == float[].class) {
            float[] numbers = new float[readCount(in, Float.BYTES)];
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = in.readFloat();
            }
            return numbers;
        } else if (wanted == OptionalDouble.class) {
            boolean present = in.readBoolean();
            double number = in.readDouble();
            return present ? OptionalDouble.of(number) : OptionalDouble.empty();
        }
        return readRecord(wanted.isSealed() ? element(wanted.getPermittedSubclasses(), in.readInt()) : wanted, in);
    }

    private static Object readGeneric(ParameterizedType type, DataInputStream in) throws IOException {
        if (type.getRawType() == Optional.class) {
            return in.readBoolean() ? Optional.of(read(argument(type, 0), in)) : Optional.empty();
        }
        int count = readCount(in, 0);
        if (type.getRawType() == List.class) {
            List<Object> list = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                list.add(read(argument(type, 0), in));
            }
            return List.copyOf(list);
        }
        Map<Object, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < count; i++) {
            map.put(read(argument(type, 0), in), read(argument(type, 1), in));
        }
        return map;
    }

    private static Object readRecord(Class<?> type, DataInputStream in) throws IOException {
        RecordComponent[] components = type.getRecordComponents();
        Class<?>[] types = new Class<?>[components.length];
        Object[] values = new Object[components.length];
        for (int i = 0; i < components.length; i++) {
            types[i] = components[i].getType();
            values[i] = read(components[i].getGenericType(), in);
        }
        try {
            return type.getDeclaredConstructor(types).newInstance(values);
        } catch (InvocationTargetException e) {
            throw new IOException("a value of " + type.getSimpleName() + " was refused", e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a record's constructor can be called", e);
        }
    }

    private static byte[] readBytes(DataInputStream in) throws IOException {
        return in.readNBytes(readCount(in, 1));
    }

    /** A count of elements that the remaining bytes can hold. */
    private static int readCount(DataInputStream in, int elementSize) throws IOException {
        int count = in.readInt();
        if (count < 0 || (long) count * elementSize > in.available()) {
            throw new IOException("a count of " + count + " is more than the message holds");
        }
        return count;
    }

    private static <T> T element(T[] choices, int index) throws IOException {
        if (index < 0 || index >= choices.length) {
            throw new IOException("there is no choice " + index);
        }
        return choices[index];
    }

    private static Type argument(Type type, int index) {
        return ((ParameterizedType) type).getActualTypeArguments()[index];
    }
}
