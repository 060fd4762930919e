package dev.diffusion4j.cli;

import java.util.Locale;

/** Large numbers for people. */
final class Quantity {

    private static final String[] BYTE_UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};
    private static final String[] COUNT_UNITS = {"", " thousand", " million", " billion", " trillion"};

    private Quantity() {}

    /** Such as {@code 3.97 GiB}. */
    static String bytes(long bytes) {
        return scaled(bytes, 1024, " ", BYTE_UNITS);
    }

    /** Such as {@code 1.07 billion}. */
    static String count(long count) {
        return scaled(count, 1000, "", COUNT_UNITS);
    }

    private static String scaled(long value, int base, String separator, String[] units) {
        double rest = value;
        int unit = 0;
        while (rest >= base && unit < units.length - 1) {
            rest /= base;
            unit++;
        }
        return (unit == 0 ? Long.toString(value) : String.format(Locale.ROOT, "%.2f", rest)) + separator + units[unit];
    }
}
