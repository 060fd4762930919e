package dev.diffusion4j.mutants;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** The tensors of a file in the making, in the file's order. */
final class Draft {

    /** Of a checkpoint: the bytes of some tensors, one after the other. */
    static final class Storage {

        final List<Weight> weights = new ArrayList<>();
        final long place;
        long length;

        Storage(long place) {
            this.place = place;
        }
    }

    private static final long SHARED_BYTES = 1 << 16;

    final List<Weight> weights = new ArrayList<>();

    /** Where the bytes are, whatever the file says of it; of checkpoints only. */
    final List<Storage> storages = new ArrayList<>();

    /** How many bytes all of them take. */
    long dataBytes;

    Draft copy() {
        Draft copy = new Draft();
        Map<Weight, Weight> copies = new IdentityHashMap<>();
        weights.forEach(weight -> {
            copies.put(weight, weight.copy());
            copy.weights.add(copies.get(weight));
        });
        for (Storage storage : storages) {
            Storage other = new Storage(storage.place);
            other.length = storage.length;
            storage.weights.forEach(weight -> other.weights.add(copies.get(weight)));
            copy.storages.add(other);
        }
        copy.dataBytes = dataBytes;
        return copy;
    }

    /** Gives every tensor its place and its room, one after the other. */
    Draft laidOut(Format format) {
        storages.clear();
        long position = 0;
        for (Weight weight : weights) {
            weight.room = weight.bytes();
            weight.place = position;
            weight.length = weight.room;
            weight.offset = position;
            position = Math.ceilDiv(position + weight.room, format.alignment()) * format.alignment();
            if (format.hasStorages()) {
                store(weight, format == Format.LEGACY ? SHARED_BYTES : 0);
            }
        }
        storages.forEach(storage -> storage.weights.forEach(weight -> weight.length = storage.length));
        dataBytes = position;
        return this;
    }

    /** Small ones may share storages; not in a zip archive, so that a seed's mutants stay those that were counted. */
    private void store(Weight weight, long shared) {
        Storage last = storages.isEmpty() ? null : storages.getLast();
        boolean fits =
                last != null && last.length + weight.room <= shared && last.weights.getFirst().type == weight.type;
        if (!fits) {
            last = new Storage(weight.place);
            storages.add(last);
        }
        last.weights.add(weight);
        last.length += weight.room;
        weight.offset = weight.place - last.place;
        weight.storage = storages.size() - 1;
    }
}
