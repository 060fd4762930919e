package dev.diffusion4j.hub;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A repository of the {@link StubHub}: each change is a commit of its own. */
final class StubRepository {

    /** A file, which is named by its SHA-256 if it is large, else by git's hash. */
    record File(byte[] content, boolean isLarge) {
        String etag() {
            return isLarge ? sha256(content) : gitHash(content);
        }

        String listed(String path) {
            String common = "\"type\": \"file\", \"path\": \"%s\", \"size\": %d, \"oid\": \"%s\""
                    .formatted(path, content.length, gitHash(content));
            return "{"
                    + common
                    + (isLarge
                            ? ", \"lfs\": {\"oid\": \"%s\", \"size\": %d, \"pointerSize\": 130}"
                                    .formatted(sha256(content), content.length)
                            : "")
                    + "}";
        }
    }

    private final Map<String, Map<String, File>> commits = new ConcurrentHashMap<>();
    private final Map<String, String> refs = new ConcurrentHashMap<>();
    volatile String token;
    volatile String newName;

    /** Whoever does not send the token is told that the repository is gated. */
    StubRepository gatedBy(String secret) {
        token = secret;
        return this;
    }

    void renameTo(String name) {
        newName = name;
    }

    /** Adds or replaces a file of the branch main; returns the commit. */
    String add(String path, byte[] content, boolean isLarge) {
        Map<String, File> files = new HashMap<>(refs.containsKey("main") ? commits.get(refs.get("main")) : Map.of());
        files.put(path, new File(content, isLarge));
        String commit = hash("SHA-1", ("commit " + commits.size() + path).getBytes(StandardCharsets.UTF_8));
        commits.put(commit, files);
        refs.put("main", commit);
        return commit;
    }

    String add(String path, String content) {
        return add(path, content.getBytes(StandardCharsets.UTF_8), true);
    }

    void ref(String name, String commit) {
        refs.put(name, commit);
    }

    String commitOf(String revision) {
        return commits.containsKey(revision) ? revision : refs.get(revision);
    }

    Map<String, File> files(String commit) {
        return commits.get(commit);
    }

    static String sha256(byte[] content) {
        return hash("SHA-256", content);
    }

    static String gitHash(byte[] content) {
        byte[] header = ("blob " + content.length + "\0").getBytes(StandardCharsets.US_ASCII);
        byte[] all = new byte[header.length + content.length];
        System.arraycopy(header, 0, all, 0, header.length);
        System.arraycopy(content, 0, all, header.length, content.length);
        return hash("SHA-1", all);
    }

    private static String hash(String algorithm, byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
