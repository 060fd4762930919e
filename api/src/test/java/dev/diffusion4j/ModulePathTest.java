package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.cache.CacheFolder;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.testing.process.ChildJvm;
import java.io.File;
import java.net.JarURLConnection;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A program of named modules that uses the library, in this process and isolated. */
@Tag("native")
@Timeout(240)
class ModulePathTest {

    private static final String NATIVE_ACCESS = "--enable-native-access=dev.diffusion4j,dev.diffusion4j.bindings";

    @TempDir
    private Path folder;

    private Path program;
    private Path natives;
    private String modulePath;

    @BeforeEach
    void compile() throws Exception {
        Path module = Files.writeString(
                folder.resolve("module-info.java"), "module consumer { requires dev.diffusion4j; exports consumer; }");
        Path main = Files.writeString(
                Files.createDirectory(folder.resolve("consumer")).resolve("Main.java"), """
                package consumer;

                import dev.diffusion4j.DiffusionModel;
                import java.nio.file.Path;

                public class Main {
                    public static void main(String[] arguments) {
                        if (!DiffusionModel.class.getModule().isNamed()) {
                            throw new IllegalStateException("the library is on the class path");
                        }
                        var options = DiffusionModel.options();
                        if (arguments[1].equals("isolated")) {
                            options.isolated();
                        }
                        try (DiffusionModel sd = options.open(Path.of(arguments[0]))) {
                            System.out.println("drew " + sd.textToImage("a star").steps(1).generate().width());
                        }
                    }
                }
                """);
        program = folder.resolve("program");
        natives = nativesJar();
        modulePath = Stream.of(DiffusionModel.class, D4j.class, CacheFolder.class, JsonFactory.class)
                .map(ModulePathTest::placeOf)
                .map(Path::toString)
                .collect(Collectors.joining(File.pathSeparator));
        // The annotations are there for the compiler alone.
        String compilePath = modulePath + File.pathSeparator + placeOf(NullMarked.class);
        tool("javac", "-p", compilePath, "-d", program.toString(), module.toString(), main.toString());
    }

    private static void tool(String name, String... arguments) {
        int status = ToolProvider.findFirst(name).orElseThrow().run(System.out, System.err, arguments);
        assertThat(status).as(name).isZero();
    }

    private static Path placeOf(Class<?> type) {
        return path(type.getProtectionDomain().getCodeSource().getLocation());
    }

    private static Path path(URL location) {
        return Path.of(URI.create(location.toString()));
    }

    /** The artifact with the native library: the tests may have it as a folder, which is no module. */
    private Path nativesJar() throws Exception {
        String top = "META-INF/diffusion4j";
        URL resource = getClass().getClassLoader().getResource(top);
        if (resource.openConnection() instanceof JarURLConnection jar) {
            return path(jar.getJarFileURL());
        }
        Path classes = path(resource).getParent().getParent();
        Path jar = folder.resolve("diffusion4j-natives-0.1.0-test.jar");
        tool("jar", "-cf0", jar.toString(), "-C", classes.toString(), top);
        return jar;
    }

    private static ChildJvm.Result java(List<String> options, String mode) throws Exception {
        List<String> command = ChildJvm.java();
        command.add(NATIVE_ACCESS);
        command.addAll(options);
        command.addAll(List.of("-m", "consumer/consumer.Main", DemoModel.path().toString(), mode));
        return ChildJvm.start(command).end();
    }

    private static void assertDrew(ChildJvm.Result result) {
        assertThat(result.status()).as(result.output()).isZero();
        assertThat(result.output().strip()).isEqualTo("drew 128");
    }

    @Test
    void allOnTheModulePath() throws Exception {
        List<String> options = List.of(
                "-p",
                String.join(File.pathSeparator, program.toString(), modulePath, natives.toString()),
                "--add-modules",
                "ALL-MODULE-PATH");
        assertDrew(java(options, "near"));
        assertDrew(java(options, "isolated"));
    }

    @Test
    void theNativeLibraryOnTheClassPath() throws Exception {
        List<String> options = List.of(
                "-p", String.join(File.pathSeparator, program.toString(), modulePath), "-cp", natives.toString());
        assertDrew(java(options, "near"));
        assertDrew(java(options, "isolated"));
    }
}
