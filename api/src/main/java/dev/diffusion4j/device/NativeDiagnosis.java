package dev.diffusion4j.device;

import dev.diffusion4j.error.NativeLibraryException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * How the native library was looked for, told by the loader itself: what was found, what was tried, what was taken and why.
 * Made by {@code NativeRuntime.diagnose}.
 *
 * @param platform this machine, as natives artifacts name it, such as {@code linux-x86_64}
 * @param nativeAccess whether this program was started with native access enabled; Java warns, or refuses, where it is not
 * @param waitPolicy what {@code OMP_WAIT_POLICY} is for the library: how its threads wait for each other
 * @param places where the library was looked for, in this order
 * @param caches the folders that libraries are unpacked into, in the order of preference
 * @param library the library that was taken; empty if {@code failure} says why there is none
 * @param failure what every use of the library throws, if it cannot be used
 */
public record NativeDiagnosis(
        String platform,
        boolean nativeAccess,
        String waitPolicy,
        List<Place> places,
        List<Cache> caches,
        Optional<Library> library,
        Optional<NativeLibraryException> failure) {

    public NativeDiagnosis {
        Objects.requireNonNull(platform, "platform");
        Objects.requireNonNull(waitPolicy, "waitPolicy");
        Objects.requireNonNull(library, "library");
        Objects.requireNonNull(failure, "failure");
        places = List.copyOf(places);
        caches = List.copyOf(caches);
    }

    /** What became of a place or a folder. */
    public enum Outcome {
        /** The library was loaded from here. */
        LOADED,
        /** What is here cannot be used. */
        REFUSED,
        /** There is nothing here. */
        ABSENT,
        /** Another was taken before, or is asked for. */
        NOT_NEEDED
    }

    /**
     * Somewhere a library can come from.
     *
     * @param name such as {@code system property diffusion4j.library} or {@code artifact linux-x86_64-cpu}
     * @param outcome what became of it
     * @param detail what is there, and why it was refused or is not needed
     */
    public record Place(String name, Outcome outcome, String detail) {

        public Place {
            Objects.requireNonNull(name, "name");
            Objects.requireNonNull(outcome, "outcome");
            Objects.requireNonNull(detail, "detail");
        }
    }

    /**
     * A folder that libraries are unpacked into.
     *
     * @param path where it is, as the user or the system names it; that need not be a path in this locale
     * @param outcome {@link Outcome#LOADED} for the one in use, {@link Outcome#REFUSED} for one that was tried in vain
     * @param detail why it was refused; empty otherwise
     * @param permissions such as {@code rwx------}; empty if it does not exist or the file system has no such permissions
     * @param noExec whether the file system that it is on is mounted such that nothing in it can be run
     */
    public record Cache(String path, Outcome outcome, String detail, String permissions, boolean noExec) {

        public Cache {
            Objects.requireNonNull(path, "path");
            Objects.requireNonNull(outcome, "outcome");
            Objects.requireNonNull(detail, "detail");
            Objects.requireNonNull(permissions, "permissions");
        }
    }

    /**
     * The library that was loaded.
     *
     * @param file where it is
     * @param source what it was built from
     * @param abi its ABI number
     * @param backends what it can compute with, such as {@code cuda} and {@code cpu}
     * @param cpuVariant which of its CPU variants it chose, such as {@code haswell}; empty if it has just one
     * @param processorFeatures what its code for the CPU uses, such as {@code AVX2}
     * @param threads how many threads it computes with on the CPU unless told otherwise
     */
    public record Library(
            Path file,
            String source,
            int abi,
            List<String> backends,
            Optional<String> cpuVariant,
            List<String> processorFeatures,
            int threads) {

        public Library {
            Objects.requireNonNull(file, "file");
            Objects.requireNonNull(source, "source");
            Objects.requireNonNull(cpuVariant, "cpuVariant");
            backends = List.copyOf(backends);
            processorFeatures = List.copyOf(processorFeatures);
        }
    }
}
