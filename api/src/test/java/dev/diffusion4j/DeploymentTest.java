package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.cache.CacheFolder;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.device.IsolatedOptions;
import dev.diffusion4j.internal.ffm.library.NativeLibrary;
import dev.diffusion4j.testing.process.ChildJvm;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Programs that draw in an isolated process from where servers and installed applications have their classes. */
@Tag("native")
@Timeout(300)
class DeploymentTest {

    private static final String DREW = "drew 64x64";
    private static final String NATIVE_ACCESS = "--enable-native-access=ALL-UNNAMED";

    @TempDir
    private static Path folder;

    /** The library's artifacts as jars. */
    private static List<Path> jars;

    private static Path classes;

    @TempDir
    private Path work;

    @BeforeAll
    static void compile() throws Exception {
        Path lib = Files.createDirectory(folder.resolve("lib"));
        jars = new ArrayList<>();
        for (Class<?> type : List.of(DiffusionModel.class, D4j.class, CacheFolder.class, JsonFactory.class)) {
            Path place = placeOf(type);
            Path jar = lib.resolve(type.getSimpleName() + ".jar");
            if (Files.isDirectory(place)) {
                tool("jar", "-cf", jar.toString(), "-C", place.toString(), ".");
            } else {
                Files.copy(place, jar);
            }
            jars.add(jar);
        }
        classes = folder.resolve("classes");
        Path main = Files.writeString(folder.resolve("Main.java"), """
                import dev.diffusion4j.*;
                import java.nio.file.Path;

                public class Main {
                    public static void main(String[] arguments) {
                        try (DiffusionModel sd = DiffusionModel.options().isolated().open(Path.of(arguments[0]))) {
                            GeneratedImage image = sd.textToImage("a star").size(64, 64).steps(1).generate();
                            System.out.println("drew " + image.width() + "x" + image.height());
                        }
                    }
                }
                """);
        Path loaders = Files.writeString(folder.resolve("Loaders.java"), """
                import java.net.*;
                import java.nio.file.*;
                import java.util.*;

                public class Loaders {
                    public static void main(String[] arguments) throws Exception {
                        List<URL> urls = new ArrayList<>();
                        for (String place : arguments[2].split(java.io.File.pathSeparator)) {
                            urls.add(Path.of(place).toUri().toURL());
                        }
                        for (int i = 0; i < Integer.parseInt(arguments[1]); i++) {
                            ClassLoader loader = new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
                            try {
                                loader.loadClass("Main").getMethod("main", String[].class).invoke(null, (Object) arguments);
                            } catch (java.lang.reflect.InvocationTargetException e) {
                                System.out.println(e.getCause());
                            }
                        }
                    }
                }
                """);
        tool("javac", "-cp", classPath(jars), "-d", classes.toString(), main.toString(), loaders.toString());
    }

    private static void tool(String name, String... arguments) {
        int status = ToolProvider.findFirst(name).orElseThrow().run(System.out, System.err, arguments);
        assertThat(status).as(name).isZero();
    }

    private static Path placeOf(Class<?> type) {
        return Path.of(URI.create(
                type.getProtectionDomain().getCodeSource().getLocation().toString()));
    }

    private static String classPath(List<Path> places) {
        return places.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    }

    private static String loadedLibrary() {
        return "-Ddiffusion4j.library=" + NativeLibrary.load();
    }

    /** Of {@link ChildJvm#java()}, with what this JVM has loaded and with more. */
    private static List<String> java(String... more) {
        List<String> command = ChildJvm.java();
        command.addAll(List.of(loadedLibrary(), NATIVE_ACCESS));
        command.addAll(List.of(more));
        return command;
    }

    private static void assertDrew(ChildJvm.Result result) {
        assertThat(result.output()).contains(DREW);
        assertThat(result.status()).isZero();
    }

    @Test
    void fromJarsWithinTheJarOfSpringBoot() throws Exception {
        Path application = work.resolve("application.jar");
        Manifest manifest = new Manifest();
        Attributes attributes = manifest.getMainAttributes();
        attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        attributes.put(Attributes.Name.MAIN_CLASS, "org.springframework.boot.loader.launch.JarLauncher");
        attributes.putValue("Start-Class", "Main");
        attributes.putValue("Spring-Boot-Classes", "BOOT-INF/classes/");
        attributes.putValue("Spring-Boot-Lib", "BOOT-INF/lib/");
        try (OutputStream file = Files.newOutputStream(application);
                JarOutputStream out = new JarOutputStream(file, manifest)) {
            addLoader(out);
            // The launcher looks for the folder itself.
            add(out, "BOOT-INF/classes/", new byte[0]);
            add(out, "BOOT-INF/classes/Main.class", Files.readAllBytes(classes.resolve("Main.class")));
            for (Path jar : jars) {
                add(out, "BOOT-INF/lib/" + jar.getFileName(), Files.readAllBytes(jar));
            }
        }
        Path cache = work.resolve("cache");
        List<String> command = java("-Ddiffusion4j.cache=" + cache, "-jar", application.toString());
        command.add(DemoModel.path().toString());

        assertDrew(ChildJvm.start(command).end());
        try (Stream<Path> copies = Files.walk(cache)) {
            assertThat(copies.filter(Files::isRegularFile)
                            .map(DeploymentTest::size)
                            .toList())
                    .as("copies of the jars for the child")
                    .hasSameElementsAs(jars.stream().map(DeploymentTest::size).toList());
        }
    }

    private static long size(Path file) {
        return file.toFile().length();
    }

    private static void addLoader(JarOutputStream out) throws Exception {
        Path loader = placeOf(Class.forName("org.springframework.boot.loader.launch.JarLauncher"));
        try (JarFile jar = new JarFile(loader.toFile())) {
            for (Enumeration<JarEntry> entries = jar.entries(); entries.hasMoreElements(); ) {
                JarEntry entry = entries.nextElement();
                if (entry.getName().startsWith("org/") && !entry.isDirectory()) {
                    add(out, entry.getName(), jar.getInputStream(entry).readAllBytes());
                }
            }
        }
    }

    /** Not compressed, which jars within a jar must not be. */
    private static void add(JarOutputStream out, String name, byte[] content) throws IOException {
        CRC32 crc = new CRC32();
        crc.update(content);
        JarEntry entry = new JarEntry(name);
        entry.setMethod(JarEntry.STORED);
        entry.setSize(content.length);
        entry.setCrc(crc.getValue());
        out.putNextEntry(entry);
        out.write(content);
        out.closeEntry();
    }

    /** The second application of a server, or the first after it was deployed anew. */
    @Test
    void fromAClassLoaderOfOnesOwnAndNotTwiceFromTwo() throws Exception {
        List<Path> places = new ArrayList<>(jars);
        places.add(classes);
        places.add(natives());
        List<String> command = ChildJvm.java();
        command.removeIf(argument -> argument.startsWith("-Ddiffusion4j.library"));
        command.addAll(List.of(
                NATIVE_ACCESS,
                "-Ddiffusion4j.cache=" + work.resolve("cache"),
                "-Duser.home=" + work.resolve("home"),
                "-Djava.io.tmpdir=" + Files.createDirectory(work.resolve("tmp")),
                "-cp",
                classes.toString(),
                "Loaders",
                DemoModel.path().toString(),
                "2",
                classPath(places)));
        ProcessBuilder builder = new ProcessBuilder(command);
        List.of("XDG_CACHE_HOME", "DIFFUSION4J_CACHE").forEach(builder.environment()::remove);

        ChildJvm.Result result = ChildJvm.start(builder).end();
        assertDrew(result);
        assertThat(result.output())
                .contains("NativeLibraryException")
                .contains("is loaded by another class loader of this JVM already")
                .contains("parent class loader");
        try (Stream<Path> files = Files.walk(work)) {
            assertThat(files.filter(file -> file.endsWith(System.mapLibraryName("diffusion4j"))))
                    .as("copies of the native library")
                    .hasSize(1);
        }
    }

    /** The folder or jar with the native library. */
    private static Path natives() throws IOException {
        URL resource = DiffusionModel.class.getClassLoader().getResource("META-INF/diffusion4j");
        String place = resource.toString().replaceFirst("^jar:", "").replaceFirst("!?/META-INF/diffusion4j$", "");
        return Path.of(URI.create(place));
    }

    @Test
    void besideADebuggerAndOptionsForEveryJvm() throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        List<String> command = java("-cp", classPath(jars) + File.pathSeparator + classes, "Main");
        command.add(DemoModel.path().toString());
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment()
                .put(
                        "JAVA_TOOL_OPTIONS",
                        "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=127.0.0.1:" + port);
        builder.environment().put("JDK_JAVA_OPTIONS", "-Xms600m");
        builder.environment().put("_JAVA_OPTIONS", "-XX:+UseParallelGC");

        ChildJvm.Result result = ChildJvm.start(builder).end();
        assertDrew(result);
        assertThat(result.output())
                .contains("starts without the options in JAVA_TOOL_OPTIONS, JDK_JAVA_OPTIONS, _JAVA_OPTIONS");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void fromAnApplicationOfJpackageThatHasNoJava() throws Exception {
        Path runtime = work.resolve("runtime");
        tool(
                "jlink",
                "--add-modules",
                "java.desktop,java.logging",
                "--strip-native-commands",
                "--strip-debug",
                "--output",
                runtime.toString());
        Path input = Files.createDirectory(work.resolve("input"));
        for (Path jar : jars) {
            Files.copy(jar, input.resolve(jar.getFileName()));
        }
        tool("jar", "-cf", input.resolve("main.jar").toString(), "-C", classes.toString(), "Main.class");
        List<String> arguments = new ArrayList<>(List.of("--type", "app-image", "--name", "draw", "--input"));
        arguments.addAll(List.of(input.toString(), "--main-jar", "main.jar", "--main-class", "Main"));
        arguments.addAll(List.of("--runtime-image", runtime.toString(), "--dest", work.toString()));
        arguments.addAll(List.of("--java-options", NATIVE_ACCESS, "--java-options", loadedLibrary()));
        tool("jpackage", arguments.toArray(String[]::new));
        List<String> command = List.of(
                work.resolve("draw/bin/draw").toString(), DemoModel.path().toString());

        ProcessBuilder alone = new ProcessBuilder(command);
        alone.environment().remove("JAVA_HOME");
        alone.environment().put("PATH", work.toString());
        ChildJvm.Result result = ChildJvm.start(alone).end();
        assertThat(result.status()).isNotZero();
        assertThat(result.output())
                .contains("no java command for it")
                .contains(Path.of("draw", "lib", "runtime", "bin", "java") + ": does not exist")
                .contains("JAVA_HOME: not set")
                .contains("withJavaCommand");

        ProcessBuilder withJava = new ProcessBuilder(command);
        withJava.environment().put("JAVA_HOME", System.getProperty("java.home"));
        assertDrew(ChildJvm.start(withJava).end());
    }

    @Test
    void fromARunTimeImageOfJlinkThatHoldsTheLibrary() throws Exception {
        Path image = work.resolve("image");
        tool(
                "jlink",
                "--module-path",
                classPath(jars),
                "--add-modules",
                "dev.diffusion4j,java.logging",
                "--strip-debug",
                "--output",
                image.toString());
        List<String> command = List.of(
                image.resolve("bin/java").toString(),
                loadedLibrary(),
                "--add-modules",
                "dev.diffusion4j",
                "--enable-native-access=dev.diffusion4j,dev.diffusion4j.bindings",
                "-cp",
                classes.toString(),
                "Main",
                DemoModel.path().toString());
        assertDrew(ChildJvm.start(command).end());
    }

    @Test
    void fromClassesThatNoOtherJvmCanRead() throws Exception {
        Path loader = Files.writeString(work.resolve("Memory.java"), """
                import java.io.*;
                import java.net.*;
                import java.nio.file.Path;
                import java.util.*;

                public class Memory {
                    public static void main(String[] arguments) throws Exception {
                        List<URL> urls = new ArrayList<>();
                        for (String place : arguments[1].split(File.pathSeparator)) {
                            urls.add(Path.of(place).toUri().toURL());
                        }
                        URLClassLoader files = new URLClassLoader(urls.toArray(URL[]::new), null);
                        ClassLoader loader = new ClassLoader(ClassLoader.getPlatformClassLoader()) {
                            @Override
                            protected Class<?> findClass(String name) throws ClassNotFoundException {
                                try (InputStream in = files.getResourceAsStream(name.replace('.', '/') + ".class")) {
                                    if (in == null) throw new ClassNotFoundException(name);
                                    byte[] bytes = in.readAllBytes();
                                    return defineClass(name, bytes, 0, bytes.length);
                                } catch (IOException e) {
                                    throw new ClassNotFoundException(name, e);
                                }
                            }

                            @Override
                            public InputStream getResourceAsStream(String name) {
                                return files.getResourceAsStream(name);
                            }
                        };
                        loader.loadClass("Main").getMethod("main", String[].class).invoke(null, (Object) arguments);
                    }
                }
                """);
        tool("javac", "-d", work.toString(), loader.toString());
        List<String> command =
                java("-cp", work.toString(), "Memory", DemoModel.path().toString());
        command.add(classPath(jars) + File.pathSeparator + classes);

        assertThat(ChildJvm.start(command).end().output())
                .contains("another JVM cannot read dev.diffusion4j.internal.isolated.ChildMain")
                .contains("withClassPath");
    }

    /** A command line is limited to some hundred thousand bytes. */
    @Test
    void withAClassPathThatIsNamedAndLong() throws Exception {
        Path deep = Files.createDirectories(work.resolve("d".repeat(200)).resolve("e".repeat(200)));
        List<Path> named = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            named.add(deep);
        }
        named.addAll(jars);
        IsolatedOptions options = IsolatedOptions.DEFAULT.withClassPath(named);
        try (DiffusionModel sd = DiffusionModel.options().isolated(options).open(DemoModel.path())) {
            assertThat(sd.textToImage("a star").size(64, 64).steps(1).generate().width())
                    .isEqualTo(64);
        }
    }

    @Test
    void fromFoldersWithNamesThatAClassPathCannotHold() throws Exception {
        Path odd = Files.createDirectories(work.resolve("we ird:1%20+\u00fc!x"));
        List<Path> moved = new ArrayList<>();
        for (Path jar : jars) {
            moved.add(Files.copy(jar, odd.resolve(jar.getFileName())));
        }
        Path list = Files.writeString(work.resolve("Odd.java"), """
                import java.net.*;
                import java.nio.file.Path;
                import java.util.*;

                public class Odd {
                    public static void main(String[] arguments) throws Exception {
                        List<URL> urls = new ArrayList<>();
                        for (String place : Arrays.asList(arguments).subList(1, arguments.length)) {
                            urls.add(Path.of(place).toUri().toURL());
                        }
                        ClassLoader loader = new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
                        loader.loadClass("Main").getMethod("main", String[].class).invoke(null, (Object) arguments);
                    }
                }
                """);
        tool("javac", "-d", work.toString(), list.toString());
        List<String> command = java("-Ddiffusion4j.cache=" + work.resolve("cache"), "-cp", work.toString(), "Odd");
        command.add(DemoModel.path().toString());
        moved.forEach(jar -> command.add(jar.toString()));
        command.add(classes.toString());
        assertDrew(ChildJvm.start(command).end());
    }
}
