/**
 * Models by name: files of a model hub, downloaded once into the cache that Hugging Face's Python library uses, too.
 */
module dev.diffusion4j.hub {
    requires static transitive org.jspecify;
    requires com.fasterxml.jackson.core;
    requires java.net.http;

    exports dev.diffusion4j.hub;
}
