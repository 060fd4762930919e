package dev.diffusion4j.cli.options;

import dev.diffusion4j.error.InvalidRequestException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A size as typed: {@code 512x768}.
 *
 * @param width in pixels, or in whatever the option counts
 * @param height likewise
 */
public record PixelSize(int width, int height) {

    private static final Pattern FORM = Pattern.compile("(\\d{1,6})[xX×](\\d{1,6})");

    /** Reads {@code WxH}. */
    public static PixelSize parse(String text) {
        Matcher matcher = FORM.matcher(text.strip());
        if (!matcher.matches()) {
            throw new InvalidRequestException("size", text, "a width and a height such as 512x768");
        }
        return new PixelSize(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
    }

    @Override
    public String toString() {
        return width + "x" + height;
    }
}
