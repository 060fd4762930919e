package dev.diffusion4j.cli.picture;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;

/** Picture files put together byte by byte, for what ImageIO does not write. */
final class PictureBytes {

    /** 48x32 pixels, white, with a red quarter at the top left: the one chunk of a lossless WebP file, padded. */
    private static final byte[] WEBP_CHUNK =
            Base64.getDecoder().decode("VlA4TB0AAAAvL8AHAA8w//M///MfWhAIJPlLLzBARP8nANXZPwA=");

    private PictureBytes() {}

    /**
     * A PNG file of one row.
     *
     * @param type 0 grey, 2 colour, 3 palette, 4 grey with alpha, 6 colour with alpha
     * @param palette or null
     * @param transparency or null
     */
    static byte[] png(int depth, int type, byte[] palette, byte[] transparency, int... samples) throws IOException {
        int width = samples.length
                / switch (type) {
                    case 2 -> 3;
                    case 4 -> 2;
                    case 6 -> 4;
                    default -> 1;
                };
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.write(ByteBuffer.allocate(8).putLong(0x89504E470D0A1A0AL).array());
        ByteBuffer header = ByteBuffer.allocate(13).putInt(width).putInt(1);
        file.write(pngChunk("IHDR", header.put((byte) depth).put((byte) type).array()));
        if (palette != null) {
            file.write(pngChunk("PLTE", palette));
        }
        if (transparency != null) {
            file.write(pngChunk("tRNS", transparency));
        }
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        try (DeflaterOutputStream out = new DeflaterOutputStream(data)) {
            out.write(0);
            out.write(packed(depth, samples));
        }
        file.write(pngChunk("IDAT", data.toByteArray()));
        file.write(pngChunk("IEND", new byte[0]));
        return file.toByteArray();
    }

    private static byte[] packed(int depth, int... samples) {
        byte[] bytes = new byte[Math.ceilDiv(depth * samples.length, Byte.SIZE)];
        for (int i = 0; i < samples.length; i++) {
            for (int bit = 0; bit < depth; bit++) {
                int at = depth * i + bit;
                bytes[at / Byte.SIZE] |= (byte) ((samples[i] >> depth - 1 - bit & 1) << 7 - at % Byte.SIZE);
            }
        }
        return bytes;
    }

    static byte[] pngChunk(String name, byte[] data) throws IOException {
        byte[] ascii = name.getBytes(StandardCharsets.US_ASCII);
        CRC32 crc = new CRC32();
        crc.update(ascii);
        crc.update(data);
        ByteArrayOutputStream chunk = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(chunk);
        out.writeInt(data.length);
        out.write(ascii);
        out.write(data);
        out.writeInt((int) crc.getValue());
        return chunk.toByteArray();
    }

    /** EXIF's block: a TIFF structure with an entry before the orientation. */
    static byte[] exif(ByteOrder order, int orientation) {
        ByteBuffer exif = ByteBuffer.allocate(8 + 2 + 2 * 12 + 4).order(order);
        exif.put((order == ByteOrder.BIG_ENDIAN ? "MM" : "II").getBytes(StandardCharsets.US_ASCII));
        exif.putShort((short) 42).putInt(8).putShort((short) 2);
        putEntry(exif, 0x0103, 6);
        putEntry(exif, 0x0112, orientation);
        return exif.array();
    }

    private static void putEntry(ByteBuffer directory, int tag, int value) {
        directory.putShort((short) tag).putShort((short) 3).putInt(1);
        directory.putShort((short) value).putShort((short) 0);
    }

    /** A JPEG file with EXIF behind a segment of XMP. */
    static byte[] jpegWithExif(byte[] jpeg, byte[] exif) {
        byte[] xmp = "http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>".getBytes(StandardCharsets.US_ASCII);
        ByteBuffer file = ByteBuffer.allocate(jpeg.length + 4 + xmp.length + 10 + exif.length);
        file.put(jpeg, 0, 2);
        file.putShort((short) 0xFFE1).putShort((short) (2 + xmp.length)).put(xmp);
        file.putShort((short) 0xFFE1).putShort((short) (8 + exif.length));
        file.put("Exif\0\0".getBytes(StandardCharsets.US_ASCII)).put(exif);
        return file.put(jpeg, 2, jpeg.length - 2).array();
    }

    static byte[] pngWithExif(byte[] png, byte[] exif, boolean afterPixels) throws IOException {
        int at = afterPixels ? png.length - 12 : 33;
        byte[] chunk = pngChunk("eXIf", exif);
        return ByteBuffer.allocate(png.length + chunk.length)
                .put(png, 0, at)
                .put(chunk)
                .put(png, at, png.length - at)
                .array();
    }

    /** The red quarter on white, as lossless WebP. */
    static byte[] webp() {
        ByteBuffer file = ByteBuffer.allocate(12 + WEBP_CHUNK.length).order(ByteOrder.LITTLE_ENDIAN);
        return file.put(ascii("RIFF"))
                .putInt(4 + WEBP_CHUNK.length)
                .put(ascii("WEBP"))
                .put(WEBP_CHUNK)
                .array();
    }

    static byte[] webpWithExif(byte[] exif) {
        byte[] even = Arrays.copyOf(exif, exif.length + exif.length % 2);
        int content = 4 + 18 + WEBP_CHUNK.length + 8 + even.length;
        ByteBuffer file = ByteBuffer.allocate(8 + content).order(ByteOrder.LITTLE_ENDIAN);
        file.put(ascii("RIFF")).putInt(content).put(ascii("WEBP"));
        // Flags, three bytes for nothing, and width and height less one in three bytes each.
        file.put(ascii("VP8X")).putInt(10).putInt(8);
        file.put(new byte[] {47, 0, 0, 31, 0, 0}).put(WEBP_CHUNK);
        return file.put(ascii("EXIF")).putInt(exif.length).put(even).array();
    }

    /** A TIFF file of 8-bit samples, uncompressed, whose directory is behind the pixels and the bits behind it. */
    static byte[] tiff(ByteOrder order, int width, int height, int channels, int orientation, byte[] pixels) {
        int directory = 8 + pixels.length + pixels.length % 2;
        int entries = channels == 1 || channels == 3 ? 10 : 11;
        int bits = directory + 2 + 12 * entries + 4;
        ByteBuffer file = ByteBuffer.allocate(bits + 2 * channels).order(order);
        file.put(ascii(order == ByteOrder.BIG_ENDIAN ? "MM" : "II"));
        file.putShort((short) 42).putInt(directory).put(pixels).position(directory);
        file.putShort((short) entries);
        putEntry(file, 256, width);
        putEntry(file, 257, height);
        if (channels == 1) {
            putEntry(file, 258, 8);
        } else {
            file.putShort((short) 258).putShort((short) 3).putInt(channels);
            if (channels == 2) {
                file.putShort((short) 8).putShort((short) 8);
            } else {
                file.putInt(bits);
            }
        }
        putEntry(file, 259, 1);
        putEntry(file, 262, channels < 3 ? 1 : 2);
        file.putShort((short) 273).putShort((short) 4).putInt(1).putInt(8);
        putEntry(file, 274, orientation);
        putEntry(file, 277, channels);
        putEntry(file, 278, height);
        file.putShort((short) 279).putShort((short) 4).putInt(1).putInt(pixels.length);
        if (entries == 11) {
            // The last channel is alpha that is not multiplied in.
            putEntry(file, 338, 2);
        }
        file.putInt(0);
        for (int i = 0; i < channels; i++) {
            file.putShort((short) 8);
        }
        return file.array();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
