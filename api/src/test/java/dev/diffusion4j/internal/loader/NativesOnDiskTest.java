package dev.diffusion4j.internal.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.cache.CacheFolder;
import dev.diffusion4j.cache.Unpacker;
import dev.diffusion4j.error.NativeLibraryException;
import dev.diffusion4j.internal.ffm.library.NativeVersions;
import dev.diffusion4j.internal.ffm.library.NativesProbe;
import dev.diffusion4j.testing.process.ChildJvm;
import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Properties;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The native library on its way from an artifact to where it is loaded from. */
@Tag("native")
class NativesOnDiskTest {

    private static final String CONTENT = "the library";
    private static final int JVMS = 4;

    @TempDir
    private Path folder;

    private final Properties properties = new Properties();

    @BeforeEach
    void keepProperties() {
        properties.putAll(System.getProperties());
    }

    @AfterEach
    void restoreProperties() {
        System.setProperties(properties);
    }

    private static String sha256() throws Exception {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(CONTENT.getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().formatHex(digest);
    }

    private Path unpack(CacheFolder cache) throws Exception {
        URL resource =
                Files.writeString(folder.resolve("resource"), CONTENT).toUri().toURL();
        return Unpacker.unpack(cache, "natives", resource::openStream, "lib.so", sha256());
    }

    private CacheFolder named() {
        return new CacheFolder(folder.resolve("cache").toString(), false);
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    private static void setPermissions(Path path, String permissions) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
    }

    /** Without the notes of what was compared with its checksum. */
    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> paths = Files.walk(folder)) {
            return paths.filter(Files::isRegularFile)
                    .filter(file -> !file.toString().endsWith(".checked"))
                    .toList();
        }
    }

    /** Takes the artifact on the class path. */
    private static Path load(Consumer<Path> loader) {
        return new NativeLibraryLocator(loader, NativeLibraryLocator.class.getClassLoader(), NativeVersions::abiNeeded)
                .load();
    }

    @Test
    void whatIsUnpackedIsItsOwnersAlone() throws Exception {
        Path library = unpack(named());

        assertThat(library).hasContent(CONTENT);
        assertThat(permissions(library)).isEqualTo("rw-------");
        for (Path above = library.getParent(); !above.equals(folder.toRealPath()); above = above.getParent()) {
            assertThat(permissions(above)).as("%s", above).isEqualTo("rwx------");
        }
        assertThat(files(folder.resolve("cache"))).containsExactly(library);
    }

    @Test
    void aCopyThatIsWholeIsKept() throws Exception {
        Path library = unpack(named());
        Object inode = Files.getAttribute(library, "unix:ino");
        assertThat(unpack(named())).isEqualTo(library);
        assertThat(Files.getAttribute(library, "unix:ino")).isEqualTo(inode);
    }

    @Test
    void aTamperedCopyIsReplaced() throws Exception {
        Path library = unpack(named());
        Files.writeString(library, "the lybrary");
        assertThat(unpack(named())).isEqualTo(library).hasContent(CONTENT);
    }

    @Test
    void aHalfWrittenCopyIsReplaced() throws Exception {
        Path library = unpack(named());
        Files.writeString(library, CONTENT.substring(0, 4));
        assertThat(unpack(named())).hasContent(CONTENT);
        Files.writeString(library, "");
        assertThat(unpack(named())).hasContent(CONTENT);
    }

    @Test
    void aLinkInPlaceOfTheCopyIsReplaced() throws Exception {
        Path library = unpack(named());
        Path elsewhere = Files.writeString(folder.resolve("elsewhere"), CONTENT);
        Files.delete(library);
        Files.createSymbolicLink(library, elsewhere);

        assertThat(unpack(named())).isRegularFile().hasContent(CONTENT);
        assertThat(Files.isSymbolicLink(library)).isFalse();
    }

    @Test
    void aResourceWithAnotherChecksumIsRefused() throws Exception {
        URL resource = Files.writeString(folder.resolve("resource"), "something else")
                .toUri()
                .toURL();
        assertThatThrownBy(() -> Unpacker.unpack(named(), "natives", resource::openStream, "lib.so", sha256()))
                .hasMessageContaining("does not match its checksum");
        assertThat(files(folder.resolve("cache"))).isEmpty();
    }

    @Test
    void aNamedFolderThatOthersMayWriteIsNotTrusted() throws Exception {
        Path cache = Files.createDirectory(folder.resolve("cache"));
        for (String open : List.of("rwxrwxrwx", "rwxrwx---", "rwx----w-")) {
            setPermissions(cache, open);
            assertThatThrownBy(() -> unpack(named()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("can be written by others")
                    .hasMessageContaining(cache.toString());
            assertThat(permissions(cache)).as("left as it is").isEqualTo(open);
        }
    }

    @Test
    void aStickyFolderWillDo() throws Exception {
        Path cache = Files.createDirectory(folder.resolve("cache"));
        Files.setAttribute(cache, "unix:mode", 01777);
        assertThat(unpack(named())).hasContent(CONTENT);
    }

    @Test
    void ourOwnFolderThatOthersMayWriteIsClosedToThem() throws Exception {
        Path cache = Files.createDirectory(folder.resolve("cache"));
        setPermissions(cache, "rwxrwxr-x");
        assertThat(unpack(new CacheFolder(cache.toString(), true))).hasContent(CONTENT);
        assertThat(permissions(cache)).isEqualTo("rwxr-xr-x");
    }

    @Test
    void aFolderOfSomebodyElseIsNotTrusted() throws Exception {
        Path cache = Files.createDirectory(folder.resolve("cache"));
        try {
            Files.setAttribute(cache, "unix:uid", 54321);
        } catch (IOException e) {
            Assumptions.abort("only root can give a folder to somebody else");
        }
        for (boolean ours : new boolean[] {true, false}) {
            assertThatThrownBy(() -> unpack(new CacheFolder(cache.toString(), ours)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(cache + " belongs to 54321");
        }
    }

    @Test
    void aFolderThatHoldsNoProgramsIsPassedOver() {
        System.setProperty(CacheFolder.PROPERTY, folder.resolve("noexec").toString());
        List<Path> tried = new ArrayList<>();
        Path library = load(file -> {
            tried.add(file);
            if (file.toString().contains("noexec")) {
                throw new UnsatisfiedLinkError(file + ": failed to map segment from shared object");
            }
        });
        assertThat(tried).hasSize(2);
        assertThat(tried.getFirst()).isRegularFile().startsWith(folder.resolve("noexec"));
        assertThat(library).isEqualTo(tried.getLast()).isRegularFile();
    }

    @Test
    void aHomeThatCannotBeWrittenIsPassedOver() throws Exception {
        // Below a file nothing can be made, not even by root.
        Path file = Files.createFile(folder.resolve("file"));
        System.setProperty(CacheFolder.PROPERTY, file.resolve("cache").toString());
        Path library = load(loaded -> {});
        assertThat(library).isRegularFile();
        assertThat(library.startsWith(file)).isFalse();
    }

    @Test
    void allFoldersThatWereTriedAreNamed() throws Exception {
        Path file = Files.createFile(folder.resolve("file"));
        System.setProperty(CacheFolder.PROPERTY, file.resolve("cache").toString());
        System.setProperty("java.io.tmpdir", folder.toString());
        System.setProperty("user.name", "user");
        assertThatThrownBy(() -> load(loaded -> {
                    throw new UnsatisfiedLinkError("failed to map segment");
                }))
                .isInstanceOf(NativeLibraryException.class)
                .hasMessageContaining(CacheFolder.PROPERTY)
                .hasMessageContaining(file.resolve("cache") + ": ")
                .hasMessageContaining(folder.resolve("diffusion4j-user") + ": failed to map segment")
                .satisfies(e -> assertThat(e.getSuppressed()).isNotEmpty());
    }

    @Test
    void jvmsThatStartAtOnceDoNotCollide() throws Exception {
        Path cache = folder.resolve("cold");
        List<ChildJvm> jvms = new ArrayList<>();
        for (int i = 0; i < JVMS; i++) {
            jvms.add(ChildJvm.start(NativesProbe.class, List.of("-D" + CacheFolder.PROPERTY + "=" + cache)));
        }
        List<String> outputs = new ArrayList<>();
        for (ChildJvm jvm : jvms) {
            ChildJvm.Result result = jvm.end();
            assertThat(result.status()).as(result.output()).isZero();
            outputs.add(result.output().strip());
        }
        List<Path> left = files(cache);
        assertThat(left).as("one library, and nothing half written").hasSize(1);
        assertThat(outputs).containsOnly(left.getFirst().toRealPath().toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-Duser.home=?",
                "-Duser.home=j\u00fc",
                "-Ddiffusion4j.cache=/tmp/j\u00fc",
                "-Djava.library.path=/j\u00fc"
            })
    void aHomeThatIsNoPathIsPassedOver(String option) throws Exception {
        Path started = Files.createDirectory(folder.resolve("started"));
        List<String> command = ChildJvm.java();
        command.removeIf(argument -> argument.contains(CacheFolder.PROPERTY));
        command.addAll(List.of(
                "--enable-native-access=ALL-UNNAMED",
                option,
                "-Djava.io.tmpdir=" + folder,
                "-cp",
                absoluteClassPath(),
                NativesProbe.class.getName()));
        ProcessBuilder builder = new ProcessBuilder(command).directory(started.toFile());
        List.of("XDG_CACHE_HOME", "DIFFUSION4J_CACHE").forEach(builder.environment()::remove);
        builder.environment().put("LC_ALL", "C");

        ChildJvm.Result result = ChildJvm.start(builder).end();
        assertThat(result.status()).as(result.output()).isZero();
        assertThat(files(started))
                .as("what is written into the working directory")
                .isEmpty();
        Path library = Path.of(result.output().strip());
        assertThat(library).isRegularFile();
        if (option.contains("home")) {
            assertThat(library).startsWith(folder.toRealPath());
        }
    }

    private static String absoluteClassPath() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(place -> Path.of(place).toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator));
    }

    @Test
    void withoutNativeAccessTheOptionToAddIsNamed() throws Exception {
        List<String> command = ChildJvm.java();
        command.addAll(List.of(
                "--illegal-native-access=deny",
                "-cp",
                System.getProperty("java.class.path"),
                NativesProbe.class.getName()));
        ChildJvm.Result result = ChildJvm.start(command).end();
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.output()).contains("NativeLibraryException").contains("--enable-native-access=ALL-UNNAMED");
    }
}
