package dev.diffusion4j.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How many bytes this user may still write into a folder that exists. */
interface FreeSpace {

    long in(Path folder) throws IOException;

    /** What the file system says. */
    static long ofFileSystem(Path folder) throws IOException {
        return Files.getFileStore(folder).getUsableSpace();
    }
}
