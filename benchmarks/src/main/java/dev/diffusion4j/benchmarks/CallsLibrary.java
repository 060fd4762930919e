package dev.diffusion4j.benchmarks;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/** The functions of {@code benchmarks/c/calls.c}. */
public final class CallsLibrary {

    private static final SymbolLookup LOOKUP = SymbolLookup.libraryLookup(
            Path.of(System.getProperty("benchmarks.native"), System.mapLibraryName("calls")), Arena.global());

    private CallsLibrary() {}

    /** A function to call. */
    public static MethodHandle handle(String name, FunctionDescriptor descriptor, Linker.Option... options) {
        return Linker.nativeLinker().downcallHandle(LOOKUP.findOrThrow(name), descriptor, options);
    }
}
