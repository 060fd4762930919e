package dev.diffusion4j.component;

import dev.diffusion4j.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The conditioning of a denoiser: what it is told of a prompt, as tensors by name. What there is depends on the family; the
 * usual ones have accessors. Made by {@code encodePrompt} or from tensors of your own.
 */
public final class Conditioning implements AutoCloseable {

    /** The name of {@link #context()}. */
    public static final String CONTEXT = "context";

    /** The name of {@link #vector()}. */
    public static final String VECTOR = "vector";

    /** The name of {@link #guidance()}. */
    public static final String GUIDANCE = "guidance";

    /** The name of {@link #residuals()}. */
    public static final String RESIDUALS = "residuals";

    private final Map<String, Tensor> tensors;

    private Conditioning(Map<String, Tensor> tensors) {
        this.tensors = tensors;
    }

    /**
     * Of a context alone, as SD 1.x and 2.x have it.
     *
     * @param context {@code (1 or batch, tokens, context size)}: hidden states of the text encoders
     */
    public static Conditioning of(Tensor context) {
        return new Conditioning(Map.of(CONTEXT, context));
    }

    /** The same with one more tensor, or another in its place. The tensors are shared. */
    public Conditioning with(String name, Tensor tensor) {
        Map<String, Tensor> changed = new LinkedHashMap<>(tensors);
        changed.put(Objects.requireNonNull(name, "name"), Objects.requireNonNull(tensor, "tensor"));
        return new Conditioning(Collections.unmodifiableMap(changed));
    }

    /** All tensors by their names. */
    public Map<String, Tensor> tensors() {
        return tensors;
    }

    /** Hidden states of the text encoders, {@code (1 or batch, tokens, context size)}. */
    public Tensor context() {
        return Objects.requireNonNull(tensors.get(CONTEXT));
    }

    /**
     * Pooled text, {@code (1, vector size)}, for the models that want it: Stable Diffusion 3, FLUX.1, and SDXL, for which the size of
     * the picture follows it.
     */
    public Optional<Tensor> vector() {
        return Optional.ofNullable(tensors.get(VECTOR));
    }

    /** The guidance scale, {@code (1)}, for transformers that were distilled with it: FLUX.1 dev, usually 3.5. */
    public Optional<Tensor> guidance() {
        return Optional.ofNullable(tensors.get(GUIDANCE));
    }

    /** What ControlNets add to a U-Net, {@code (batch, values)}, as {@link ControlNet#predict} gives it. */
    public Optional<Tensor> residuals() {
        return Optional.ofNullable(tensors.get(RESIDUALS));
    }

    /** Closes all tensors. */
    @Override
    public void close() {
        tensors.values().forEach(Tensor::close);
    }
}
