/**
 * The C interface of the native library, as jextract translated it; {@code regenerate.sh} writes the package anew.
 *
 * <p>The library is not loaded here. Functions are looked up in the libraries of this module's class loader at their
 * first use, so a class of the same loader calls {@link System#load(String)} before that. Layouts and constants need no
 * library. They hold where {@code long} and pointers have 64 bits: Linux and macOS.
 */
@SuppressWarnings("module") // the API is built after this module
module dev.diffusion4j.bindings {
    exports dev.diffusion4j.bindings to
            dev.diffusion4j;
}
