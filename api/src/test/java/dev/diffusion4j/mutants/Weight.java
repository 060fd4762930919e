package dev.diffusion4j.mutants;

import dev.diffusion4j.modelfile.TensorType;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * One tensor of a file in the making: what the file will say about it, and its bytes. Mutations change the one without the
 * other.
 */
final class Weight {

    /** As bytes, for it need not be text. */
    byte[] name;

    TensorType type;

    /** What the file says in place of a type that there is. */
    String strangeType;

    long[] shape;

    /** Where the file says its bytes begin among all; of a checkpoint, in its storage. */
    long offset;

    /** How many bytes the file says it has; of a checkpoint, its storage. */
    long length;

    /** Of a checkpoint: which storage the file says its bytes are in. */
    int storage;

    /** Where its bytes are among all. */
    long place;

    /** How many bytes there are. */
    long room;

    /** The first of its bytes; the others are zeros. */
    byte[] content;

    Weight(String name, TensorType type, long[] shape, byte[] content) {
        this.name = name.getBytes(StandardCharsets.UTF_8);
        this.type = type;
        this.shape = shape;
        this.content = content;
    }

    Weight copy() {
        Weight copy = new Weight("", type, shape.clone(), content);
        copy.name = name;
        copy.strangeType = strangeType;
        copy.offset = offset;
        copy.length = length;
        copy.storage = storage;
        copy.place = place;
        copy.room = room;
        return copy;
    }

    String text() {
        return new String(name, StandardCharsets.UTF_8);
    }

    /** As many as the shape says; whatever it says, a number that need not overflow anything. */
    long elements() {
        long elements = 1;
        for (long dimension : shape) {
            elements = Math.min(elements, 1L << 20) * Math.clamp(dimension, 0, 1L << 20);
        }
        return elements;
    }

    /** How many bytes its type and shape come to. */
    long bytes() {
        return Math.ceilDiv(elements(), type.blockElements()) * type.blockBytes();
    }

    @Override
    public String toString() {
        String printable = text().replaceAll("\\P{Print}", "?");
        String shown = printable.length() > 80 ? printable.substring(0, 80) + "..." : printable;
        return shown + " " + (strangeType == null ? type.displayName() : strangeType) + Arrays.toString(shape);
    }
}
