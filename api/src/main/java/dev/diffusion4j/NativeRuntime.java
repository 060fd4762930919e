package dev.diffusion4j;

import dev.diffusion4j.device.Device;
import dev.diffusion4j.device.DeviceChoice;
import dev.diffusion4j.device.DeviceMemory;
import dev.diffusion4j.device.NativeDiagnosis;
import dev.diffusion4j.internal.ffm.NativeDevices;
import dev.diffusion4j.internal.ffm.library.NativeCounts;
import dev.diffusion4j.internal.ffm.library.NativeLibrary;
import dev.diffusion4j.internal.ffm.library.NativeVersions;
import dev.diffusion4j.internal.loader.LibraryVersion;
import java.nio.file.Path;
import java.util.List;

/**
 * The native library: what it is and what it can run on. A method that needs it loads it, and throws
 * {@link dev.diffusion4j.error.NativeLibraryException} where that cannot be done; {@link #diagnose()} tells why.
 */
public final class NativeRuntime {

    private NativeRuntime() {}

    /** The version of Diffusion4J. Needs no native library. */
    public static String version() {
        return LibraryVersion.current();
    }

    /** The source that the native library was built from. */
    public static String sourceVersion() {
        NativeLibrary.load();
        return NativeVersions.source();
    }

    /** The backends compiled into the native library, such as {@code cuda} and {@code cpu}. */
    public static List<String> backends() {
        NativeLibrary.load();
        return NativeVersions.backends();
    }

    /** The processor's features and the libraries that the CPU backend uses, such as {@code AVX2} and {@code OPENMP}. */
    public static List<String> processorFeatures() {
        NativeLibrary.load();
        return NativeVersions.processorFeatures();
    }

    /** The file that the native library was loaded from. */
    public static Path libraryPath() {
        return NativeLibrary.load();
    }

    /**
     * Looks for the native library, unless it is loaded, and tells what was found where and what became of it. Throws
     * nothing where the library cannot be loaded: that is in the diagnosis.
     */
    public static NativeDiagnosis diagnose() {
        return NativeLibrary.diagnose();
    }

    /**
     * How many models native code holds open in this process: 0 while the native library is not loaded, which this does not do.
     * Isolated models are held by processes of their own, and do not count.
     */
    public static long openModels() {
        return NativeLibrary.isLoaded() ? NativeCounts.models() : 0;
    }

    /**
     * The native memory of pictures on their way to the heap, in bytes, of this process: 0 while nothing is drawn, or the native
     * library is not loaded, which this does not do.
     */
    public static long pictureMemory() {
        return NativeLibrary.isLoaded() ? NativeCounts.pixelBytes() : 0;
    }

    /** The devices of this machine that models can run on. */
    public static List<Device> devices() {
        NativeLibrary.load();
        return NativeDevices.list();
    }

    /**
     * The memory of a device. Asking a GPU makes a context on it, which takes some tenths of a second and some hundred
     * megabytes there; that is why {@link #devices()} does not.
     *
     * @throws dev.diffusion4j.error.DeviceUnavailableException if there is no such device
     */
    public static DeviceMemory memory(Device device) {
        String name = device.name();
        NativeLibrary.load();
        return NativeDevices.memory(name);
    }

    /**
     * The devices that a server on another machine offers.
     *
     * @param address {@code host:port}
     * @throws dev.diffusion4j.error.DeviceUnavailableException if there is no server, or it serves somebody else
     */
    public static List<Device> remoteDevices(String address) {
        String name = DeviceChoice.rpc(address).name();
        NativeLibrary.load();
        return NativeDevices.remote(name);
    }
}
