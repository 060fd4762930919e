package dev.diffusion4j.cli.picture;

import dev.diffusion4j.GeneratedVideo;
import dev.diffusion4j.error.ImageFileException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jcodec.api.SequenceEncoder;
import org.jcodec.common.Codec;
import org.jcodec.common.Format;
import org.jcodec.common.io.NIOUtils;
import org.jcodec.common.io.SeekableByteChannel;
import org.jcodec.common.model.ColorSpace;
import org.jcodec.common.model.Picture;
import org.jcodec.common.model.Rational;

/** Writes videos as MP4 files, of H.264 and without sound, by JCodec. */
final class Mp4File {

    private Mp4File() {}

    /**
     * Saves a video; the file appears whole or not at all.
     *
     * @throws ImageFileException if it cannot be written
     */
    static void save(GeneratedVideo video, Path file) {
        try {
            Path part = Files.createTempFile(file.toAbsolutePath().getParent(), ".diffuse", ".part");
            try {
                encode(video, part);
                Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(part);
            }
        } catch (IOException e) {
            throw new ImageFileException(file + " cannot be written: " + e.getMessage(), e);
        }
    }

    private static void encode(GeneratedVideo video, Path file) throws IOException {
        try (SeekableByteChannel channel = NIOUtils.writableChannel(file.toFile())) {
            SequenceEncoder encoder =
                    new SequenceEncoder(channel, Rational.R(video.framesPerSecond(), 1), Format.MOV, Codec.H264, null);
            for (int i = 0; i < video.frameCount(); i++) {
                encoder.encodeNativeFrame(picture(video, i));
            }
            encoder.finish();
        }
    }

    /** JCodec's bytes are from -128. */
    private static Picture picture(GeneratedVideo video, int index) {
        MemorySegment pixels = video.pixels(index);
        Picture picture = Picture.create(video.width(), video.height(), ColorSpace.RGB);
        byte[] data = picture.getPlaneData(0);
        MemorySegment.copy(pixels, ValueLayout.JAVA_BYTE, 0, data, 0, data.length);
        for (int i = 0; i < data.length; i++) {
            data[i] = (byte) (data[i] - 128);
        }
        return picture;
    }
}
