package dev.diffusion4j.tensor;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.diffusion4j.error.DiffusionException;
import dev.diffusion4j.error.TensorFileException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * NumPy's {@code .npy} files, format versions 1.0 to 3.0 (see {@code numpy.lib.format}): one array per file, as
 * {@code numpy.save} writes and {@code numpy.load} reads it.
 *
 * <p>Read are little-endian float32 and float64 (rounded to float32) in C order. Everything else is refused with the
 * reason: other types, Fortran order, empty arrays, files that are shorter or longer than their header says. Object
 * arrays would need Python's pickle and are refused with the other types.
 */
public final class NpyFile {

    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    /** NumPy itself reads no longer headers. */
    private static final int MAX_HEADER = 10_000;

    private static final int ALIGNMENT = 64;
    private static final int CHUNK = 1 << 20;
    private static final ValueLayout.OfFloat FLOAT_LE =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE_LE =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private NpyFile() {}

    /**
     * Reads an array. Memory is taken only after the file's size was found to fit its header.
     *
     * @return a new tensor that owns its memory
     * @throws TensorFileException if the file cannot be read, is damaged or holds something else
     */
    public static Tensor read(Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            NpyHeader header = readHeader(channel, file);
            long expected = Math.multiplyExact(header.shape().size(), (long) header.elementSize());
            long found = channel.size() - channel.position();
            if (found != expected) {
                throw new TensorFileException(file + " holds " + found + " bytes of data, but its header, an array of "
                        + header.shape() + ", says " + expected);
            }
            Tensor tensor = Tensor.zeros(header.shape());
            try {
                readData(channel, file, header, tensor.segment());
            } catch (IOException | RuntimeException e) {
                tensor.close();
                throw e;
            }
            return tensor;
        } catch (IOException e) {
            throw new TensorFileException(file + " cannot be read: " + e, e);
        } catch (ArithmeticException e) {
            throw new TensorFileException(file + " claims an array that is too large", e);
        }
    }

    private static NpyHeader readHeader(FileChannel channel, Path file) throws IOException {
        ByteBuffer start = readFully(channel, file, MAGIC.length + 2);
        byte[] magic = new byte[MAGIC.length];
        start.get(magic);
        if (!Arrays.equals(magic, MAGIC)) {
            throw new TensorFileException(file + " is not a .npy file");
        }
        int major = Byte.toUnsignedInt(start.get());
        int minor = Byte.toUnsignedInt(start.get());
        if (major < 1 || major > 3 || minor != 0) {
            throw new TensorFileException(file + " has the .npy version " + major + "." + minor + ", not 1.0 to 3.0");
        }
        long length = major == 1
                ? Short.toUnsignedLong(readFully(channel, file, Short.BYTES).getShort())
                : Integer.toUnsignedLong(readFully(channel, file, Integer.BYTES).getInt());
        if (length > MAX_HEADER) {
            throw new TensorFileException(
                    file + " has a header of " + length + " bytes; " + MAX_HEADER + " are allowed");
        }
        ByteBuffer text = readFully(channel, file, (int) length);
        try {
            return NpyHeader.parse(StandardCharsets.UTF_8.decode(text).toString());
        } catch (DiffusionException e) {
            throw new TensorFileException(file + ": " + e.getMessage(), e);
        }
    }

    private static ByteBuffer readFully(FileChannel channel, Path file, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        fill(channel, file, buffer);
        return buffer.flip();
    }

    private static void fill(FileChannel channel, Path file, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                throw new TensorFileException(file + " ends too early");
            }
        }
    }

    private static void readData(FileChannel channel, Path file, NpyHeader header, MemorySegment to)
            throws IOException {
        long size = header.shape().size();
        int perChunk = CHUNK / header.elementSize();
        ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.min(size, perChunk) * header.elementSize());
        MemorySegment chunk = MemorySegment.ofBuffer(buffer);
        for (long start = 0; start < size; start += perChunk) {
            int count = (int) Math.min(perChunk, size - start);
            fill(channel, file, buffer.clear().limit(count * header.elementSize()));
            if (header.elementSize() == Float.BYTES) {
                MemorySegment.copy(chunk, FLOAT_LE, 0, to, JAVA_FLOAT, start * Float.BYTES, count);
            } else {
                for (int i = 0; i < count; i++) {
                    double value = chunk.get(DOUBLE_LE, (long) i * Double.BYTES);
                    to.setAtIndex(JAVA_FLOAT, start + i, (float) value);
                }
            }
        }
    }

    /**
     * Writes a tensor as float32, version 1.0, replacing the file if it exists.
     *
     * @throws TensorFileException if the file cannot be written
     * @throws dev.diffusion4j.error.ClosedException if the tensor was closed
     */
    public static void write(Path file, Tensor tensor) {
        MemorySegment from = tensor.segment();
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.WRITE, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING)) {
            writeFully(channel, header(tensor.shape()));
            int perChunk = CHUNK / Float.BYTES;
            long size = tensor.size();
            ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.min(size, perChunk) * Float.BYTES);
            MemorySegment chunk = MemorySegment.ofBuffer(buffer);
            for (long start = 0; start < size; start += perChunk) {
                int count = (int) Math.min(perChunk, size - start);
                MemorySegment.copy(from, JAVA_FLOAT, start * Float.BYTES, chunk, FLOAT_LE, 0, count);
                writeFully(channel, buffer.clear().limit(count * Float.BYTES));
            }
        } catch (IOException e) {
            throw new TensorFileException(file + " cannot be written: " + e, e);
        }
    }

    private static void writeFully(FileChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    private static ByteBuffer header(Shape shape) {
        String dimensions =
                LongStream.of(shape.toArray()).mapToObj(d -> d + ",").collect(Collectors.joining(" ", "(", ")"));
        String text = "{'descr': '<f4', 'fortran_order': False, 'shape': " + dimensions + ", }";
        int prefix = MAGIC.length + 2 + Short.BYTES;
        // Spaces up to a line feed that ends on a multiple of 64, so that readers may map the data.
        int total = Math.ceilDiv(prefix + text.length() + 1, ALIGNMENT) * ALIGNMENT;
        text += " ".repeat(total - prefix - text.length() - 1) + "\n";
        return ByteBuffer.allocate(total)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(MAGIC)
                .put((byte) 1)
                .put((byte) 0)
                .putShort((short) text.length())
                .put(text.getBytes(StandardCharsets.US_ASCII))
                .flip();
    }
}
