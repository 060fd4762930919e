package dev.diffusion4j.internal.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.diffusion4j.cache.CacheFolder;
import dev.diffusion4j.device.NativeDiagnosis.Cache;
import dev.diffusion4j.device.NativeDiagnosis.Outcome;
import dev.diffusion4j.device.NativeDiagnosis.Place;
import dev.diffusion4j.error.NativeLibraryException;
import dev.diffusion4j.internal.ffm.library.NativeVersions;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Properties;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("native")
class NativeLibraryLocatorTest {

    private static final int ABI = 8;
    private static final String HERE = Platform.current().toString();
    private static final String PROPERTY_PLACE = "system property " + NativeLibraryLocator.LIBRARY_PROPERTY;

    @TempDir
    private Path folder;

    private final Properties properties = new Properties();
    private final List<URL> artifacts = new ArrayList<>();
    private final List<Path> loaded = new ArrayList<>();

    @BeforeEach
    void unpackHere() {
        properties.putAll(System.getProperties());
        System.clearProperty(NativeLibraryLocator.LIBRARY_PROPERTY);
        System.clearProperty(NativeLibraryLocator.BACKEND_PROPERTY);
        System.setProperty(CacheFolder.PROPERTY, folder.resolve("cache").toString());
    }

    @AfterEach
    void restoreProperties() {
        System.setProperties(properties);
    }

    /** An artifact as a folder of classes; what its library holds tells it from others. */
    private Path artifact(String name, String content, String... properties) throws Exception {
        Path root = Files.createTempDirectory(folder, name);
        Path place = Files.createDirectories(root.resolve("META-INF/diffusion4j/" + name));
        byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
        Files.write(place.resolve("lib.so"), bytes);
        String sha256 =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        List<String> lines = new ArrayList<>(List.of("file=lib.so", "sha256=" + sha256, "abi=" + ABI));
        lines.addAll(List.of(properties));
        Files.write(place.resolve("natives.properties"), lines);
        artifacts.add(root.toUri().toURL());
        return place.resolve("lib.so");
    }

    private NativeLibraryLocator locator(Consumer<Path> loader) {
        ClassLoader resources = new URLClassLoader(artifacts.toArray(URL[]::new), null);
        return new NativeLibraryLocator(
                file -> {
                    loader.accept(file);
                    loaded.add(file);
                },
                resources,
                () -> ABI);
    }

    private NativeLibraryLocator locator() {
        return locator(file -> {});
    }

    private static Place place(NativeLibraryLocator locator, String name) {
        return locator.places().stream()
                .filter(place -> place.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + name + " in " + locator.places()));
    }

    private static List<Place> withOutcome(NativeLibraryLocator locator, Outcome outcome) {
        return locator.places().stream()
                .filter(place -> place.outcome() == outcome)
                .toList();
    }

    @Test
    void theArtifactIsUnpackedAndEveryPlaceIsToldInOrder() throws Exception {
        artifact(HERE + "-cpu", "cpu");
        NativeLibraryLocator locator = locator();
        Path library = locator.load();

        assertThat(library).isRegularFile().hasContent("cpu").startsWith(folder.toRealPath());
        assertThat(loaded).containsExactly(library);
        assertThat(locator.places())
                .extracting(Place::name)
                .startsWith(PROPERTY_PLACE, "environment variable DIFFUSION4J_LIBRARY", "artifact " + HERE + "-cuda")
                .contains("artifact " + HERE + "-cpu")
                .endsWith("java.library.path");
        assertThat(withOutcome(locator, Outcome.LOADED))
                .singleElement()
                .satisfies(place -> assertThat(place.name()).isEqualTo("artifact " + HERE + "-cpu"))
                .satisfies(place ->
                        assertThat(place.detail()).startsWith(folder.toString()).endsWith("unpacked to " + library));
        assertThat(withOutcome(locator, Outcome.REFUSED)).isEmpty();
        assertThat(locator.caches())
                .first()
                .extracting(Cache::path, Cache::outcome, Cache::permissions)
                .containsExactly(
                        folder.resolve("cache").toString(),
                        Outcome.LOADED,
                        new CacheFolder(folder.resolve("cache").toString(), false).permissions());
        assertThat(locator.caches().subList(1, locator.caches().size()))
                .extracting(Cache::outcome)
                .containsOnly(Outcome.NOT_NEEDED);
    }

    @Test
    void theArtifactOnTheClassPathIsFound() {
        // Under sanitizers it is one that nobody would look for unasked.
        String backend = properties.getProperty(NativeLibraryLocator.BACKEND_PROPERTY);
        if (backend != null) {
            System.setProperty(NativeLibraryLocator.BACKEND_PROPERTY, backend);
        }
        ClassLoader resources = NativeLibraryLocator.class.getClassLoader();
        Path library = new NativeLibraryLocator(loaded::add, resources, NativeVersions::abiNeeded).load();
        assertThat(library).isRegularFile();
        assertThat(library.getFileName().toString())
                .isEqualTo(Platform.current().libraryFileName());
        assertThat(new NativeLibraryLocator(loaded::add, resources, NativeVersions::abiNeeded).load())
                .isEqualTo(library);
    }

    @Test
    void ofTwoArtifactsThePreferredOneIsTakenAndTheOtherNamed() throws Exception {
        artifact(HERE + "-cpu", "cpu");
        artifact(HERE + "-vulkan", "vulkan");
        NativeLibraryLocator locator = locator();
        assertThat(locator.load()).hasContent("vulkan");
        assertThat(place(locator, "artifact " + HERE + "-cpu"))
                .satisfies(other -> assertThat(other.outcome()).isEqualTo(Outcome.NOT_NEEDED))
                .satisfies(other -> assertThat(other.detail()).contains("the artifact " + HERE + "-vulkan was taken"));
    }

    @Test
    void theBackendPropertyChoosesBetweenTwo() throws Exception {
        artifact(HERE + "-cpu", "cpu");
        artifact(HERE + "-vulkan", "vulkan");
        System.setProperty(NativeLibraryLocator.BACKEND_PROPERTY, "cpu");
        NativeLibraryLocator locator = locator();
        assertThat(locator.load()).hasContent("cpu");
        assertThat(place(locator, "artifact " + HERE + "-vulkan").detail()).contains("cpu is asked for");
    }

    @Test
    void anArtifactThatCannotBeLoadedIsPassedOver() throws Exception {
        artifact(HERE + "-cpu", "cpu");
        artifact(HERE + "-cuda", "cuda");
        NativeLibraryLocator locator = locator(file -> {
            if (file.toString().contains(sha("cuda").substring(0, 16))) {
                throw new UnsatisfiedLinkError("libcublas.so.13: cannot open shared object file");
            }
        });
        assertThat(locator.load()).hasContent("cpu");
        assertThat(withOutcome(locator, Outcome.REFUSED))
                .singleElement()
                .satisfies(place -> assertThat(place.name()).endsWith("-cuda"))
                .satisfies(place -> assertThat(place.detail()).contains("libcublas.so.13"));
    }

    private static String sha(String content) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(content.getBytes(StandardCharsets.UTF_8)));
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void anArtifactOfAnotherVersionIsRefusedBeforeItIsLoaded() throws Exception {
        artifact(HERE + "-cpu", "cpu", "abi=" + (ABI - 1));
        NativeLibraryLocator locator = locator();
        assertThatThrownBy(locator::load)
                .isInstanceOf(NativeLibraryException.class)
                .hasMessageContaining("it has ABI " + (ABI - 1))
                .hasMessageContaining("needs " + ABI);
        assertThat(loaded).isEmpty();
    }

    @Test
    void anArtifactThatWasTamperedWithIsRefused() throws Exception {
        Files.writeString(artifact(HERE + "-cpu", "cpu"), "cqu");
        assertThatThrownBy(locator()::load)
                .isInstanceOf(NativeLibraryException.class)
                .hasMessageContaining("does not match its checksum");
        assertThat(loaded).isEmpty();
    }

    @Test
    void anArtifactForAnotherProcessorIsNamed() throws Exception {
        String other =
                Platform.current().os() + "-" + (Platform.current().arch().equals("aarch64") ? "x86_64" : "aarch64");
        artifact(other + "-cpu", "cpu");
        NativeLibraryLocator locator = locator();
        assertThatThrownBy(locator::load)
                .isInstanceOf(NativeLibraryException.class)
                .hasMessageContaining("artifact " + other + "-cpu")
                .hasMessageContaining("another platform than this, " + HERE);

        artifact(HERE + "-cpu", "cpu");
        locator = locator();
        assertThat(locator.load()).hasContent("cpu");
        assertThat(place(locator, "artifact " + other + "-cpu").outcome()).isEqualTo(Outcome.NOT_NEEDED);
    }

    @Test
    void aLibraryThatCannotBeLoadedIsNamed() throws Exception {
        artifact(HERE + "-cpu", "cpu");
        Path own = Files.writeString(folder.resolve("own.so"), "");
        System.setProperty(NativeLibraryLocator.LIBRARY_PROPERTY, own.toString());
        NativeLibraryLocator locator = locator(library -> {
            throw new UnsatisfiedLinkError("file too short");
        });
        assertThatThrownBy(locator::load)
                .isInstanceOf(NativeLibraryException.class)
                .hasMessageContaining("own.so cannot be loaded: file too short")
                .hasMessageContaining(NativeLibraryLocator.LIBRARY_PROPERTY);
        assertThat(place(locator, "artifact " + HERE + "-cpu").outcome()).isEqualTo(Outcome.NOT_NEEDED);
    }

    @Test
    void aLibraryOfTheUsersOwnComesFirst() throws Exception {
        artifact(HERE + "-cpu", "cpu");
        Path own = Files.writeString(folder.resolve("own.so"), "");
        System.setProperty(NativeLibraryLocator.LIBRARY_PROPERTY, own.toString());
        NativeLibraryLocator locator = locator();
        assertThat(locator.load()).isEqualTo(own);
        assertThat(place(locator, PROPERTY_PLACE).outcome()).isEqualTo(Outcome.LOADED);

        System.setProperty(
                NativeLibraryLocator.LIBRARY_PROPERTY, folder.resolve("no.so").toString());
        assertThatThrownBy(locator()::load)
                .isInstanceOf(NativeLibraryException.class)
                .hasMessageContaining("no.so")
                .hasMessageContaining(NativeLibraryLocator.LIBRARY_PROPERTY);
    }

    /** As the JVM words it; a copy elsewhere would be a second runtime in this process. */
    @Test
    void aLibraryOfAnotherClassLoaderIsNamedAndNotCopied() throws Exception {
        artifact(HERE + "-cpu", "cpu");
        List<Path> tried = new ArrayList<>();
        NativeLibraryLocator locator = locator(library -> {
            tried.add(library);
            throw new UnsatisfiedLinkError("Native Library " + library + " already loaded in another classloader");
        });
        assertThatThrownBy(locator::load)
                .isInstanceOf(NativeLibraryException.class)
                .hasMessageContaining("another class loader of this JVM")
                .hasMessageContaining("parent class loader");
        assertThat(tried).hasSize(1);
        assertThat(place(locator, "artifact " + HERE + "-cpu").outcome()).isEqualTo(Outcome.REFUSED);
    }

    @Test
    void aLibraryThatIsGoneIsUnpackedAgain() throws Exception {
        artifact(HERE + "-cpu", "cpu");
        NativeLibraryLocator locator = locator();
        Path library = locator.load();
        Files.delete(library);
        assertThat(locator.file()).hasContent("cpu");
        assertThat(loaded).as("the one that was loaded stays").containsExactly(library);
    }

    @Test
    void aLoadedLibraryCanStillBeRefused() throws Exception {
        artifact(HERE + "-cpu", "cpu");
        NativeLibraryLocator locator = locator();
        locator.load();
        locator.refuse("it is another one");
        assertThat(withOutcome(locator, Outcome.LOADED)).isEmpty();
        assertThat(withOutcome(locator, Outcome.REFUSED))
                .extracting(Place::name, Place::detail)
                .containsExactly(tuple("artifact " + HERE + "-cpu", "it is another one"));
    }

    @Test
    void withoutAnyEveryPlaceIsReported() {
        System.setProperty(NativeLibraryLocator.BACKEND_PROPERTY, "nonsense");
        assertThatThrownBy(locator()::load)
                .isInstanceOf(NativeLibraryException.class)
                .hasMessageContaining("diffusion4j-natives")
                .hasMessageContaining(HERE + "-nonsense")
                .hasMessageContaining("java.library.path");
    }
}
