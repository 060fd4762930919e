package dev.diffusion4j.cli.progress;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * What is behind a standard stream. Java knows only whether input and output together are a terminal, but
 * {@code diffuse generate ... > files.txt} should show its bar: so the C library is asked about standard error alone.
 */
public final class Terminal {

    private static final int STANDARD_ERROR = 2;
    private static final int USUAL_COLUMNS = 80;
    private static final long LINUX_WINDOW_SIZE = 0x5413;
    private static final long MAC_WINDOW_SIZE = 0x40087468;

    private final boolean asked;

    private Terminal(boolean asked) {
        this.asked = asked;
    }

    /** The process's standard error. */
    public static Terminal standardError() {
        return new Terminal(true);
    }

    /** Never a terminal. */
    public static Terminal none() {
        return new Terminal(false);
    }

    /** Whether a person is looking, at something that can redraw a line. */
    public boolean isInteractive() {
        return asked && !"dumb".equals(System.getenv("TERM")) && isTerminal();
    }

    /** How many characters fit on a line. */
    public int columns() {
        if (!asked) {
            return USUAL_COLUMNS;
        }
        Linker linker = Linker.nativeLinker();
        // struct winsize: rows, columns, and two more, all unsigned short.
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment size = arena.allocate(ValueLayout.JAVA_SHORT, 4);
            MethodHandle ioctl = handle(
                    linker,
                    "ioctl",
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS),
                    Linker.Option.firstVariadicArg(2));
            int status = (int) ioctl.invokeExact(STANDARD_ERROR, isMac() ? MAC_WINDOW_SIZE : LINUX_WINDOW_SIZE, size);
            int columns = Short.toUnsignedInt(size.getAtIndex(ValueLayout.JAVA_SHORT, 1));
            return status == 0 && columns > 0 ? columns : USUAL_COLUMNS;
        } catch (Throwable e) {
            return USUAL_COLUMNS;
        }
    }

    private static boolean isTerminal() {
        try {
            MethodHandle isatty = handle(
                    Linker.nativeLinker(), "isatty", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
            return (int) isatty.invokeExact(STANDARD_ERROR) != 0;
        } catch (Throwable e) {
            return false;
        }
    }

    @SuppressWarnings("restricted")
    private static MethodHandle handle(
            Linker linker, String name, FunctionDescriptor descriptor, Linker.Option... options) {
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor, options);
    }

    private static boolean isMac() {
        return System.getProperty("os.name").startsWith("Mac");
    }
}
