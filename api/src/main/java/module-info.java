/**
 * Stable Diffusion for Java: the fluent API over the native runtime stable-diffusion.cpp.
 */
module dev.diffusion4j {
    requires transitive java.desktop;
    requires com.fasterxml.jackson.core;
    requires com.fasterxml.jackson.databind;
    requires dev.diffusion4j.bindings;
    requires dev.diffusion4j.cache;

    exports dev.diffusion4j;
    exports dev.diffusion4j.image;
    exports dev.diffusion4j.model;
    exports dev.diffusion4j.runtime;
    exports dev.diffusion4j.scheduler;
    exports dev.diffusion4j.tensor;
    exports dev.diffusion4j.text;
}
