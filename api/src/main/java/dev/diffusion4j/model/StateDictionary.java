package dev.diffusion4j.model;

import dev.diffusion4j.model.PickleValue.Container;
import dev.diffusion4j.model.PickleValue.Container.Kind;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/** Finds the tensors in what a checkpoint's pickle is of: dictionaries of tensors, and dictionaries of those. */
final class StateDictionary {

    private final ByteSource source;
    private final SequencedMap<String, PickleValue.Tensor> tensors = new LinkedHashMap<>();

    private StateDictionary(ByteSource source) {
        this.source = source;
    }

    static StateDictionary of(ByteSource source, PickleValue value) {
        StateDictionary dictionary = new StateDictionary(source);
        dictionary.collect(value);
        if (dictionary.tensors.isEmpty()) {
            throw source.unsupported("its pickle is not a dictionary of tensors");
        }
        return dictionary;
    }

    /** The tensors by name; where two dictionaries have the same name, the last one counts, as it does for the runtime. */
    SequencedMap<String, PickleValue.Tensor> tensors() {
        return tensors;
    }

    private void collect(PickleValue value) {
        if (!(value instanceof Container dictionary) || dictionary.kind() != Kind.DICTIONARY) {
            return;
        }
        Iterator<PickleValue> items = dictionary.items().iterator();
        while (items.hasNext()) {
            PickleValue key = items.next();
            switch (items.next()) {
                case PickleValue.Tensor tensor -> add(key, tensor);
                case Container nested -> collect(nested);
                default -> {}
            }
        }
    }

    private void add(PickleValue key, PickleValue.Tensor tensor) {
        switch (key) {
            case PickleValue.Text(String name) -> tensors.put(name, tensor);
            case PickleValue.Blob() -> throw source.damaged("a tensor's name is too long or not valid UTF-8");
            default -> {}
        }
    }
}
