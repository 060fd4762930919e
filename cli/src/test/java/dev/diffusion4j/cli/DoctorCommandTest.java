package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The doctor as its own process: natives are looked for once per process. */
class DoctorCommandTest {

    private static final String PLATFORM = System.getProperty("os.name").toLowerCase(Locale.ROOT) + "-"
            + System.getProperty("os.arch").replace("amd64", "x86_64");

    @TempDir
    private Path folder;

    private final List<String> options = new ArrayList<>(List.of("--enable-native-access=ALL-UNNAMED"));
    private final Map<String, String> environment = new HashMap<>();
    private String classPath = System.getProperty("java.class.path");

    private Run doctor(String... args) throws Exception {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(options);
        command.addAll(List.of("-cp", classPath, Diffuse.class.getName(), "doctor"));
        command.addAll(List.of(args));
        Path out = folder.resolve("out.txt");
        Path err = folder.resolve("err.txt");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().putAll(environment);
        builder.environment().values().removeIf(String::isEmpty);
        int code = builder.start().waitFor();
        return new Run(code, Files.readString(out), Files.readString(err));
    }

    private static JsonNode json(Run run) throws IOException {
        return new ObjectMapper().readTree(run.out());
    }

    private static JsonNode entry(JsonNode list, String key, String value) {
        for (JsonNode entry : list) {
            if (entry.path(key).asText().startsWith(value)) {
                return entry;
            }
        }
        throw new AssertionError("no " + key + " " + value + " in " + list);
    }

    private void withoutNatives() {
        classPath = Arrays.stream(classPath.split(File.pathSeparator))
                .filter(entry -> !entry.contains("natives")
                        && !entry.contains(Path.of("native", "target").toString()))
                .collect(Collectors.joining(File.pathSeparator));
    }

    private Path artifact(String name, String content) throws Exception {
        Path root = Files.createTempDirectory(folder, "artifact");
        Path place = Files.createDirectories(root.resolve("META-INF/diffusion4j/" + name));
        byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
        String sha256 =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        Files.write(place.resolve("own.so"), bytes);
        Files.write(place.resolve("natives.properties"), List.of("file=own.so", "sha256=" + sha256));
        classPath = root + File.pathSeparator + classPath;
        return root;
    }

    @Test
    void tellsWhatWasTakenAndDraws() throws Exception {
        Run run = doctor("--json");
        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        JsonNode json = json(run);
        assertThat(json.path("draws").asBoolean()).isTrue();
        assertThat(json.path("nativeAccess").asBoolean()).isTrue();
        assertThat(json.path("ompWaitPolicy").asText()).isNotEmpty();
        assertThat(entry(json.path("places"), "outcome", "loaded").path("name").asText())
                .startsWith("artifact " + PLATFORM);
        assertThat(Path.of(json.at("/library/file").asText())).isRegularFile();
        assertThat(json.at("/library/abi").asInt()).isPositive();
        assertThat(json.at("/library/threads").asInt()).isPositive();
        assertThat(json.at("/library/backends").toString()).contains("cpu");
        assertThat(entry(json.path("caches"), "outcome", "loaded")
                        .path("noExec")
                        .asBoolean())
                .isFalse();
        assertThat(json.path("devices").findValuesAsText("kind")).contains("CPU");
        assertThat(Path.of(json.path("demoModel").asText())).isRegularFile();
        assertThat(json.path("seconds").asDouble()).isPositive();
    }

    @Test
    void withoutNativesSaysWhatToAdd() throws Exception {
        withoutNatives();
        Run run = doctor();
        assertThat(run.code()).isEqualTo(ExitCode.NATIVE_LIBRARY);
        assertThat(run.err().lines())
                .singleElement()
                .asString()
                .startsWith("diffuse: no native library for " + PLATFORM)
                .contains("diffusion4j-natives");
        assertThat(run.out())
                .contains("java  ", "memory", "absent      artifact " + PLATFORM + "-cpu: not on the class")
                .doesNotContain("Everything");
    }

    @Test
    void nativesForAnotherProcessorAreNamed() throws Exception {
        withoutNatives();
        String other = PLATFORM.endsWith("aarch64") ? "x86_64" : "aarch64";
        String name = PLATFORM.substring(0, PLATFORM.indexOf('-') + 1) + other + "-cpu";
        Path artifact = artifact(name, "code for another processor");
        Run run = doctor("--json");
        assertThat(run.code()).isEqualTo(ExitCode.NATIVE_LIBRARY);
        JsonNode place = entry(json(run).path("places"), "name", "artifact " + name);
        assertThat(place.path("outcome").asText()).isEqualTo("refused");
        assertThat(place.path("detail").asText())
                .startsWith(artifact.toString())
                .contains(PLATFORM);
        assertThat(run.err()).contains(name);
    }

    @Test
    void aFileThatIsNoLibraryIsRefusedAndNothingElseTaken() throws Exception {
        Path own = Files.writeString(folder.resolve("own.so"), "this is text");
        environment.put("DIFFUSION4J_LIBRARY", own.toString());
        Run run = doctor("--json");
        assertThat(run.code()).isEqualTo(ExitCode.NATIVE_LIBRARY);
        JsonNode places = json(run).path("places");
        JsonNode place = entry(places, "name", "environment variable DIFFUSION4J_LIBRARY");
        assertThat(place.path("outcome").asText()).isEqualTo("refused");
        assertThat(place.path("detail").asText()).contains("own.so cannot be loaded");
        assertThat(entry(places, "outcome", "not needed").path("name").asText()).startsWith("artifact " + PLATFORM);
        assertThat(run.err()).contains("own.so");
    }

    @Test
    void aLibraryOfSomebodyElseIsRefused() throws Exception {
        // Every JDK has it, and a copy can be loaded; it is just not ours.
        Path other = Files.copy(
                Path.of(System.getProperty("java.home"), "lib", System.mapLibraryName("zip")),
                folder.resolve("other.so"));
        options.add("-Ddiffusion4j.library=" + other);
        Run run = doctor();
        assertThat(run.code()).isEqualTo(ExitCode.NATIVE_LIBRARY);
        assertThat(run.err()).contains(other + " is not Diffusion4J's native library");
        assertThat(run.out()).contains("refused     system property diffusion4j.library");
    }

    @Test
    void ofTwoArtifactsTheOneThatCannotBeLoadedIsPassedOver() throws Exception {
        artifact(PLATFORM + "-vulkan", "not a library");
        Run run = doctor("--json");
        assertThat(run.code()).isZero();
        assertThat(run.err()).contains("artifact " + PLATFORM + "-vulkan was passed over");
        JsonNode places = json(run).path("places");
        assertThat(entry(places, "name", "artifact " + PLATFORM + "-vulkan")
                        .path("outcome")
                        .asText())
                .isEqualTo("refused");
        assertThat(entry(places, "outcome", "loaded").path("name").asText())
                .startsWith("artifact " + PLATFORM + "-cpu");
    }

    @Test
    void withoutNativeAccessTheOptionToAddIsNamed() throws Exception {
        options.clear();
        options.add("--illegal-native-access=deny");
        // With this set, the first native call is another one.
        for (String waitPolicy : List.of("", "passive")) {
            environment.put("OMP_WAIT_POLICY", waitPolicy);
            Run run = doctor();
            assertThat(run.code()).isEqualTo(ExitCode.NATIVE_LIBRARY);
            assertThat(run.out()).contains("not enabled: add --enable-native-access=ALL-UNNAMED");
            assertThat(run.err()).contains("--enable-native-access=ALL-UNNAMED");
        }
    }
}
