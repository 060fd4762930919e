package dev.diffusion4j.mutants;

import java.util.ArrayList;
import java.util.List;

/** The tensors of a file in the making, in the file's order. */
final class Draft {

    final List<Weight> weights = new ArrayList<>();

    /** How many bytes all of them take. */
    long dataBytes;

    Draft copy() {
        Draft copy = new Draft();
        weights.forEach(weight -> copy.weights.add(weight.copy()));
        copy.dataBytes = dataBytes;
        return copy;
    }

    /** Gives every tensor its place and its room, one after the other. */
    Draft laidOut(Format format) {
        long position = 0;
        for (int i = 0; i < weights.size(); i++) {
            Weight weight = weights.get(i);
            weight.room = weight.bytes();
            weight.place = position;
            weight.length = weight.room;
            weight.offset = format.hasStorages() ? 0 : position;
            weight.storage = i;
            position = Math.ceilDiv(position + weight.length, format.alignment()) * format.alignment();
        }
        dataBytes = position;
        return this;
    }
}
