package dev.diffusion4j.hub;

/**
 * A moment of a download.
 *
 * @param repository {@code org/name}
 * @param path the file's path within the repository
 * @param fileBytes how many bytes of the file are there, those of earlier calls included
 * @param fileTotal the file's size in bytes
 * @param bytes how many bytes are there of all files that this call downloads
 * @param total the size in bytes of all files that this call downloads
 */
public record DownloadProgress(
        String repository, String path, long fileBytes, long fileTotal, long bytes, long total) {}
