package dev.diffusion4j.internal.video;

import dev.diffusion4j.internal.format.AtomicFile;
import dev.diffusion4j.internal.image.PictureWriter;
import dev.diffusion4j.internal.image.RgbImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.zip.CRC32;

/**
 * Writes animated PNGs (<a href="https://www.w3.org/TR/png-3/#apngFrameBasedAnimation">PNG, third edition</a>): the chunks of a PNG
 * file for each frame, those of the first one in their places, where readers that know no animation see it.
 */
final class ApngFile {

    private static final int SIGNATURE = 8;
    /** Of a chunk: length, type and checksum. */
    private static final int AROUND = 12;

    private final RgbImage first;
    private final int framesPerSecond;
    private final FileChannel out;
    private int sequence;

    private ApngFile(RgbImage first, int framesPerSecond, FileChannel out) {
        this.first = first;
        this.framesPerSecond = framesPerSecond;
        this.out = out;
    }

    static void write(List<RgbImage> frames, int framesPerSecond, String json, FileChannel out) throws IOException {
        ApngFile file = new ApngFile(frames.getFirst(), framesPerSecond, out);
        file.writeFirst(frames.size(), json);
        for (RgbImage frame : frames.subList(1, frames.size())) {
            file.writeNext(frame);
        }
        file.writeChunk("IEND", ByteBuffer.allocate(0));
    }

    private void writeFirst(int frames, String json) throws IOException {
        ByteBuffer png = ByteBuffer.wrap(PictureWriter.png(first.toBufferedImage(), json));
        AtomicFile.writeFully(out, png.slice(0, SIGNATURE));
        boolean begun = false;
        for (Chunk chunk : new Chunks(png)) {
            if (chunk.type().equals("IDAT") && !begun) {
                begun = true;
                writeControl();
            }
            if (!chunk.type().equals("IEND")) {
                writeChunk(chunk.type(), chunk.data());
            }
            if (chunk.type().equals("IHDR")) {
                writeChunk(
                        "acTL", ByteBuffer.allocate(8).putInt(frames).putInt(0).flip());
            }
        }
    }

    private void writeNext(RgbImage frame) throws IOException {
        writeControl();
        for (Chunk chunk : new Chunks(ByteBuffer.wrap(PictureWriter.png(frame.toBufferedImage())))) {
            if (chunk.type().equals("IDAT")) {
                ByteBuffer data =
                        ByteBuffer.allocate(Integer.BYTES + chunk.data().remaining());
                writeChunk("fdAT", data.putInt(sequence++).put(chunk.data()).flip());
            }
        }
    }

    /** A whole frame in place of the one before. */
    private void writeControl() throws IOException {
        ByteBuffer control = ByteBuffer.allocate(26);
        control.putInt(sequence++)
                .putInt(first.width())
                .putInt(first.height())
                .putInt(0)
                .putInt(0);
        control.putShort((short) 1).putShort((short) framesPerSecond);
        writeChunk("fcTL", control.rewind());
    }

    private void writeChunk(String type, ByteBuffer data) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate(AROUND + data.remaining());
        chunk.putInt(data.remaining())
                .put(type.getBytes(StandardCharsets.US_ASCII))
                .put(data);
        CRC32 checksum = new CRC32();
        checksum.update(chunk.slice(Integer.BYTES, chunk.position() - Integer.BYTES));
        AtomicFile.writeFully(out, chunk.putInt((int) checksum.getValue()).flip());
    }

    private record Chunk(String type, ByteBuffer data) {}

    /** The chunks of a PNG file. */
    private record Chunks(ByteBuffer png) implements Iterable<Chunk> {

        @Override
        public Iterator<Chunk> iterator() {
            ByteBuffer left = png.duplicate().position(SIGNATURE);
            return new Iterator<>() {
                @Override
                public boolean hasNext() {
                    return left.hasRemaining();
                }

                @Override
                public Chunk next() {
                    int length = left.getInt();
                    byte[] type = new byte[4];
                    left.get(type);
                    ByteBuffer data = left.slice(left.position(), length);
                    left.position(left.position() + length + Integer.BYTES);
                    return new Chunk(new String(type, StandardCharsets.US_ASCII), data);
                }
            };
        }
    }
}
