package dev.diffusion4j.mutants;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A file as it will be on disk: structures and weights at their places, and zeros between. */
final class FileImage {

    /** Bytes of the file; those that are a structure have fields. Equal are those of the same array at the same place. */
    record Block(long offset, byte[] bytes, List<Structure.Field> fields) {

        long end() {
            return offset + bytes.length;
        }
    }

    final List<Block> blocks = new ArrayList<>();
    long length;

    void structure(long offset, Structure structure) {
        blocks.add(new Block(offset, structure.bytes(), List.copyOf(structure.fields())));
        length = Math.max(length, offset + structure.size());
    }

    /** Weights, of which only the first need be other than zero. */
    void weights(long offset, byte[] bytes, long all) {
        if (bytes.length > 0) {
            blocks.add(new Block(offset, bytes, List.of()));
        }
        length = Math.max(length, offset + Math.max(bytes.length, all));
    }

    /** All weights of a checkpoint's storage. */
    void storage(long offset, Draft.Storage storage) {
        for (Weight weight : storage.weights) {
            weights(offset + weight.place - storage.place, weight.content, weight.room);
        }
    }

    List<Block> structures() {
        return blocks.stream().filter(block -> !block.fields.isEmpty()).toList();
    }

    /** Whether the files would be the same, byte by byte. */
    boolean equalsFile(FileImage other) {
        if (length != other.length || blocks.size() != other.blocks.size()) {
            return false;
        }
        for (int i = 0; i < blocks.size(); i++) {
            Block block = blocks.get(i);
            Block otherBlock = other.blocks.get(i);
            if (block.offset != otherBlock.offset || !Arrays.equals(block.bytes, otherBlock.bytes)) {
                return false;
            }
        }
        return true;
    }

    /** Puts a changed structure in the place of another. */
    void replace(Block block, byte[] bytes) {
        blocks.set(blocks.indexOf(block), new Block(block.offset, bytes, block.fields));
    }
}
