package dev.diffusion4j.internal.convert;

import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.error.NativeFailureException;
import dev.diffusion4j.internal.ffm.library.WeightNumbers;
import dev.diffusion4j.internal.format.AtomicFile;
import dev.diffusion4j.internal.format.Text;
import dev.diffusion4j.modelfile.TensorType;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;

/** Writes one tensor after another, of each as many rows at once as there are numbers in some megabytes. */
final class TensorConverter {

    private static final int CHUNK_BYTES = 1 << 20;
    private static final long CHUNK_NUMBERS = 4L << 20;

    /** More than the largest block of any type needs. */
    private static final long MEMORY_ALIGNMENT = 64;

    private static final ValueLayout.OfDouble F64 =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final FileChannel out;
    private final LongConsumer written;

    /** @param written called with the number of bytes of each piece */
    TensorConverter(FileChannel out, LongConsumer written) {
        this.out = out;
        this.written = written;
    }

    void write(PlannedTensor tensor) throws IOException {
        try (InputStream in = tensor.file().bytes(tensor.source().name())) {
            if (tensor.isCopied()) {
                copy(tensor, in);
            } else {
                convert(tensor, in);
            }
        } catch (NativeFailureException e) {
            throw new ModelFileException(
                    Text.of(tensor.file().path()) + " cannot be converted: tensor "
                            + Text.quoted(tensor.source().name()) + ": " + e.getMessage() + "; a rule can give it f32",
                    e);
        }
    }

    private void copy(PlannedTensor tensor, InputStream in) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment chunk = arena.allocate(CHUNK_BYTES);
            for (long done = 0; done < tensor.byteLength(); done += CHUNK_BYTES) {
                MemorySegment piece = chunk.asSlice(0, Math.min(CHUNK_BYTES, tensor.byteLength() - done));
                read(in, piece);
                write(piece);
            }
        }
    }

    private void convert(PlannedTensor tensor, InputStream in) throws IOException {
        long rowLength = tensor.rowLength();
        long rows = tensor.source().elements() / rowLength;
        long atOnce = Math.clamp(CHUNK_NUMBERS / rowLength, 1, rows);
        // Shared, as rows are converted by several threads.
        try (Arena arena = Arena.ofShared()) {
            Rows all = new Rows(
                    tensor,
                    fp8Table(tensor),
                    arena.allocate(tensor.source().type().byteSize(atOnce * rowLength), MEMORY_ALIGNMENT),
                    arena.allocate(atOnce * rowLength * Float.BYTES, MEMORY_ALIGNMENT),
                    arena.allocate(tensor.type().byteSize(atOnce * rowLength), MEMORY_ALIGNMENT));
            for (long row = 0; row < rows; row += atOnce) {
                long count = Math.min(atOnce, rows - row);
                read(in, all.stored.asSlice(0, tensor.source().type().byteSize(count * rowLength)));
                int parts = (int) Math.min(count, Runtime.getRuntime().availableProcessors());
                IntStream.range(0, parts)
                        .parallel()
                        .forEach(part -> all.convert(count * part / parts, count * (part + 1) / parts));
                write(all.written.asSlice(0, tensor.type().byteSize(count * rowLength)));
            }
        }
    }

    private static float[] fp8Table(PlannedTensor tensor) {
        TensorType type = tensor.source().type();
        return ScaledFp8.isFp8(type) ? Fp8.table(type, tensor.scale()) : new float[0];
    }

    /** Rows in memory: as they were stored, as numbers, and as they will be written. */
    private record Rows(
            PlannedTensor tensor,
            float[] fp8Table,
            MemorySegment stored,
            MemorySegment numbers,
            MemorySegment written) {

        void convert(long from, long to) {
            long length = tensor.rowLength();
            TensorType target = tensor.type();
            MemorySegment between = slice(target == TensorType.F32 ? written : numbers, TensorType.F32, from, to);
            read(slice(stored, tensor.source().type(), from, to), to - from, between);
            if (target != TensorType.F32) {
                int id = target.ggmlId().orElseThrow();
                WeightNumbers.quantize(id, between, to - from, length, slice(written, target, from, to));
            }
        }

        private MemorySegment slice(MemorySegment rows, TensorType type, long from, long to) {
            long row = type.byteSize(tensor.rowLength());
            return rows.asSlice(from * row, (to - from) * row);
        }

        private void read(MemorySegment weights, long rows, MemorySegment target) {
            TensorType type = tensor.source().type();
            long elements = rows * tensor.rowLength();
            switch (type) {
                case F64 -> {
                    for (long i = 0; i < elements; i++) {
                        target.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) weights.getAtIndex(F64, i));
                    }
                }
                case F8_E4M3, F8_E5M2 -> {
                    for (long i = 0; i < elements; i++) {
                        int bits = Byte.toUnsignedInt(weights.get(ValueLayout.JAVA_BYTE, i));
                        target.setAtIndex(ValueLayout.JAVA_FLOAT, i, fp8Table[bits]);
                    }
                }
                default ->
                    WeightNumbers.dequantize(type.ggmlId().orElseThrow(), weights, rows, tensor.rowLength(), target);
            }
        }
    }

    private static void read(InputStream in, MemorySegment target) throws IOException {
        byte[] chunk = new byte[(int) Math.min(CHUNK_BYTES, target.byteSize())];
        for (long done = 0; done < target.byteSize(); done += chunk.length) {
            int length = (int) Math.min(chunk.length, target.byteSize() - done);
            if (in.readNBytes(chunk, 0, length) < length) {
                throw new EOFException();
            }
            MemorySegment.copy(chunk, 0, target, ValueLayout.JAVA_BYTE, done, length);
        }
    }

    private void write(MemorySegment bytes) throws IOException {
        for (long done = 0; done < bytes.byteSize(); done += CHUNK_BYTES) {
            long length = Math.min(CHUNK_BYTES, bytes.byteSize() - done);
            AtomicFile.writeFully(out, bytes.asSlice(done, length).asByteBuffer());
            written.accept(length);
        }
    }
}
