package dev.diffusion4j.server.internal.models;

import java.util.Optional;

/**
 * A model of the server as it is now.
 *
 * @param defaults empty until it was open once
 */
public record ServedModel(ModelSource source, boolean loaded, Optional<ModelDefaults> defaults) {

    /** What clients call it. */
    public String name() {
        return source.name();
    }
}
