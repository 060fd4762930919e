package dev.diffusion4j.hub;

/** Headers of the hub's own. */
final class HubHeaders {

    static final String COMMIT = "X-Repo-Commit";
    static final String LINKED_ETAG = "X-Linked-Etag";
    static final String LINKED_SIZE = "X-Linked-Size";
    static final String ERROR_CODE = "X-Error-Code";
    static final String ERROR_MESSAGE = "X-Error-Message";

    private HubHeaders() {}
}
