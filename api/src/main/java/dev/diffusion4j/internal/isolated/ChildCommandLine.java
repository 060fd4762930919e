package dev.diffusion4j.internal.isolated;

import dev.diffusion4j.device.IsolatedOptions;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.ffm.library.NativeLibrary;
import java.io.File;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The command that starts a child JVM: a java, the class path of the library, and its settings. Nothing else is taken over from
 * this JVM, whose agents, ports, collectors and files are its own.
 *
 * @param java the command
 * @param arguments its arguments, without the files that parent and child share
 */
record ChildCommandLine(Path java, List<String> arguments) {

    /** Variables with options for every JVM, such as a debugger whose port this one has taken. */
    private static final List<String> OPTION_VARIABLES =
            List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS");

    /** In which the java command reads a file of arguments. */
    private static final Charset ENCODING = Charset.forName(System.getProperty("sun.jnu.encoding"));

    /** Names the cache of linked classes (JEP 514) that this JVM was started with, see {@link IsolatedOptions}. */
    private static final String AOT_CACHE_PROPERTY = "diffusion4j.aotCache";

    /**
     * @param library the native library that this JVM has loaded and checked, so that the child need not do so again
     * @throws dev.diffusion4j.error.DiffusionException if another JVM cannot be started, or cannot read the library
     */
    static ChildCommandLine of(IsolatedOptions options, Path library) {
        boolean isInImage = options.classPath().isEmpty() && ChildClassPath.isInImage();
        Path java = ChildJava.find(options, !isInImage);
        List<String> arguments = new ArrayList<>();
        // A child does little in Java: a small heap, a plain collector and compiler start it sooner and take less
        // memory.
        arguments.addAll(List.of("-Xms16m", "-Xmx" + options.maxHeapMegabytes() + "m"));
        arguments.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-CreateCoredumpOnCrash"));
        // What this JVM was told of the processors is among the options that are not taken over.
        arguments.add("-XX:ActiveProcessorCount=" + Runtime.getRuntime().availableProcessors());
        arguments.add("-XX:ErrorFile=" + Path.of(System.getProperty("java.io.tmpdir"), "diffusion4j-crash-%p.log"));
        System.getProperties().stringPropertyNames().stream()
                .filter(ChildCommandLine::isPassedOn)
                .forEach(name -> arguments.add("-D" + name + "=" + System.getProperty(name)));
        arguments.add("-Ddiffusion4j.library=" + library.toAbsolutePath());
        if (isInImage) {
            arguments.add("--enable-native-access=dev.diffusion4j,dev.diffusion4j.bindings");
            arguments.addAll(List.of("-m", ChildMain.class.getModule().getName() + "/" + ChildMain.class.getName()));
        } else {
            String aotCache = options.classPath().isEmpty() ? System.getProperty(AOT_CACHE_PROPERTY) : null;
            if (aotCache == null) {
                arguments.addAll(List.of("-cp", classPath(options)));
            } else {
                // A cache is for one class path.
                arguments.addAll(List.of("-XX:AOTCache=" + aotCache, "-cp", System.getProperty("java.class.path")));
            }
            arguments.add("--enable-native-access=ALL-UNNAMED");
            arguments.add(ChildMain.class.getName());
        }
        return new ChildCommandLine(java, List.copyOf(arguments));
    }

    /** What the child's native library and cache folders depend on. A name that this locale cannot express would be another. */
    private static boolean isPassedOn(String property) {
        return (property.startsWith("diffusion4j.")
                        || List.of("java.library.path", "java.io.tmpdir", "user.home")
                                .contains(property))
                && ENCODING.newEncoder().canEncode(System.getProperty(property));
    }

    private static String classPath(IsolatedOptions options) {
        for (Path path : options.classPath()) {
            if (!Files.exists(path) || path.toString().contains(File.pathSeparator)) {
                throw new InvalidRequestException(
                        "classPath",
                        path,
                        "files and folders that exist and have no " + File.pathSeparator + " in their names");
            }
        }
        List<Path> paths = options.classPath().isEmpty() ? ChildClassPath.derived() : options.classPath();
        return paths.stream()
                .map(path -> path.toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator));
    }

    /** Starts the child, with the files by which it finds this process. */
    Process start(ChildFiles files) throws IOException {
        // A command line has limits, and a class path may be long.
        int main = arguments.size() - 1;
        Files.write(
                files.arguments(),
                arguments.subList(0, main).stream()
                        .map(ChildCommandLine::quoted)
                        .toList(),
                ENCODING);
        ProcessBuilder builder = new ProcessBuilder(
                java.toString(),
                "@" + files.arguments(),
                arguments.get(main),
                files.socket().toString(),
                files.memory().toString());
        withoutOptions(builder.environment());
        return builder.redirectErrorStream(true).start();
    }

    private static String quoted(String argument) {
        return '"'
                + argument.replace("\\", "\\\\")
                        .replace("\"", "\\\"")
                        .replace("\n", "\\n")
                        .replace("\r", "\\r")
                + '"';
    }

    private static void withoutOptions(Map<String, String> environment) {
        List<String> dropped =
                OPTION_VARIABLES.stream().filter(environment::containsKey).toList();
        if (!dropped.isEmpty()) {
            environment.keySet().removeAll(dropped);
            NativeLibrary.logger()
                    .log(Level.INFO, "the model's process starts without the options in " + String.join(", ", dropped));
        }
    }
}
