package dev.diffusion4j.cli.options;

import dev.diffusion4j.error.InvalidRequestException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.TypeConversionException;

/** Teaches picocli the types of this program's options. */
public final class Converters {

    private Converters() {}

    /** Registers a parser whose {@link InvalidRequestException} says what is allowed. */
    public static <T> void register(CommandLine line, Class<T> type, Function<String, T> parser) {
        line.registerConverter(type, text -> {
            try {
                return parser.apply(text);
            } catch (InvalidRequestException e) {
                throw new TypeConversionException("must be " + e.allowed() + ", not '" + text + "'");
            }
        });
    }

    /** Reads a file's name. */
    public static Path path(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new InvalidRequestException("file", text, "a file name that this system and locale can express");
        }
    }

    /** Registers an enum by its constants' names, in any case and with {@code -} for {@code _}. */
    public static <E extends Enum<E>> void registerEnum(CommandLine line, Class<E> type) {
        line.registerConverter(type, text -> {
            for (E constant : type.getEnumConstants()) {
                if (name(constant).equals(text.toLowerCase(Locale.ROOT).replace('_', '-'))) {
                    return constant;
                }
            }
            throw new TypeConversionException("must be one of "
                    + Arrays.stream(type.getEnumConstants())
                            .map(Converters::name)
                            .collect(Collectors.joining(", "))
                    + ", not '" + text + "'");
        });
    }

    private static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
