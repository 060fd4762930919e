package dev.diffusion4j.hub;

/**
 * Something that the hub says it does not have. It was asked; a file that is merely not on this machine is a
 * {@link NotCachedException}.
 */
public final class ModelNotFoundException extends HubException {

    private static final long serialVersionUID = 1L;

    /** What a hub may lack. */
    public enum Missing {
        /** The repository: it was renamed, deleted or misspelt, or is private. */
        REPOSITORY,
        /** The branch, tag or commit. */
        REVISION,
        /** The file within the repository. */
        FILE
    }

    private final Missing missing;

    ModelNotFoundException(Missing missing, String message) {
        super(message);
        this.missing = missing;
    }

    /** What is missing. */
    public Missing missing() {
        return missing;
    }
}
