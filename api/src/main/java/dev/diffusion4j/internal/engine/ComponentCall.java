package dev.diffusion4j.internal.engine;

import dev.diffusion4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A call of one component: named tensors, token ids and numbers go in, named tensors are written. An engine carries it to the
 * runtime without knowing what it means; {@code d4j_run} in the native header says which calls there are.
 */
public final class ComponentCall {

    private final String name;
    private final String action;
    private final List<NamedNumber> numbers = new ArrayList<>();
    private final List<NamedIds> ids = new ArrayList<>();
    private final List<NamedTensor> inputs = new ArrayList<>();
    private final List<NamedTensor> outputs = new ArrayList<>();

    /** A number by its name. */
    public record NamedNumber(String name, double value) {}

    /** Token ids by their name. */
    public record NamedIds(String name, int[] values) {}

    /** A tensor by its name. */
    public record NamedTensor(String name, Tensor tensor) {}

    /**
     * @param name such as {@code unet.predict}
     * @param action for messages, such as "predicting noise"
     */
    public ComponentCall(String name, String action) {
        this.name = name;
        this.action = action;
    }

    /** Adds a number. */
    public ComponentCall number(String field, double value) {
        numbers.add(new NamedNumber(field, value));
        return this;
    }

    /** Adds token ids. */
    public ComponentCall ids(String field, int[] values) {
        ids.add(new NamedIds(field, values));
        return this;
    }

    /** Adds a tensor that is read; nothing if it is null. */
    public ComponentCall input(String field, @Nullable Tensor tensor) {
        if (tensor != null) {
            inputs.add(new NamedTensor(field, tensor));
        }
        return this;
    }

    /** Adds a tensor that is written. */
    public ComponentCall output(String field, Tensor tensor) {
        outputs.add(new NamedTensor(field, tensor));
        return this;
    }

    /** What is called. */
    public String name() {
        return name;
    }

    /** What it does, for messages. */
    public String action() {
        return action;
    }

    /** The numbers. */
    public List<NamedNumber> numbers() {
        return Collections.unmodifiableList(numbers);
    }

    /** The token ids. */
    public List<NamedIds> ids() {
        return Collections.unmodifiableList(ids);
    }

    /** What is read. */
    public List<NamedTensor> inputs() {
        return Collections.unmodifiableList(inputs);
    }

    /** What is written. */
    public List<NamedTensor> outputs() {
        return Collections.unmodifiableList(outputs);
    }
}
