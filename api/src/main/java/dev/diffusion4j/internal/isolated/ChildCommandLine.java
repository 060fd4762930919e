package dev.diffusion4j.internal.isolated;

import dev.diffusion4j.IsolatedOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command that starts a child JVM: this JVM's own, with its class path, module path and settings of the library. */
final class ChildCommandLine {

    private ChildCommandLine() {}

    /**
     * @param library the native library that this JVM has loaded and checked, so that the child need not do so again
     */
    static List<String> of(IsolatedOptions options, Path library, Path socket, Path memory) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-Xmx" + options.maxHeapMegabytes() + "m");
        // A child does little in Java: a plain collector and compiler start it sooner and take less memory.
        command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-CreateCoredumpOnCrash"));
        command.add("-XX:ErrorFile=" + Path.of(System.getProperty("java.io.tmpdir"), "diffusion4j-crash-%p.log"));
        System.getProperties().stringPropertyNames().stream()
                .filter(ChildCommandLine::isPassedOn)
                .forEach(name -> command.add("-D" + name + "=" + System.getProperty(name)));
        if (Files.isRegularFile(library)) {
            command.add("-Ddiffusion4j.library=" + library.toAbsolutePath());
        }
        addPaths(command);
        command.add(socket.toString());
        command.add(memory.toString());
        return command;
    }

    private static boolean isPassedOn(String property) {
        return property.startsWith("diffusion4j.")
                || List.of("java.library.path", "java.io.tmpdir", "user.home").contains(property);
    }

    private static void addPaths(List<String> command) {
        String classPath = System.getProperty("java.class.path", "");
        if (!classPath.isEmpty()) {
            command.addAll(List.of("-cp", classPath));
        }
        Module module = ChildMain.class.getModule();
        if (!module.isNamed()) {
            command.addAll(List.of("--enable-native-access=ALL-UNNAMED", ChildMain.class.getName()));
            return;
        }
        String modulePath = System.getProperty("jdk.module.path", "");
        if (!modulePath.isEmpty()) {
            // The artifact with the native library is a module that nothing requires.
            command.addAll(List.of("--module-path", modulePath, "--add-modules", "ALL-MODULE-PATH"));
        }
        command.add("--enable-native-access=dev.diffusion4j,dev.diffusion4j.bindings");
        command.addAll(List.of("-m", module.getName() + "/" + ChildMain.class.getName()));
    }
}
