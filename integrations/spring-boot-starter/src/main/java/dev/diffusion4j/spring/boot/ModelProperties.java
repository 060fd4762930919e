package dev.diffusion4j.spring.boot;

import dev.diffusion4j.modelfile.ComponentKind;
import dev.diffusion4j.modelfile.ModelComponent;
import dev.diffusion4j.request.WeightType;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.NestedConfigurationProperty;

/** The properties of one model. What is not given is what is usual for the model, or the machine. */
public class ModelProperties {

    /**
     * The model: a safetensors, GGUF or checkpoint file, or a name of the Hugging Face hub, such as
     * hf:org/name/model.safetensors or sdxl, of which the files are downloaded once.
     */
    private @Nullable String model;

    /** Files of single components, or their names of the form hf:org/name/file, such as that of a VAE. */
    private Map<ModelComponent, String> components = new EnumMap<>(ModelComponent.class);

    /** The device that the model runs on: auto, cpu, gpu, gpu:1, a device's name or rpc:host:port. */
    private @Nullable String device;

    /** The devices of single kinds of components, in place of the whole model's. */
    private Map<ComponentKind, String> componentDevices = new EnumMap<>(ComponentKind.class);

    /** Threads for work on the CPU, 1 to 512; by default one per physical core. */
    private @Nullable Integer threads;

    /** The type that weights are converted to while loading. */
    private @Nullable WeightType weightType;

    /** Whether the model runs in a process of its own, which may crash without harm to the application. */
    private boolean isolated;

    /** The folder of the LoRAs that prompts name. */
    private @Nullable Path loraFolder;

    /** How many generations may wait for the model; 64 by default. */
    private @Nullable Integer queueCapacity;

    /** Whether the model is opened when it is first used, and not when the application starts. */
    private boolean lazy;

    /** What requests take where they leave something out. */
    @NestedConfigurationProperty
    private ImageProperties image = new ImageProperties();

    /** Properties that are not given yet. */
    public ModelProperties() {}

    /** What the model is given by: its file or name, or the file of its denoiser alone; empty if it is given by nothing. */
    Optional<String> source() {
        return Optional.ofNullable(model == null ? components.get(ModelComponent.DIFFUSION_MODEL) : model);
    }

    public @Nullable String getModel() {
        return model;
    }

    /** Empty text is no model, as of a placeholder that nothing was given for. */
    public void setModel(@Nullable String model) {
        this.model = model == null || model.isBlank() ? null : model;
    }

    public Map<ModelComponent, String> getComponents() {
        return components;
    }

    public void setComponents(Map<ModelComponent, String> components) {
        this.components = components;
    }

    public @Nullable String getDevice() {
        return device;
    }

    public void setDevice(@Nullable String device) {
        this.device = device;
    }

    public Map<ComponentKind, String> getComponentDevices() {
        return componentDevices;
    }

    public void setComponentDevices(Map<ComponentKind, String> componentDevices) {
        this.componentDevices = componentDevices;
    }

    public @Nullable Integer getThreads() {
        return threads;
    }

    public void setThreads(@Nullable Integer threads) {
        this.threads = threads;
    }

    public @Nullable WeightType getWeightType() {
        return weightType;
    }

    public void setWeightType(@Nullable WeightType weightType) {
        this.weightType = weightType;
    }

    public boolean isIsolated() {
        return isolated;
    }

    public void setIsolated(boolean isolated) {
        this.isolated = isolated;
    }

    public @Nullable Path getLoraFolder() {
        return loraFolder;
    }

    public void setLoraFolder(@Nullable Path loraFolder) {
        this.loraFolder = loraFolder;
    }

    public @Nullable Integer getQueueCapacity() {
        return queueCapacity;
    }

    public void setQueueCapacity(@Nullable Integer queueCapacity) {
        this.queueCapacity = queueCapacity;
    }

    public boolean isLazy() {
        return lazy;
    }

    public void setLazy(boolean lazy) {
        this.lazy = lazy;
    }

    public ImageProperties getImage() {
        return image;
    }

    public void setImage(ImageProperties image) {
        this.image = image;
    }
}
