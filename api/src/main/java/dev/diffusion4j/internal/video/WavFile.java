package dev.diffusion4j.internal.video;

import dev.diffusion4j.error.ImageFileException;
import dev.diffusion4j.internal.format.AtomicFile;
import dev.diffusion4j.internal.image.PictureWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Writes WAV files: RIFF, PCM, 16 bits a sample. */
public final class WavFile {

    private static final int HEADER = 44;
    private static final int PCM = 1;

    private WavFile() {}

    /**
     * Saves samples, clamped to -1 to 1, those of all channels at one time beside each other.
     *
     * @throws ImageFileException if the file cannot be written
     */
    public static void save(float[] samples, int sampleRate, int channels, Path path) {
        try {
            AtomicFile.write(path, encode(samples, sampleRate, channels));
        } catch (IOException e) {
            throw PictureWriter.failure(path, e);
        }
    }

    private static ByteBuffer encode(float[] samples, int sampleRate, int channels) {
        int bytes = Math.multiplyExact(samples.length, Short.BYTES);
        int block = channels * Short.BYTES;
        ByteBuffer file = ByteBuffer.allocate(Math.addExact(HEADER, bytes)).order(ByteOrder.LITTLE_ENDIAN);
        file.put(ascii("RIFF")).putInt(HEADER - 8 + bytes).put(ascii("WAVE"));
        file.put(ascii("fmt ")).putInt(16).putShort((short) PCM).putShort((short) channels);
        file.putInt(sampleRate)
                .putInt(sampleRate * block)
                .putShort((short) block)
                .putShort((short) Short.SIZE);
        file.put(ascii("data")).putInt(bytes);
        for (float sample : samples) {
            file.putShort((short) Math.round(Math.clamp(sample, -1, 1) * Short.MAX_VALUE));
        }
        return file.flip();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
