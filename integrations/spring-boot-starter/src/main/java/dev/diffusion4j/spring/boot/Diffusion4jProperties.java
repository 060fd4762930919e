package dev.diffusion4j.spring.boot;

import dev.diffusion4j.error.InvalidRequestException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * The properties of the starter. Those of a single model stand alone ({@code diffusion4j.model}), those of several by their names
 * ({@code diffusion4j.models.NAME.model}). One that is none of these fails the start, unless it is a variable of the environment.
 */
@ConfigurationProperties(prefix = "diffusion4j", ignoreUnknownFields = false)
public class Diffusion4jProperties extends ModelProperties {

    /** Models by the names that requests use. Each has properties of its own. */
    private Map<String, ModelProperties> models = new LinkedHashMap<>();

    /** Which meters there are. */
    private final Metrics metrics = new Metrics();

    /** Which meters there are beside those of generations. */
    public static final class Metrics {

        /**
         * Whether there are meters of the devices' memory. Reading that of a GPU makes a context on it, of some hundred
         * megabytes.
         */
        private boolean deviceMemory;

        Metrics() {}

        public boolean isDeviceMemory() {
            return deviceMemory;
        }

        public void setDeviceMemory(boolean deviceMemory) {
            this.deviceMemory = deviceMemory;
        }
    }

    /** Properties that are not given yet. */
    public Diffusion4jProperties() {}

    public Map<String, ModelProperties> getModels() {
        return models;
    }

    public void setModels(Map<String, ModelProperties> models) {
        this.models = models;
    }

    public Metrics getMetrics() {
        return metrics;
    }

    /**
     * All models by name, the single one first. Its name is that of its file, or what it was given by.
     *
     * @throws InvalidRequestException if another one has that name, or one of several is given by nothing
     */
    Map<String, ModelProperties> all() {
        Map<String, ModelProperties> all = new LinkedHashMap<>();
        source().ifPresent(single -> all.put(single.substring(single.lastIndexOf('/') + 1), this));
        models.forEach((name, model) -> {
            if (model.source().isEmpty()) {
                throw new InvalidRequestException("diffusion4j.models." + name + ".model", null, "given");
            }
            if (all.put(name, model) != null) {
                throw new InvalidRequestException(
                        "diffusion4j.models", name, "another name than that of diffusion4j.model");
            }
        });
        return all;
    }
}
