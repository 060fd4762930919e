/** The cache folder of a user, and files unpacked into it that are compared with their checksums. */
@SuppressWarnings("module") // the others are built after this module
module dev.diffusion4j.cache {
    exports dev.diffusion4j.cache to
            dev.diffusion4j,
            dev.diffusion4j.demo;
}
