package dev.diffusion4j.error;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A request or option was refused before native code saw it. Names the field, the value and what is allowed. */
public class InvalidRequestException extends DiffusionException {

    private static final long serialVersionUID = 1L;

    private final String field;
    private final String value;
    private final String allowed;

    /**
     * @param field the field's name as in the API, such as {@code width}
     * @param value the refused value, null if nothing was given
     * @param allowed what is allowed, as a phrase that follows "must be"
     */
    public InvalidRequestException(String field, @Nullable Object value, String allowed) {
        super(field + " must be " + allowed + ", not " + value);
        this.field = Objects.requireNonNull(field, "field");
        this.value = String.valueOf(value);
        this.allowed = Objects.requireNonNull(allowed, "allowed");
    }

    /** The refused field's name as in the API. */
    public String field() {
        return field;
    }

    /** The refused value as text. */
    public String value() {
        return value;
    }

    /** What is allowed, as a phrase. */
    public String allowed() {
        return allowed;
    }
}
