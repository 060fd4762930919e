package dev.diffusion4j;

import java.util.Locale;

/** Compares names the way people type them. */
final class Names {

    private Names() {}

    /** Lower case, {@code pp} for {@code ++}, without spaces, {@code _}, {@code -} and {@code .}. */
    static String key(String name) {
        return name.strip().toLowerCase(Locale.ROOT).replace("++", "pp").replaceAll("[\\s_.-]", "");
    }
}
