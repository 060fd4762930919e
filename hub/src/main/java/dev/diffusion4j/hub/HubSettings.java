package dev.diffusion4j.hub;

import java.net.URI;
import java.nio.file.Path;

/**
 * What a hub was built with and its parts need.
 *
 * @param cache the cache folder
 * @param offline whether no request may be sent
 * @param linksDisabled whether snapshots hold files in place of links
 * @param parallelDownloads how many files are downloaded at a time
 * @param retries what is done when the hub cannot be reached
 * @param space how much room there is
 */
record HubSettings(
        URI endpoint,
        Path cache,
        boolean offline,
        boolean linksDisabled,
        int parallelDownloads,
        Retries retries,
        FreeSpace space) {}
