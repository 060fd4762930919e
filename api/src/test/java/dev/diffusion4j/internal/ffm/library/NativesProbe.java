package dev.diffusion4j.internal.ffm.library;

/** A small program that loads the native library and prints from where. */
public final class NativesProbe {

    private NativesProbe() {}

    public static void main(String[] arguments) {
        System.out.println(NativeLibrary.load());
    }
}
