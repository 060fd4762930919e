package dev.diffusion4j.internal.ffm.library;

import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.bindings.d4j_device_t;
import dev.diffusion4j.bindings.d4j_log_fn;
import dev.diffusion4j.bindings.d4j_lora_t;
import dev.diffusion4j.bindings.d4j_model_info_t;
import dev.diffusion4j.bindings.d4j_number_t;
import dev.diffusion4j.bindings.d4j_observer_t;
import dev.diffusion4j.bindings.d4j_parts_t;
import dev.diffusion4j.bindings.d4j_tensor_t;
import dev.diffusion4j.bindings.d4j_text_encoder_t;
import dev.diffusion4j.bindings.sd_cache_params_t;
import dev.diffusion4j.bindings.sd_ctx_params_t;
import dev.diffusion4j.bindings.sd_embedding_t;
import dev.diffusion4j.bindings.sd_guidance_params_t;
import dev.diffusion4j.bindings.sd_hires_params_t;
import dev.diffusion4j.bindings.sd_image_t;
import dev.diffusion4j.bindings.sd_img_gen_params_t;
import dev.diffusion4j.bindings.sd_pm_params_t;
import dev.diffusion4j.bindings.sd_sample_params_t;
import dev.diffusion4j.bindings.sd_slg_params_t;
import dev.diffusion4j.bindings.sd_tiling_params_t;
import dev.diffusion4j.device.NativeDiagnosis;
import dev.diffusion4j.error.NativeLibraryException;
import dev.diffusion4j.internal.loader.CudaLibraries;
import dev.diffusion4j.internal.loader.NativeLibraryLocator;
import dev.diffusion4j.internal.loader.Platform;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Loads the native library once, checks that it is the one these bindings were made for, and connects its log. Every
 * user of the bindings calls {@link #load()} first: bindings that are touched before stay broken for the process.
 */
public final class NativeLibrary {

    private static final Logger LOG = System.getLogger("dev.diffusion4j.runtime");

    private static final String WAIT_POLICY = "OMP_WAIT_POLICY";
    private static final String PASSIVE = "passive";
    private static final String SPIN_COUNT = "GOMP_SPINCOUNT";

    /** Some ten microseconds: most barriers of a model are that close to each other. */
    private static final String SHORT_SPIN = "1000";

    private static volatile BiConsumer<Level, String> log = LOG::log;
    private static volatile Predicate<Level> logs = LOG::isLoggable;
    private static final Consumer<Path> LOADER =
            file -> System.load(file.toAbsolutePath().toString());
    private static final NativeLibraryLocator LOCATOR =
            new NativeLibraryLocator(LOADER, NativeLibrary.class.getClassLoader(), NativeVersions::abiNeeded);

    private static @Nullable Path loadedFrom;
    private static @Nullable NativeLibraryException failure;

    private NativeLibrary() {}

    /**
     * Loads the library unless it is loaded. A failed attempt is final for the process.
     *
     * @return where the library was loaded from
     * @throws NativeLibraryException if it is missing, cannot be loaded, or is not the right one
     */
    public static synchronized Path load() {
        if (failure != null) {
            throw new NativeLibraryException(failure.getMessage(), failure);
        }
        if (loadedFrom == null) {
            try {
                Platform.current().requireSupported();
                letThreadsWaitPassively();
                CudaLibraries.load(LOADER);
                Path library = LOCATOR.load();
                checkInterface(library);
                connect();
                loadedFrom = library;
            } catch (NativeLibraryException e) {
                failure = e;
                LOCATOR.refuse(e.getMessage());
                throw e;
            } catch (IllegalCallerException | ExceptionInInitializerError e) {
                // The bindings' first use is refused inside their initialization.
                if (!(e instanceof IllegalCallerException) && !(e.getCause() instanceof IllegalCallerException)) {
                    throw e;
                }
                failure = new NativeLibraryException(
                        "native access is not enabled: add --enable-native-access=ALL-UNNAMED to the java command (on the "
                                + "module path: --enable-native-access=dev.diffusion4j,dev.diffusion4j.bindings)",
                        e);
                throw failure;
            }
        }
        return loadedFrom;
    }

    /** Whether it is loaded; if not, the bindings must not be touched. */
    public static synchronized boolean isLoaded() {
        return loadedFrom != null;
    }

    /** A class of the bindings' artifact, which is not initialized by this. */
    public static Class<?> bindings() {
        return D4j.class;
    }

    /**
     * The file of the loaded library, or another copy of it if that is gone.
     *
     * @throws NativeLibraryException as {@link #load()}, or if the library cannot be unpacked again
     */
    public static synchronized Path file() {
        load();
        try {
            return LOCATOR.file();
        } catch (IOException e) {
            throw new NativeLibraryException("the native library's file is gone: " + e.getMessage(), e);
        }
    }

    /**
     * Lets OpenMP's threads sleep at barriers soon, unless the user chose otherwise: two models at once slow each other several
     * times when they spin for long, and one alone is slower when they sleep at once. The library reads it when it is loaded.
     */
    private static void letThreadsWaitPassively() {
        if (System.getenv(WAIT_POLICY) != null) {
            return;
        }
        Linker linker = Linker.nativeLinker();
        MethodHandle setenv = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("setenv"),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
        try (Arena arena = Arena.ofConfined()) {
            int policy = (int) setenv.invokeExact(arena.allocateFrom(WAIT_POLICY), arena.allocateFrom(PASSIVE), 0);
            int spins = (int) setenv.invokeExact(arena.allocateFrom(SPIN_COUNT), arena.allocateFrom(SHORT_SPIN), 0);
            if (policy != 0 || spins != 0) {
                LOG.log(Level.WARNING, "the environment cannot be changed: " + WAIT_POLICY + " is not set");
            }
        } catch (Throwable e) {
            LOG.log(Level.WARNING, WAIT_POLICY + " could not be set", e);
        }
    }

    /** Tries to load the library, and tells how that went. */
    public static synchronized NativeDiagnosis diagnose() {
        Optional<NativeDiagnosis.Library> library = Optional.empty();
        Optional<NativeLibraryException> reason = Optional.empty();
        try {
            Path file = load();
            library = Optional.of(new NativeDiagnosis.Library(
                    file,
                    NativeVersions.source(),
                    NativeVersions.abi(),
                    NativeVersions.backends(),
                    NativeVersions.cpuVariant(),
                    NativeVersions.processorFeatures(),
                    NativeVersions.defaultThreads()));
        } catch (NativeLibraryException e) {
            reason = Optional.of(e);
        }
        return new NativeDiagnosis(
                Platform.current().toString(),
                NativeLibrary.class.getModule().isNativeAccessEnabled()
                        && D4j.class.getModule().isNativeAccessEnabled(),
                Optional.ofNullable(System.getenv(WAIT_POLICY)).orElse(PASSIVE),
                LOCATOR.places(),
                LOCATOR.caches(),
                library,
                reason);
    }

    private static void checkInterface(Path library) {
        // Any library can be loaded, and asking the bindings for a function that is not there breaks them.
        if (SymbolLookup.loaderLookup().find("d4j_abi_version").isEmpty()) {
            throw new NativeLibraryException(library + " is not Diffusion4J's native library");
        }
        int abi = D4j.d4j_abi_version();
        if (abi != D4j.D4J_ABI_VERSION()) {
            throw new NativeLibraryException("the native library has ABI " + abi
                    + ", this version of Diffusion4J needs " + D4j.D4J_ABI_VERSION());
        }
        layouts().forEach(NativeLibrary::checkLayout);
    }

    /** The structs of the bindings that this library uses. */
    static Map<String, GroupLayout> layouts() {
        return Map.ofEntries(
                Map.entry("sd_ctx_params_t", sd_ctx_params_t.layout()),
                Map.entry("sd_img_gen_params_t", sd_img_gen_params_t.layout()),
                Map.entry("sd_sample_params_t", sd_sample_params_t.layout()),
                Map.entry("sd_guidance_params_t", sd_guidance_params_t.layout()),
                Map.entry("sd_slg_params_t", sd_slg_params_t.layout()),
                Map.entry("sd_tiling_params_t", sd_tiling_params_t.layout()),
                Map.entry("sd_cache_params_t", sd_cache_params_t.layout()),
                Map.entry("sd_hires_params_t", sd_hires_params_t.layout()),
                Map.entry("sd_pm_params_t", sd_pm_params_t.layout()),
                Map.entry("d4j_lora_t", d4j_lora_t.layout()),
                Map.entry("sd_embedding_t", sd_embedding_t.layout()),
                Map.entry("sd_image_t", sd_image_t.layout()),
                Map.entry("d4j_observer_t", d4j_observer_t.layout()),
                Map.entry("d4j_device_t", d4j_device_t.layout()),
                Map.entry("d4j_model_info_t", d4j_model_info_t.layout()),
                Map.entry("d4j_text_encoder_t", d4j_text_encoder_t.layout()),
                Map.entry("d4j_parts_t", d4j_parts_t.layout()),
                Map.entry("d4j_number_t", d4j_number_t.layout()),
                Map.entry("d4j_tensor_t", d4j_tensor_t.layout()));
    }

    /** Compares size and fields of a struct with the native library's. */
    static void checkLayout(String name, GroupLayout layout) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment struct = arena.allocateFrom(name);
            checkEqual(name + "'s size", D4j.d4j_struct_size(struct), layout.byteSize());
            long offset = 0;
            for (MemoryLayout member : layout.memberLayouts()) {
                String field = member.name().orElse("");
                if (!field.isEmpty()) {
                    checkEqual(
                            name + "." + field + "'s offset",
                            D4j.d4j_field_offset(struct, arena.allocateFrom(field)),
                            offset);
                }
                offset += member.byteSize();
            }
        }
    }

    private static void checkEqual(String what, long there, long here) {
        if (there != here) {
            throw new NativeLibraryException("in the native library " + what + " is " + there + ", in the bindings "
                    + here + ": it was built from another source");
        }
    }

    /** Sends log lines from a level on elsewhere, in place of the logger. */
    public static void logTo(Level least, BiConsumer<Level, String> receiver) {
        logs = level -> level.getSeverity() >= least.getSeverity();
        log = receiver;
    }

    /** The logger of the runtime's own lines. */
    public static Logger logger() {
        return LOG;
    }

    private static void connect() {
        NativeStatus.check(D4j.d4j_initialize(), "starting the native library");
        D4j.d4j_set_log_callback(d4j_log_fn.allocate(NativeLibrary::log, Arena.global()));
    }

    private static void log(int level, MemorySegment text) {
        try {
            Level javaLevel = level == D4j.SD_LOG_ERROR()
                    ? Level.ERROR
                    : level == D4j.SD_LOG_WARN()
                            ? Level.WARNING
                            : level == D4j.SD_LOG_INFO() ? Level.DEBUG : Level.TRACE;
            if (logs.test(javaLevel)) {
                log.accept(javaLevel, text.getString(0).strip());
            }
        } catch (Throwable e) {
            // Nothing may leave an upcall; a lost log line harms nobody.
        }
    }
}
