package dev.diffusion4j.cli.options;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.request.HighResFix;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** How the first pass is enlarged, as it is typed: one of the runtime's ways by its name, or the file of an upscaler. */
sealed interface HighResUpscaler {

    /** What looks like a file: it has an ending or lies in a folder. */
    Pattern FILE = Pattern.compile(".*[./\\\\].*");

    /** One of the runtime's ways. */
    record Way(HighResFix.Upscaler upscaler) implements HighResUpscaler {}

    /** An upscaler model. */
    record Model(Path file) implements HighResUpscaler {}

    static HighResUpscaler parse(String text) {
        for (HighResFix.Upscaler upscaler : HighResFix.Upscaler.values()) {
            if (name(upscaler).equals(text.toLowerCase(Locale.ROOT).replace('_', '-'))) {
                return new Way(upscaler);
            }
        }
        if (FILE.matcher(text).matches()) {
            return new Model(Converters.path(text));
        }
        String names = Arrays.stream(HighResFix.Upscaler.values())
                .map(HighResUpscaler::name)
                .collect(Collectors.joining(", "));
        throw new InvalidRequestException("upscaler", text, "one of " + names + ", or an upscaler's file");
    }

    private static String name(HighResFix.Upscaler upscaler) {
        return upscaler.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The second pass with it. */
    default HighResFix applyTo(HighResFix fix) {
        return switch (this) {
            case Way(HighResFix.Upscaler upscaler) -> fix.withUpscaler(upscaler);
            case Model(Path file) -> fix.withUpscalerModel(file);
        };
    }
}
