package dev.diffusion4j.hub;

import java.util.List;

/**
 * A short name that is not in the catalog.
 */
public final class UnknownModelNameException extends HubException {

    private static final long serialVersionUID = 1L;

    private final String[] suggestions;

    UnknownModelNameException(String message, List<String> suggestions) {
        super(message);
        this.suggestions = suggestions.toArray(String[]::new);
    }

    /** Names of the catalog that are spelt alike, the nearest first; may be empty. */
    public List<String> suggestions() {
        return List.of(suggestions);
    }
}
