/**
 * An HTTP server that existing clients use unchanged, and a page.
 */
module dev.diffusion4j.server {
    requires transitive dev.diffusion4j;
    requires com.fasterxml.jackson.databind;
    requires java.management;
    requires jdk.management;
    requires org.eclipse.jetty.server;

    exports dev.diffusion4j.server;
}
