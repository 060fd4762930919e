package dev.diffusion4j.modelfile;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Reads a stretch of a file from front to back, little-endian. Every read is checked against the end of the stretch, so
 * a length that the file claims can be passed on unchecked to {@link #skip} but never to an allocation.
 */
final class Cursor {

    private static final int BUFFER = 64 << 10;

    private final ByteSource source;
    private final String section;
    private final long end;
    private final boolean inMemory;
    private final byte[] buffer;
    private long bufferStart;
    private int bufferLength;
    private long position;

    /**
     * @param section what the stretch holds, for messages, such as {@code the GGUF header}
     */
    Cursor(ByteSource source, long start, long end, String section) {
        this.source = source;
        this.section = section;
        this.position = start;
        this.bufferStart = start;
        this.end = end;
        this.buffer = new byte[(int) Math.min(BUFFER, Math.max(8, end - start))];
        this.inMemory = false;
    }

    /** Reads what has already been taken out of the file, such as an unpacked zip entry. */
    Cursor(ByteSource source, byte[] content, String section) {
        this.source = source;
        this.section = section;
        this.end = content.length;
        this.buffer = content;
        this.bufferLength = content.length;
        this.inMemory = true;
    }

    long position() {
        return position;
    }

    long remaining() {
        return end - position;
    }

    int u8() {
        return buffer[require(1)] & 0xff;
    }

    int u16() {
        return little(2).getShort() & 0xffff;
    }

    int i32() {
        return little(4).getInt();
    }

    long u32() {
        return i32() & 0xffff_ffffL;
    }

    long i64() {
        return little(8).getLong();
    }

    /** Reads {@code length} bytes into an array; {@code length} is refused above {@code most}. */
    byte[] bytes(long length, int most, String what) {
        if (length < 0 || length > most) {
            throw source.damaged(what + " is " + Long.toUnsignedString(length) + " bytes long, more than " + most);
        }
        checkRemaining(length);
        byte[] bytes = new byte[(int) length];
        int done = 0;
        while (done < bytes.length) {
            int chunk = Math.min(bytes.length - done, inMemory ? bytes.length : buffer.length);
            System.arraycopy(buffer, require(chunk), bytes, done, chunk);
            done += chunk;
        }
        return bytes;
    }

    void skip(long length) {
        checkRemaining(length);
        position += length;
    }

    private ByteBuffer little(int length) {
        return ByteBuffer.wrap(buffer, require(length), length).order(ByteOrder.LITTLE_ENDIAN);
    }

    private void checkRemaining(long length) {
        if (length < 0 || length > end - position) {
            throw source.damaged("it ends inside " + section);
        }
    }

    /** Makes {@code length} bytes available in the buffer, moves past them and returns where they begin in it. */
    private int require(int length) {
        checkRemaining(length);
        long index = position - bufferStart;
        if (!inMemory && (index < 0 || index + length > bufferLength)) {
            bufferStart = position;
            bufferLength = source.read(position, buffer, 0, (int) Math.min(buffer.length, end - position));
            if (bufferLength < length) {
                throw source.damaged("it became shorter while it was read");
            }
            index = 0;
        }
        position += length;
        return (int) index;
    }
}
