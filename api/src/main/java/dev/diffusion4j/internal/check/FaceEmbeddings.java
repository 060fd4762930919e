package dev.diffusion4j.internal.check;

import dev.diffusion4j.error.TensorFileException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The file of face embeddings that PhotoMaker v2 reads beside pictures: the runtime's raw form of a tensor, which it reads without
 * looking at what it is told. A header of little-endian 32-bit numbers (how many dimensions, how many bytes the name has, the
 * type, 0 for float32, and the dimensions, fastest first), the name, the numbers.
 */
public final class FaceEmbeddings {

    private static final int WIDTH = 512;
    private static final int FIXED_HEADER = 3 * Integer.BYTES;
    private static final int HEADER = FIXED_HEADER + 2 * Integer.BYTES;

    /** Room for a long name and more faces than a prompt has tokens. */
    private static final long MAX_BYTES = 1 << 20;

    private FaceEmbeddings() {}

    /**
     * How many embeddings a file has.
     *
     * @throws TensorFileException if it cannot be read, or holds something else than rows of {@value #WIDTH} finite numbers
     */
    public static int count(Path file) {
        ByteBuffer bytes = ByteBuffer.wrap(read(file)).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.remaining() < HEADER) {
            throw refusal(file, "it has " + bytes.remaining() + " bytes, less than its header");
        }
        int dimensions = bytes.getInt();
        int name = bytes.getInt();
        int type = bytes.getInt();
        int width = bytes.getInt();
        int rows = bytes.getInt();
        if (dimensions != 2 || width != WIDTH || rows < 1 || type != 0) {
            throw refusal(file, "it is not a float32 tensor of rows of " + WIDTH);
        }
        if (name < 0 || bytes.remaining() != name + (long) rows * WIDTH * Float.BYTES) {
            throw refusal(file, "its length is not that of " + rows + " rows of " + WIDTH + " numbers");
        }
        bytes.position(HEADER + name);
        while (bytes.hasRemaining()) {
            if (!Float.isFinite(bytes.getFloat())) {
                throw refusal(file, "it has numbers that are not finite");
            }
        }
        return rows;
    }

    private static byte[] read(Path file) {
        try {
            if (!Files.isRegularFile(file)) {
                throw refusal(file, Files.exists(file) ? "it is no regular file" : "it is not there");
            }
            long size = Files.size(file);
            if (size > MAX_BYTES) {
                throw refusal(file, "it has " + size + " bytes, more than such a file can have");
            }
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new TensorFileException(file + " cannot be read: " + e, e);
        }
    }

    private static TensorFileException refusal(Path file, String reason) {
        return new TensorFileException(file + " holds no face embeddings for PhotoMaker: " + reason);
    }
}
