package dev.diffusion4j.internal.loader;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@Tag("fast")
@EnabledOnOs(OS.LINUX)
class MountsTest {

    private static final Mounts MOUNTS = Mounts.parse(List.of(
            "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw",
            "23 22 0:21 / /no-such/data rw,nosuid,noexec - tmpfs tmpfs rw",
            "24 23 0:22 / /no-such/data/programs rw - tmpfs tmpfs rw",
            "25 22 0:23 / /no-such/with\\040space rw,noexec - tmpfs tmpfs rw",
            "26 22 0:24 / /no-such/covered rw,noexec - tmpfs tmpfs rw",
            "27 26 0:25 / /no-such/covered rw - tmpfs tmpfs rw",
            "nonsense"));

    private static boolean forbidden(String folder) {
        return MOUNTS.forbidsPrograms(Path.of(folder));
    }

    @Test
    void theNearestMountDecides() {
        assertThat(forbidden("/no-such/data/cache")).isTrue();
        assertThat(forbidden("/no-such/data/programs/cache")).isFalse();
        assertThat(forbidden("/no-such/database")).isFalse();
        assertThat(forbidden("/no-such/with space")).isTrue();
        assertThat(forbidden("/no-such/covered/cache")).isFalse();
        assertThat(forbidden("/no-such")).isFalse();
    }

    @Test
    void thoseOfThisProcessCanBeRead() {
        assertThat(Mounts.current().list()).extracting(Mounts.Mount::point).contains(Path.of("/"));
    }
}
