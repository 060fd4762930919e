package dev.diffusion4j.internal.isolated;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.device.IsolatedOptions;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a child JVM is started with. */
@Tag("fast")
class ChildCommandLineTest {

    private static final Path LIBRARY = Path.of("libdiffusion4j.so");

    @TempDir
    private Path folder;

    @AfterEach
    void reset() {
        System.clearProperty("diffusion4j.aotCache");
    }

    private static String classPath(List<String> arguments) {
        return arguments.get(arguments.indexOf("-cp") + 1);
    }

    @Test
    void hasTheLibrarysJarsAlone() {
        List<String> arguments =
                ChildCommandLine.of(IsolatedOptions.DEFAULT, LIBRARY).arguments();
        assertThat(arguments).noneMatch(argument -> argument.startsWith("-XX:AOTCache"));
        assertThat(classPath(arguments)).doesNotContain("junit");
    }

    @Test
    void sharesTheCacheOfLinkedClassesAndTheClassPathThatItIsFor() {
        System.setProperty("diffusion4j.aotCache", "program.aot");
        List<String> arguments =
                ChildCommandLine.of(IsolatedOptions.DEFAULT, LIBRARY).arguments();
        assertThat(arguments).contains("-XX:AOTCache=program.aot", "--enable-native-access=ALL-UNNAMED");
        assertThat(classPath(arguments)).isEqualTo(System.getProperty("java.class.path"));
    }

    @Test
    void aClassPathOfOnesOwnHasNoCache() {
        System.setProperty("diffusion4j.aotCache", "program.aot");
        List<String> arguments = ChildCommandLine.of(IsolatedOptions.DEFAULT.withClassPath(List.of(folder)), LIBRARY)
                .arguments();
        assertThat(arguments).noneMatch(argument -> argument.startsWith("-XX:AOTCache"));
        assertThat(classPath(arguments)).isEqualTo(folder.toAbsolutePath().toString());
    }
}
