package dev.diffusion4j.server.internal.http;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A method and a path, and what answers there.
 *
 * @param pattern such as {@code /v1/models/{id}}: a name in braces takes one segment of the path
 * @param errors how errors are written there
 * @param open whether it needs no key
 */
record Route(String method, String pattern, ErrorFormat errors, boolean open, Handler handler) {

    /** The values of the names in braces; empty if the path is another one. */
    Optional<Map<String, String>> match(String path) {
        String[] wanted = pattern.split("/", -1);
        String[] given = path.split("/", -1);
        if (wanted.length != given.length) {
            return Optional.empty();
        }
        Map<String, String> values = new LinkedHashMap<>();
        for (int i = 0; i < wanted.length; i++) {
            if (wanted[i].startsWith("{") && !given[i].isEmpty()) {
                values.put(wanted[i].substring(1, wanted[i].length() - 1), given[i]);
            } else if (!wanted[i].equals(given[i])) {
                return Optional.empty();
            }
        }
        return Optional.of(values);
    }
}
