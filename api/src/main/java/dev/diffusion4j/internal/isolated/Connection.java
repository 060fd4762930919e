package dev.diffusion4j.internal.isolated;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;

/** Messages over a socket: a length of four bytes, then a record of {@link Codec}. One thread reads, any may write. */
final class Connection implements AutoCloseable {

    /** Larger than any preview. */
    private static final int MAX_MESSAGE = 1 << 28;

    private final ByteChannel socket;

    Connection(ByteChannel socket) {
        this.socket = socket;
    }

    /** A message that holds a record as what the type declares. */
    static ByteBuffer message(Class<?> type, Object content) {
        byte[] bytes = Codec.write(type, content);
        ByteBuffer buffer = ByteBuffer.allocate(Integer.BYTES + bytes.length);
        return buffer.putInt(bytes.length).put(bytes).flip();
    }

    /** Sends a message; waits while the other side does not read. */
    synchronized void send(ByteBuffer message) throws IOException {
        while (message.hasRemaining()) {
            socket.write(message);
        }
    }

    /**
     * Waits for the next message.
     *
     * @throws IOException when the other side is gone, or does not keep to the protocol
     */
    <T> T receive(Class<T> type) throws IOException {
        int length = read(Integer.BYTES).getInt();
        if (length < 0 || length > MAX_MESSAGE) {
            throw new IOException("a message of " + length + " bytes");
        }
        return Codec.read(type, read(length).array());
    }

    private ByteBuffer read(int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length);
        while (buffer.hasRemaining()) {
            if (socket.read(buffer) < 0) {
                throw new EOFException("the other side is gone");
            }
        }
        return buffer.flip();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
