/**
 * Diffusion models for Java: the fluent API over the native runtime stable-diffusion.cpp.
 */
module dev.diffusion4j {
    requires transitive java.desktop;
    requires static transitive org.jspecify;
    requires com.fasterxml.jackson.core;
    requires dev.diffusion4j.bindings;
    requires dev.diffusion4j.cache;

    exports dev.diffusion4j;
    exports dev.diffusion4j.component;
    exports dev.diffusion4j.device;
    exports dev.diffusion4j.error;
    exports dev.diffusion4j.image;
    exports dev.diffusion4j.modelfile;
    exports dev.diffusion4j.pipeline;
    exports dev.diffusion4j.request;
    exports dev.diffusion4j.scheduler;
    exports dev.diffusion4j.tensor;
    exports dev.diffusion4j.tokenizer;
}
