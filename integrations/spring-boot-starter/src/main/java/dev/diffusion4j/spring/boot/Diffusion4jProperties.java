package dev.diffusion4j.spring.boot;

import dev.diffusion4j.modelfile.ModelComponent;
import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * The properties of the starter. Those of a single model stand alone ({@code diffusion4j.model}), those of several by their names
 * ({@code diffusion4j.models.NAME.model}).
 */
@ConfigurationProperties("diffusion4j")
public class Diffusion4jProperties extends ModelProperties {

    /** Models by the names that requests use. Each has properties of its own. */
    private Map<String, ModelProperties> models = new LinkedHashMap<>();

    /** Properties that are not given yet. */
    public Diffusion4jProperties() {}

    public Map<String, ModelProperties> getModels() {
        return models;
    }

    public void setModels(Map<String, ModelProperties> models) {
        this.models = models;
    }

    /** All models by name, the single one first. Its name is that of its file, or what it was given by. */
    Map<String, ModelProperties> all() {
        Map<String, ModelProperties> all = new LinkedHashMap<>();
        String single = getModel() == null ? getComponents().get(ModelComponent.DIFFUSION_MODEL) : getModel();
        if (single != null) {
            all.put(single.substring(single.lastIndexOf('/') + 1), this);
        }
        all.putAll(models);
        return all;
    }
}
