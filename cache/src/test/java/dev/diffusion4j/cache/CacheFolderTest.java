package dev.diffusion4j.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Homes that cannot hold a cache, each in a JVM that has such a one. */
@DisabledOnOs(OS.WINDOWS)
class CacheFolderTest {

    @TempDir
    private Path folder;

    private Path started;
    private Path temporary;

    @BeforeEach
    void makeFolders() throws IOException {
        started = Files.createDirectory(folder.resolve("started"));
        temporary = Files.createDirectory(folder.resolve("temporary"));
    }

    /** Unpacks in a JVM with these options and this variable; returns where, or what it said. */
    private String unpack(List<String> options, String variable, String value) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-Djava.io.tmpdir=" + temporary);
        command.addAll(options);
        String classPath = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(place -> Path.of(place).toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator));
        command.addAll(List.of("-cp", classPath, UnpackProbe.class.getName()));
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(started.toFile()).redirectErrorStream(true);
        List.of("XDG_CACHE_HOME", "DIFFUSION4J_CACHE").forEach(builder.environment()::remove);
        builder.environment().put("LC_ALL", "C");
        if (!variable.isEmpty()) {
            builder.environment().put(variable, value);
        }
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        process.waitFor();
        try (Stream<Path> left = Files.list(started)) {
            assertThat(left).as("left in the working directory").isEmpty();
        }
        return output;
    }

    private void assertUnpackedBelow(Path expected, String output) {
        assertThat(output).startsWith(expected + File.separator);
        assertThat(Path.of(output)).hasContent(UnpackProbe.CONTENT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"?", "", "j\u00fc", "relative", "/proc/home"})
    void aHomeThatIsNoneIsPassedOver(String home) throws Exception {
        String output = unpack(List.of("-Duser.home=" + home, "-Duser.name=user"), "", "");
        assertUnpackedBelow(temporary.toRealPath().resolve("diffusion4j-user"), output);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/tmp/j\u00fc", "relative"})
    void aFolderForCachesThatIsNoneIsPassedOver(String caches) throws Exception {
        String output = unpack(List.of("-Duser.name=user"), "XDG_CACHE_HOME", caches);
        assertUnpackedBelow(temporary.toRealPath().resolve("diffusion4j-user"), output);
    }

    @Test
    void aNamedFolderThatCannotBeExpressedIsPassedOver() throws Exception {
        String home = "-Duser.home=" + folder.resolve("home");
        Path expected = folder.toRealPath().resolve("home/.cache/diffusion4j");
        assertUnpackedBelow(expected, unpack(List.of(home, "-Ddiffusion4j.cache=/tmp/j\u00fc"), "", ""));
        assertUnpackedBelow(expected, unpack(List.of(home), "DIFFUSION4J_CACHE", "/tmp/j\u00fc"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"?", "", "j\u00fc", "a/b"})
    void aUserWithoutANameHasAFolderOfTheirOwn(String user) throws Exception {
        String output = unpack(List.of("-Duser.home=?", "-Duser.name=" + user), "", "");
        Object number = Files.getAttribute(temporary, "unix:uid");
        assertThat(output).startsWith(temporary.toRealPath() + File.separator + "diffusion4j-");
        if (Files.exists(Path.of("/proc/self"))) {
            assertUnpackedBelow(temporary.toRealPath().resolve("diffusion4j-" + number), output);
        }
    }

    @Test
    void everyFolderThatWasTriedIsNamed() throws Exception {
        String output = unpack(List.of("-Duser.home=?", "-Djava.io.tmpdir=/proc/none", "-Duser.name=user"), "", "");
        assertThat(output)
                .contains("cannot be unpacked", CacheFolder.PROPERTY)
                .contains("?/.cache/diffusion4j: ?/.cache/diffusion4j is not an absolute path")
                .contains("/proc/none/diffusion4j-user: ");
    }

    @Test
    void aRelativeFolderThatTheUserNamedIsTaken() throws Exception {
        assertThat(new CacheFolder("relative", false).path()).isEqualTo(Path.of("relative"));
        assertThatThrownBy(() -> new CacheFolder("relative", true).path())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("not an absolute path");
        assertThatThrownBy(() -> new CacheFolder("/tmp/\uFFFD", false).path())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("cannot be expressed");
    }
}
