package dev.diffusion4j.modelfile;

import dev.diffusion4j.modelfile.PickleValue.Container;
import dev.diffusion4j.modelfile.PickleValue.Container.Kind;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/** Finds the tensors in what a checkpoint's pickle is of: dictionaries of tensors, and dictionaries of those. */
final class StateDictionary {

    private final ByteSource source;
    private final SequencedMap<String, PickleValue.Tensor> tensors = new LinkedHashMap<>();
    private final SequencedMap<String, PickleValue.Tensor> parameters = new LinkedHashMap<>();
    private boolean readByRuntime = true;

    private StateDictionary(ByteSource source) {
        this.source = source;
    }

    static StateDictionary of(ByteSource source, PickleReader.Result pickle) {
        StateDictionary dictionary = new StateDictionary(source);
        dictionary.collect(pickle.value());
        dictionary.takeParameters(pickle.hasObjects());
        if (dictionary.tensors.isEmpty()) {
            throw source.unsupported("its pickle is not a dictionary of tensors");
        }
        return dictionary;
    }

    /** The tensors by name; where two dictionaries have the same name, the last one counts, as it does for the runtime. */
    SequencedMap<String, PickleValue.Tensor> tensors() {
        return tensors;
    }

    /** Whether the runtime's own reader finds the same tensors. */
    boolean isReadByRuntime() {
        return readByRuntime;
    }

    /** The runtime finds no parameters. They count where it finds nothing else that could be weights, or gives up anyway. */
    private void takeParameters(boolean hasObjects) {
        boolean hasWeights = tensors.values().stream()
                .anyMatch(tensor -> !tensor.storage().type().isInteger());
        if (hasObjects || !hasWeights && !parameters.isEmpty()) {
            tensors.putAll(parameters);
            readByRuntime = false;
        }
    }

    private void collect(PickleValue value) {
        if (!(value instanceof Container dictionary)
                || dictionary.kind() != Kind.DICTIONARY && dictionary.kind() != Kind.OBJECT) {
            return;
        }
        Iterator<PickleValue> items = dictionary.items().iterator();
        while (items.hasNext()) {
            PickleValue key = items.next();
            switch (items.next()) {
                case PickleValue.Tensor tensor -> add(key, tensor, tensors);
                case PickleValue.Parameter(PickleValue.Tensor tensor) -> add(key, tensor, parameters);
                case Container nested -> collect(nested);
                default -> {}
            }
        }
    }

    private void add(PickleValue key, PickleValue.Tensor tensor, SequencedMap<String, PickleValue.Tensor> found) {
        switch (key) {
            case PickleValue.Text(String name) -> found.put(name, tensor);
            case PickleValue.Blob() -> throw source.damaged("a tensor's name is too long or not valid UTF-8");
            default -> {}
        }
    }
}
