/** The demo model: a small trained Stable Diffusion 1.x model that draws coloured shapes. */
module dev.diffusion4j.demo {
    requires dev.diffusion4j.cache;

    exports dev.diffusion4j.demo;
}
