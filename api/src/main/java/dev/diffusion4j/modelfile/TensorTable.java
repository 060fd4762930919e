package dev.diffusion4j.modelfile;

import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.internal.format.Text;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/** Collects a file's tensors and refuses what no honest file says about one. */
final class TensorTable {

    private final ByteSource source;
    private final SequencedMap<String, TensorInfo> tensors = new LinkedHashMap<>();

    TensorTable(ByteSource source) {
        this.source = source;
    }

    SequencedMap<String, TensorInfo> tensors() {
        return tensors;
    }

    /** Adds a tensor whose data must lie within {@code [from, to)} of the file. */
    void add(TensorInfo tensor, long from, long to) {
        check(tensor);
        if (tensor.offset() < from || tensor.offset() > to || tensor.byteLength() > to - tensor.offset()) {
            throw source.damaged("the data of tensor " + Text.quoted(tensor.name()) + " is at bytes " + tensor.offset()
                    + " to " + endText(tensor) + ", the file has " + source.size());
        }
        if (tensors.putIfAbsent(tensor.name(), tensor) != null) {
            throw source.damaged("tensor " + Text.quoted(tensor.name()) + " is there twice");
        }
    }

    /** Adds a tensor of a checkpoint, where a name may come again in another dictionary and the last one counts. */
    void addOrReplace(TensorInfo tensor) {
        check(tensor);
        tensors.put(tensor.name(), tensor);
    }

    /** A checkpoint's tensor, checked to lie within its storage, which begins at {@code storageOffset} of the file. */
    TensorInfo view(String name, PickleValue.Tensor tensor, long storageOffset) {
        PickleValue.Storage storage = tensor.storage();
        long length = byteLength(name, storage.type(), tensor.shape());
        long elements = length / storage.type().blockBytes();
        if (tensor.offset() < 0 || tensor.offset() > storage.elements() - elements) {
            throw source.damaged("tensor " + Text.quoted(name) + " takes elements " + tensor.offset() + " to "
                    + (tensor.offset() + elements) + " of a storage of " + storage.elements());
        }
        long offset = storageOffset + storage.type().byteSize(tensor.offset());
        return new TensorInfo(name, storage.type(), tensor.shape(), offset, length);
    }

    /** Refuses tensors that share bytes. Call it once all are added. */
    void refuseOverlaps() {
        List<TensorInfo> byOffset = new ArrayList<>(tensors.values());
        byOffset.sort(Comparator.comparingLong(TensorInfo::offset).thenComparingLong(TensorInfo::byteLength));
        for (int i = 1; i < byOffset.size(); i++) {
            TensorInfo before = byOffset.get(i - 1);
            TensorInfo tensor = byOffset.get(i);
            if (before.offset() + before.byteLength() > tensor.offset()) {
                throw source.damaged("tensors " + Text.quoted(before.name()) + " and " + Text.quoted(tensor.name())
                        + " share the same bytes");
            }
        }
    }

    /** The number of bytes a tensor takes, refusing shapes that no tensor has. */
    long byteLength(String name, TensorType type, List<Long> shape) {
        if (shape.size() > Limits.MAX_DIMENSIONS) {
            throw source.damaged("tensor " + Text.quoted(name) + " has " + shape.size() + " dimensions, more than "
                    + Limits.MAX_DIMENSIONS);
        }
        long elements = 1;
        for (long dimension : shape) {
            if (dimension < 0) {
                throw source.damaged("tensor " + Text.quoted(name) + " has a negative dimension: " + dimension);
            }
            if (dimension > Limits.MAX_ELEMENTS) {
                throw tooManyElements(name, shape);
            }
            // Capped, so that the product of two fits; a zero among them still makes it zero.
            elements = Math.min(elements, Limits.MAX_ELEMENTS + 1) * dimension;
        }
        if (elements > Limits.MAX_ELEMENTS) {
            throw tooManyElements(name, shape);
        }
        long row = shape.isEmpty() ? 1 : shape.getLast();
        if (row % type.blockElements() != 0) {
            throw source.damaged("tensor " + Text.quoted(name) + " has rows of " + row + " elements, "
                    + type.displayName() + " needs a multiple of " + type.blockElements());
        }
        return type.byteSize(elements);
    }

    void checkName(String name) {
        if (name.isEmpty()) {
            throw source.damaged("a tensor has no name");
        }
        if (name.length() > Limits.MAX_NAME_LENGTH) {
            throw source.damaged(
                    "a tensor's name is " + name.length() + " characters long, more than " + Limits.MAX_NAME_LENGTH);
        }
        if (!Text.isClean(name)) {
            throw source.damaged("tensor " + Text.quoted(name) + " has control characters in its name");
        }
        checkBlockNumbers(name);
    }

    private void check(TensorInfo tensor) {
        if (tensors.size() >= Limits.MAX_TENSORS) {
            throw source.damaged("it claims more than " + Limits.MAX_TENSORS + " tensors");
        }
        checkName(tensor.name());
    }

    private void checkBlockNumbers(String name) {
        int number = 0;
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c == '.') {
                number = 0;
            } else if (number >= 0 && c >= '0' && c <= '9') {
                number = number * 10 + (c - '0');
                if (number > Limits.MAX_BLOCK_NUMBER) {
                    throw source.damaged(
                            "tensor " + Text.quoted(name) + " numbers a block above " + Limits.MAX_BLOCK_NUMBER);
                }
            } else {
                number = -1;
            }
        }
    }

    private ModelFileException tooManyElements(String name, List<Long> shape) {
        return source.damaged("tensor " + Text.quoted(name) + " claims the shape " + shape + ", more than "
                + Limits.MAX_ELEMENTS + " elements");
    }

    private static String endText(TensorInfo tensor) {
        return Long.toUnsignedString(tensor.offset() + tensor.byteLength());
    }
}
