package dev.diffusion4j.request;

import dev.diffusion4j.internal.json.JsonFormatException;
import dev.diffusion4j.internal.json.JsonType;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The form of a sampling in JSON: {@code type} says which of the two it is. */
final class SamplingJson {

    static final JsonType<Sampling> TYPE = JsonType.of(SamplingJson::toJson, SamplingJson::fromJson);

    private SamplingJson() {}

    private static Object toJson(Sampling sampling) {
        Map<String, Object> fields = new LinkedHashMap<>();
        switch (sampling) {
            case NativeSampling own -> {
                fields.put("type", "native");
                fields.putAll(own.toJson());
            }
            case SchedulerSampling loop -> {
                fields.put("type", "scheduler");
                fields.putAll(loop.toJson());
            }
        }
        return fields;
    }

    private static Sampling fromJson(@Nullable Object json) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>(JsonType.object(json));
        Object type = fields.remove("type");
        if ("native".equals(type)) {
            return NativeSampling.fromJson(fields);
        } else if ("scheduler".equals(type)) {
            return SchedulerSampling.fromJson(fields);
        }
        throw new JsonFormatException("type: it is neither native nor scheduler");
    }
}
