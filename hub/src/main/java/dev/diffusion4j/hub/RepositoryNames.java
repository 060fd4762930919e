package dev.diffusion4j.hub;

import java.util.regex.Pattern;

/**
 * What repositories, revisions and files may be called. The names become paths in the cache and parts of addresses, so that
 * nothing gets through that could leave the folder of its repository.
 */
final class RepositoryNames {

    private static final Pattern REPOSITORY = Pattern.compile("[A-Za-z0-9._-]{1,96}/[A-Za-z0-9._-]{1,96}");
    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");
    private static final Pattern HASH = Pattern.compile("[0-9a-f]{40}|[0-9a-f]{64}");
    private static final Pattern QUANT = Pattern.compile("[A-Za-z0-9._-]{1,40}");
    private static final int MAX_PATH = 1024;

    private RepositoryNames() {}

    static boolean isRepository(String name) {
        if (!REPOSITORY.matcher(name).matches() || name.contains("--") || name.contains("..")) {
            return false;
        }
        for (String part : name.split("/", -1)) {
            // As the hub and Python have it; "." alone would be a folder.
            if (".-".indexOf(part.charAt(0)) >= 0 || ".-".indexOf(part.charAt(part.length() - 1)) >= 0) {
                return false;
            }
        }
        return !name.endsWith(".git");
    }

    /** Whether it is the full name of a commit, of which nothing changes any more. */
    static boolean isCommit(String revision) {
        return COMMIT.matcher(revision).matches();
    }

    /** Whether it is the SHA-256 or the git hash of a file. */
    static boolean isHash(String etag) {
        return HASH.matcher(etag).matches();
    }

    static boolean isQuant(String quant) {
        return QUANT.matcher(quant).matches();
    }

    /** Whether a revision, or the path of a file, stays below the folder that it is resolved against on every system. */
    static boolean isRelativePath(String path) {
        if (path.isEmpty() || path.length() > MAX_PATH || path.chars().anyMatch(RepositoryNames::isUnsafe)) {
            return false;
        }
        for (String segment : path.split("/", -1)) {
            if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
                return false;
            }
        }
        return true;
    }

    /** Backslashes and colons lead elsewhere on Windows, and control characters into terminals. */
    private static boolean isUnsafe(int character) {
        return character == '\\' || character == ':' || Character.isISOControl(character);
    }
}
