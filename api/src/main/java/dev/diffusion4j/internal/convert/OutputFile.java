package dev.diffusion4j.internal.convert;

import java.util.List;

/**
 * A file that is to be written: what it begins with, then the tensors.
 *
 * @param alignment how many bytes each tensor is filled up to a multiple of
 */
record OutputFile(byte[] header, List<PlannedTensor> tensors, int alignment) {

    long padded(PlannedTensor tensor) {
        return Math.ceilDiv(tensor.byteLength(), alignment) * alignment;
    }

    long size() {
        return header.length + tensors.stream().mapToLong(this::padded).sum();
    }
}
