package dev.diffusion4j.internal.isolated;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** Messages over a socket: a length of four bytes, then a record of {@link Codec}. One thread reads, any may write. */
final class Connection implements AutoCloseable {

    /** Larger than any preview. */
    private static final int MAX_MESSAGE = 1 << 28;

    private final SocketChannel socket;

    Connection(SocketChannel socket) {
        this.socket = socket;
    }

    /** Sends a record as what the type declares. */
    synchronized void send(Class<?> type, Object message) throws IOException {
        byte[] bytes = Codec.write(type, message);
        ByteBuffer buffer = ByteBuffer.allocate(Integer.BYTES + bytes.length);
        buffer.putInt(bytes.length).put(bytes).flip();
        while (buffer.hasRemaining()) {
            socket.write(buffer);
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
