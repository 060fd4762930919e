package dev.diffusion4j.hub;

import java.util.List;

/**
 * A reference that does not say which file of the repository is meant.
 */
public final class AmbiguousModelException extends HubException {

    private static final long serialVersionUID = 1L;

    private final String[] candidates;

    AmbiguousModelException(String message, List<String> candidates) {
        super(message);
        this.candidates = candidates.toArray(String[]::new);
    }

    /** The paths of the files that may be meant, within the repository; empty if none is likely. */
    public List<String> candidates() {
        return List.of(candidates);
    }
}
