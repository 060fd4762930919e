package dev.diffusion4j.internal.format;

import java.util.Locale;

/** Compares names the way people type them. */
public final class Names {

    private Names() {}

    /**
     * The {@link #key} of a sampler without what other programs put around its name: {@code k_} of k-diffusion,
     * {@code sample_} of its functions, {@code Scheduler} of diffusers' classes; and {@code a} for {@code ancestral}.
     */
    public static String samplerKey(String name) {
        return key(name)
                .replaceFirst("^(sample|k)(?=.)", "")
                .replaceFirst("(?<=.)(discrete)?scheduler$", "")
                .replace("ancestral", "a");
    }

    /** Lower case, {@code pp} for {@code ++}, without spaces, {@code _}, {@code -} and {@code .}. */
    public static String key(String name) {
        return name.strip().toLowerCase(Locale.ROOT).replace("++", "pp").replaceAll("[\\s_.-]", "");
    }
}
