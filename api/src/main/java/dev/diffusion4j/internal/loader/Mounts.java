package dev.diffusion4j.internal.loader;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Which file systems programs cannot be run from; known on Linux alone. */
record Mounts(List<Mount> list) {

    private static final Path TABLE = Path.of("/proc/self/mountinfo");

    /** A mounted file system and its options. */
    record Mount(Path point, List<String> options) {}

    /** Those of this process. */
    static Mounts current() {
        try {
            // Not strict: one name in another encoding must not hide the others.
            return parse(new String(Files.readAllBytes(TABLE), StandardCharsets.UTF_8)
                    .lines()
                    .toList());
        } catch (IOException e) {
            return new Mounts(List.of());
        }
    }

    /** Reads the lines of a mountinfo file: the fifth field is where, the sixth the options. */
    static Mounts parse(List<String> lines) {
        List<Mount> mounts = new ArrayList<>();
        for (String line : lines) {
            String[] fields = line.split(" ");
            if (fields.length > 5) {
                String point =
                        fields[4].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\");
                try {
                    mounts.add(new Mount(Path.of(point), Arrays.asList(fields[5].split(","))));
                } catch (InvalidPathException e) {
                    // No folder that can be asked for in this locale is below it.
                    continue;
                }
            }
        }
        return new Mounts(mounts);
    }

    /** Whether the file system that a folder is on, or would be on if it existed, is mounted with {@code noexec}. */
    boolean forbidsPrograms(Path folder) {
        Path real = real(folder.toAbsolutePath().normalize());
        // Of two on the same point the later one covers the earlier.
        Optional<Mount> mount = list.stream()
                .filter(candidate -> real.startsWith(candidate.point()))
                .reduce((one, other) ->
                        one.point().getNameCount() > other.point().getNameCount() ? one : other);
        return mount.filter(found -> found.options().contains("noexec")).isPresent();
    }

    private static Path real(Path folder) {
        for (Path existing = folder; existing != null; existing = existing.getParent()) {
            try {
                return existing.toRealPath().resolve(existing.relativize(folder));
            } catch (IOException e) {
                // The one above, then.
                continue;
            }
        }
        return folder;
    }
}
