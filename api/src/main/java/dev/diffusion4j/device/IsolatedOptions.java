package dev.diffusion4j.device;

import dev.diffusion4j.error.DiffusionException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.IsolatedProcessException;
import dev.diffusion4j.internal.check.Checks;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * How a model runs in a process of its own.
 *
 * <p><b>What it costs.</b> A child JVM starts when the model is opened and again after it has died: a few tenths of a
 * second before the weights are read. Each call then takes about a millisecond more.
 *
 * <p><b>Where it starts.</b> The child is a JVM of the same Java, with the jars that this JVM has the library from: on the class
 * path and the module path, in jars within jars (Spring Boot), in class loaders of one's own, in images of jlink and jpackage.
 * Such an image without {@code bin/java} needs another Java 25 or newer: {@code JAVA_HOME}, one on the {@code PATH}, or
 * {@link #withJavaCommand}; jlink and jpackage keep {@code bin/java} unless {@code --strip-native-commands} is given, which jpackage
 * does by itself unless its {@code --jlink-options} are set. Class loaders that do not tell where their classes come from need
 * {@link #withClassPath}. The child takes over none of this JVM's options and agents, nor those in {@code JAVA_TOOL_OPTIONS},
 * {@code JDK_JAVA_OPTIONS} and {@code _JAVA_OPTIONS}, which it logs; it has the system properties {@code diffusion4j.*} and as
 * many processors.
 *
 * <p>A JVM that was started with a cache of linked classes, {@code -XX:AOTCache=FILE --enable-native-access=ALL-UNNAMED}, shares it
 * with its children if {@code -Ddiffusion4j.aotCache=FILE} names it, too: they then have the whole class path of this JVM, for which
 * it was made, and start sooner. With {@link #withClassPath} they do not.
 *
 * <p><b>Threads and lifetime.</b> As for every model: usable from any thread, calls queue. The child ends with
 * the model's {@code close()}, and by itself when this process ends, however that happens.
 *
 * <p><b>Errors.</b> What the model throws in this process it throws from its own. A child that cannot be started is a
 * {@link DiffusionException} that says why. A child that dies or falls silent during a call gives
 * {@link IsolatedProcessException}; one that died between calls is replaced unseen. A cancelled generation that does not stop
 * within ten seconds ends with its process.
 *
 * <p><b>Limits.</b> A listener of a generation in native code hears of a step when the next one has already begun: unlike
 * in one process, it does not hold up the native work. Tensors and pictures cross through shared memory, in
 * {@code /dev/shm} where there is room.
 *
 * @param callDeadline how long a call may go without a sign of progress before its process is ended. Some work is silent
 *     while it runs, such as the VAE without tiling: allow for the slowest
 * @param maxHeapMegabytes most heap of the child JVM; weights and native work are outside of it
 * @param javaCommand the java command of the child; empty for this JVM's own
 * @param classPath the jars and folders of classes of the child; empty for those that this JVM has the library from
 */
public record IsolatedOptions(
        Duration callDeadline, int maxHeapMegabytes, Optional<Path> javaCommand, List<Path> classPath) {

    /** Half an hour, a heap that large input pictures fit in, and a child like this JVM. */
    public static final IsolatedOptions DEFAULT =
            new IsolatedOptions(Duration.ofMinutes(30), 512, Optional.empty(), List.of());

    public IsolatedOptions {
        if (callDeadline.isNegative() || callDeadline.isZero()) {
            throw new InvalidRequestException("callDeadline", callDeadline, "longer than nothing");
        }
        Checks.range("maxHeapMegabytes", maxHeapMegabytes, 32, 1 << 20);
        Objects.requireNonNull(javaCommand, "javaCommand");
        classPath = List.copyOf(classPath);
    }

    /** The same with another deadline. */
    public IsolatedOptions withCallDeadline(Duration deadline) {
        return new IsolatedOptions(deadline, maxHeapMegabytes, javaCommand, classPath);
    }

    /** The same with another heap. */
    public IsolatedOptions withMaxHeapMegabytes(int megabytes) {
        return new IsolatedOptions(callDeadline, megabytes, javaCommand, classPath);
    }

    /**
     * The same with the java command of another Java.
     *
     * @param java such as {@code /opt/jdk-25/bin/java}; a command that cannot be run is an {@link InvalidRequestException} when the
     *     model is opened
     */
    public IsolatedOptions withJavaCommand(Path java) {
        return new IsolatedOptions(callDeadline, maxHeapMegabytes, Optional.of(java), classPath);
    }

    /**
     * The same with these jars and folders, in place of those that this JVM has the library from.
     *
     * @param jars those of {@code diffusion4j}, {@code diffusion4j-bindings}, {@code diffusion4j-cache} and Jackson's core; what does not exist is an {@link InvalidRequestException} when the model is opened
     */
    public IsolatedOptions withClassPath(List<Path> jars) {
        return new IsolatedOptions(callDeadline, maxHeapMegabytes, javaCommand, jars);
    }
}
