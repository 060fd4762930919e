package dev.diffusion4j.server.internal.http;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** Errors as OpenAI's clients read them, and as the native surface has them, too. */
public final class ErrorObject {

    private ErrorObject() {}

    /** {@code {"error": {"message", "type", "param", "code"}}}. */
    public static ObjectNode of(HttpException error) {
        ObjectNode body = Json.object();
        body.set("error", fields(error));
        return body;
    }

    /** The inner object alone. */
    public static ObjectNode fields(HttpException error) {
        ObjectNode fields = Json.object();
        fields.put("message", error.getMessage());
        fields.put("type", error.type());
        fields.put("param", error.param().orElse(null));
        fields.put("code", error.code().orElse(null));
        return fields;
    }
}
