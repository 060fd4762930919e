/** The demo model: a small trained Stable Diffusion 1.x model that draws coloured shapes. */
module dev.diffusion4j.demo {
    exports dev.diffusion4j.demo;
}
