package dev.diffusion4j.modelfile;

import java.io.InputStream;
import java.util.Objects;

/** The bytes of a tensor in its file, which it keeps open until it is closed. */
final class TensorStream extends InputStream {

    private final ByteSource source;
    private final long end;
    private long position;

    TensorStream(ByteSource source, TensorInfo tensor) {
        this.source = source;
        position = tensor.offset();
        end = tensor.offset() + tensor.byteLength();
    }

    @Override
    public int read() {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] target, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, target.length);
        int count = (int) Math.min(length, end - position);
        if (count <= 0) {
            return length == 0 ? 0 : -1;
        }
        int read = source.read(position, target, offset, count);
        if (read < count) {
            throw source.damaged("it became shorter while it was read");
        }
        position += count;
        return count;
    }

    @Override
    public void close() {
        source.close();
    }
}
