package dev.diffusion4j.modelfile;

import dev.diffusion4j.internal.format.Text;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Reads a tensor's numbers from its file, as 32-bit floating point. */
final class TensorData {

    /** A multiple of every type's size, small beside the tensors that are read. */
    private static final int CHUNK_BYTES = 1 << 20;

    private TensorData() {}

    static Tensor read(ByteSource source, ModelFormat format, TensorInfo info) {
        requireReadable(source, format, info);
        Tensor tensor = Tensor.zeros(
                Shape.of(info.shape().stream().mapToLong(Long::longValue).toArray()));
        try {
            int bytes = info.type().blockBytes();
            long element = 0;
            for (long done = 0; done < info.byteLength(); done += CHUNK_BYTES) {
                int length = (int) Math.min(CHUNK_BYTES, info.byteLength() - done);
                ByteBuffer chunk = ByteBuffer.wrap(source.bytes(info.offset() + done, length))
                        .order(ByteOrder.LITTLE_ENDIAN);
                for (int at = 0; at < length; at += bytes) {
                    tensor.setFlat(element++, number(chunk, at, info.type()));
                }
            }
            return tensor;
        } catch (Throwable e) {
            tensor.close();
            throw e;
        }
    }

    /** Refuses a tensor whose bytes are not in the file as they are. */
    static void requirePlain(ByteSource source, ModelFormat format, TensorInfo info) {
        boolean deflated = format == ModelFormat.ZIP_CHECKPOINT
                && ZipDirectory.read(source).entries().stream()
                        .anyMatch(entry -> entry.deflated() && entry.dataOffset() == info.offset());
        if (deflated) {
            throw source.unsupported("its tensor " + Text.quoted(info.name()) + " is compressed");
        }
    }

    private static void requireReadable(ByteSource source, ModelFormat format, TensorInfo info) {
        switch (info.type()) {
            case F64, F32, F16, BF16 -> {}
            default ->
                throw source.unsupported("its tensor " + Text.quoted(info.name()) + " is stored as "
                        + info.type().displayName() + ", which only the runtime reads");
        }
        if (info.elements() == 0) {
            throw source.unsupported("its tensor " + Text.quoted(info.name()) + " is empty");
        }
        requirePlain(source, format, info);
    }

    private static float number(ByteBuffer chunk, int at, TensorType type) {
        return switch (type) {
            case F64 -> (float) chunk.getDouble(at);
            case F16 -> Float.float16ToFloat(chunk.getShort(at));
            case BF16 -> Float.intBitsToFloat(chunk.getShort(at) << 16);
            default -> chunk.getFloat(at);
        };
    }
}
