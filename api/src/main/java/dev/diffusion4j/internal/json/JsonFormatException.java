package dev.diffusion4j.internal.json;

import java.util.Objects;

/** Text that is no JSON, or not what was to be read from it. The message goes on from "the JSON cannot be read: ". */
public final class JsonFormatException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** With a reason that names the field. */
    public JsonFormatException(String message) {
        super(Objects.requireNonNull(message, "message"));
    }

    @Override
    public String getMessage() {
        return Objects.requireNonNull(super.getMessage());
    }
}
