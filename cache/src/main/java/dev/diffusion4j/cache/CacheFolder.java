package dev.diffusion4j.cache;

import java.io.File;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * A folder for unpacked files that are kept between runs.
 *
 * @param name where it is, as the user or the system names it; it need not be a path
 * @param ours whether Diffusion4J chose it, so that its permissions may be corrected; false if the user named it
 */
public record CacheFolder(String name, boolean ours) {

    /** The system property that names the folder to try first. */
    public static final String PROPERTY = "diffusion4j.cache";

    private static final String FOLDER = "diffusion4j";
    private static final String ROOT = "root";
    private static final String UNKNOWN = "?";
    private static final char UNDECODABLE = '\uFFFD';
    private static final int STICKY = 01000;
    private static final Set<PosixFilePermission> OTHERS_MAY_WRITE =
            Set.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);
    private static final boolean POSIX =
            FileSystems.getDefault().supportedFileAttributeViews().contains("posix");

    /**
     * The folders to try, in this order: the system property {@code diffusion4j.cache}, {@code DIFFUSION4J_CACHE},
     * {@code XDG_CACHE_HOME/diffusion4j} or else {@code ~/.cache/diffusion4j}, a folder of this user's among the temporary
     * files.
     */
    public static List<CacheFolder> candidates() {
        List<CacheFolder> folders = new ArrayList<>();
        String property = System.getProperty(PROPERTY);
        if (isGiven(property)) {
            folders.add(new CacheFolder(property, false));
        }
        String variable = System.getenv("DIFFUSION4J_CACHE");
        if (isGiven(variable)) {
            folders.add(new CacheFolder(variable, false));
        }
        String caches = System.getenv("XDG_CACHE_HOME");
        String home = System.getProperty("user.home");
        folders.add(new CacheFolder(
                isGiven(caches) ? below(caches, FOLDER) : below(isGiven(home) ? home : UNKNOWN, ".cache", FOLDER),
                true));
        folders.add(new CacheFolder(below(System.getProperty("java.io.tmpdir"), FOLDER + "-" + user()), true));
        return folders;
    }

    private static boolean isGiven(String folder) {
        return folder != null && !folder.isBlank();
    }

    private static String below(String folder, String... names) {
        return folder + File.separator + String.join(File.separator, names);
    }

    /** This user's name, or the number where there is no name for it or none that a file can have here. */
    private static String user() {
        String name = System.getProperty("user.name");
        if (isGiven(name) && !name.equals(UNKNOWN) && !name.contains(File.separator) && isExpressible(name)) {
            return name;
        }
        try {
            return Files.getAttribute(Path.of("/proc/self"), "unix:uid").toString();
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            return "unknown";
        }
    }

    private static boolean isExpressible(String path) {
        // What could not be decoded was replaced by this, and names another file now.
        if (path.indexOf(UNDECODABLE) >= 0) {
            return false;
        }
        try {
            Path.of(path);
            return true;
        } catch (InvalidPathException e) {
            return false;
        }
    }

    /**
     * Where it is.
     *
     * @throws IOException if that cannot be told: the name cannot be expressed in this locale, or a folder that the user has not
     *     named is relative, as the home of a user without one is
     */
    public Path path() throws IOException {
        if (!isExpressible(name)) {
            throw new IOException(
                    name + " cannot be expressed in this locale (" + System.getProperty("sun.jnu.encoding") + ")");
        }
        Path path = Path.of(name);
        if (ours && !path.isAbsolute()) {
            throw new IOException(name + " is not an absolute path");
        }
        return path;
    }

    /**
     * Makes a folder below this one, for its owner alone, unless it exists. Nobody else can change what is in it then: it
     * and all above it up to this one belong to this user or to root, and only their owner may write there.
     *
     * @return its real path, which a link that changes later does not lead elsewhere
     * @throws IOException if it cannot be written, or others could change what is in it
     */
    public Path create(String... names) throws IOException {
        Path path = path();
        createOwned(path);
        Path folder = path.toRealPath();
        UserPrincipal user = userOf(folder);
        requireTrusted(folder, user, ours);
        for (String below : names) {
            folder = folder.resolve(below);
            createOwned(folder);
            requireTrusted(folder, user, true);
        }
        return folder;
    }

    /** Such as {@code rwx------}; empty if it does not exist, or where there are no such permissions. */
    public String permissions() {
        try {
            return POSIX ? PosixFilePermissions.toString(Files.getPosixFilePermissions(path())) : "";
        } catch (IOException e) {
            return "";
        }
    }

    private static void createOwned(Path folder) throws IOException {
        if (Files.isDirectory(folder)) {
            return;
        }
        if (POSIX) {
            Files.createDirectories(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } else {
            Files.createDirectories(folder);
        }
    }

    /** Who this process is to the file system, which also shows that the folder can be written. */
    private static UserPrincipal userOf(Path folder) throws IOException {
        Path probe = Files.createTempFile(folder, "probe", null);
        try {
            return Files.getOwner(probe);
        } finally {
            Files.delete(probe);
        }
    }

    private static void requireTrusted(Path folder, UserPrincipal user, boolean correctable) throws IOException {
        if (!POSIX) {
            return;
        }
        PosixFileAttributes attributes =
                Files.readAttributes(folder, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!attributes.isDirectory()) {
            throw new IOException(folder + " is not a folder itself");
        }
        boolean isUsers = attributes.owner().equals(user);
        String owner = attributes.owner().getName();
        if (!isUsers && !owner.equals(ROOT)) {
            throw new IOException(folder + " belongs to " + owner + ", not to " + user.getName());
        }
        Set<PosixFilePermission> permissions = EnumSet.copyOf(attributes.permissions());
        // In a sticky folder, such as /tmp, others may not replace what is ours.
        boolean sticky = ((int) Files.getAttribute(folder, "unix:mode") & STICKY) != 0;
        if (!permissions.removeAll(OTHERS_MAY_WRITE) || sticky) {
            return;
        }
        if (!isUsers || !correctable) {
            throw new IOException(folder + " can be written by others than its owner ("
                    + PosixFilePermissions.toString(attributes.permissions()) + ")");
        }
        // Such as one that was made with a umask of 002. What is in it is looked at only after this.
        Files.setPosixFilePermissions(folder, permissions);
    }
}
