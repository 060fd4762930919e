package dev.diffusion4j.cli.picture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.ImageFileException;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class InputPictureTest {

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"png", "jpg", "gif", "bmp", "tiff"})
    void readsTheUsualFormats(String format) throws IOException {
        Path file = folder.resolve("picture." + format);
        assertThat(ImageIO.write(cornered(), format, file.toFile())).isTrue();
        BufferedImage image = InputPicture.read(file);
        assertThat(image.getWidth()).isEqualTo(48);
        assertThat(image.getHeight()).isEqualTo(32);
        assertThat(isRed(image, 4, 4)).isTrue();
        assertThat(isRed(image, 40, 28)).isFalse();
    }

    @Test
    void readsWebp() throws IOException {
        byte[] onePixel = Base64.getDecoder().decode("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==");
        BufferedImage image = InputPicture.read(Files.write(folder.resolve("one.webp"), onePixel));
        assertThat(image.getWidth()).isEqualTo(1);
    }

    @Test
    void transparencyBecomesWhiteInPicturesAndBlackInMasks() throws IOException {
        Path file = folder.resolve("clear.png");
        ImageIO.write(new BufferedImage(4, 4, BufferedImage.TYPE_INT_ARGB), "png", file.toFile());
        assertThat(InputPicture.read(file).getRGB(1, 1)).isEqualTo(Color.WHITE.getRGB());
        assertThat(InputPicture.readMask(file).getRGB(1, 1)).isEqualTo(Color.BLACK.getRGB());
    }

    /** Where the corner that is at the top left of the stored pixels is seen. */
    static Stream<Arguments> orientations() {
        String[] seen = {
            "48, 32, left, top",
            "48, 32, right, top",
            "48, 32, right, bottom",
            "48, 32, left, bottom",
            "32, 48, left, top",
            "32, 48, right, top",
            "32, 48, right, bottom",
            "32, 48, left, bottom"
        };
        return Stream.of("jpg", "png", "png, EXIF last", "webp", "tif")
                .flatMap(format -> Stream.of(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN)
                        .flatMap(order -> IntStream.rangeClosed(1, 8)
                                .mapToObj(orientation ->
                                        Arguments.of(format, order, orientation, seen[orientation - 1]))));
    }

    @ParameterizedTest
    @MethodSource("orientations")
    void turnsPhotosUpright(String format, ByteOrder order, int orientation, String seen) throws IOException {
        String[] expected = seen.split(", ");
        int width = Integer.parseInt(expected[0]);
        int height = Integer.parseInt(expected[1]);
        Path file = Files.write(folder.resolve("photo"), withOrientation(format, order, orientation));
        BufferedImage image = InputPicture.read(file);
        BufferedImage mask = InputPicture.readMask(file);
        assertThat(image.getWidth()).isEqualTo(width);
        assertThat(image.getHeight()).isEqualTo(height);
        for (int x : new int[] {4, width - 5}) {
            for (int y : new int[] {4, height - 5}) {
                boolean red = (x == 4) == expected[2].equals("left") && (y == 4) == expected[3].equals("top");
                assertThat(isRed(image, x, y)).as("red at %d,%d", x, y).isEqualTo(red);
                assertThat(mask.getRaster().getSample(x, y, 0))
                        .as("the mask at %d,%d", x, y)
                        .isBetween(red ? 60 : 250, red ? 90 : 255);
            }
        }
    }

    private static byte[] withOrientation(String format, ByteOrder order, int orientation) throws IOException {
        byte[] exif = PictureBytes.exif(order, orientation);
        return switch (format) {
            case "jpg" -> PictureBytes.jpegWithExif(bytes(cornered(), "jpg"), exif);
            case "png" -> PictureBytes.pngWithExif(bytes(cornered(), "png"), exif, false);
            case "png, EXIF last" -> PictureBytes.pngWithExif(bytes(cornered(), "png"), exif, true);
            case "webp" -> PictureBytes.webpWithExif(exif);
            default -> PictureBytes.tiff(order, 48, 32, 3, orientation, rgb(cornered()));
        };
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 9, 0xFFFF})
    void orientationsThatThereAreNotAreUpright(int orientation) throws IOException {
        for (String format : new String[] {"jpg", "png", "webp", "tif"}) {
            byte[] bytes = withOrientation(format, ByteOrder.LITTLE_ENDIAN, orientation);
            BufferedImage image = InputPicture.read(Files.write(folder.resolve("photo"), bytes));
            assertThat(image.getWidth()).isEqualTo(48);
            assertThat(isRed(image, 4, 4)).isTrue();
        }
    }

    /** Files whose first pixels are grey, with and without transparency: what they are in a picture and in a mask. */
    static Stream<Arguments> greys() throws IOException {
        Stream.Builder<Arguments> cases = Stream.builder();
        for (int depth : new int[] {1, 2, 4, 8, 16}) {
            int most = (1 << depth) - 1;
            // Half of white, as near as the depth comes, and in 8 bits.
            int sample = depth == 1 ? 1 : (most + 1) / 2;
            int grey = (int) Math.round(sample * 255.0 / most);
            byte[] other = {0, 0};
            byte[] itself = {(byte) (sample >> 8), (byte) sample};
            cases.add(Arguments.of(depth + " bits", PictureBytes.png(depth, 0, null, null, sample, 0), grey, grey));
            cases.add(Arguments.of(
                    depth + " bits, another transparent",
                    PictureBytes.png(depth, 0, null, other, sample, 0),
                    grey,
                    grey));
            cases.add(Arguments.of(
                    depth + " bits, transparent", PictureBytes.png(depth, 0, null, itself, sample, 0), 255, 0));
            if (depth < 16) {
                byte[] palette = {0, 0, 0, -128, -128, -128};
                cases.add(Arguments.of(
                        depth + " bits, palette", PictureBytes.png(depth, 3, palette, null, 1, 0), 128, 128));
                cases.add(Arguments.of(
                        depth + " bits, palette, another transparent",
                        PictureBytes.png(depth, 3, palette, new byte[] {0}, 1, 0),
                        128,
                        128));
                cases.add(Arguments.of(
                        depth + " bits, palette, half transparent",
                        PictureBytes.png(depth, 3, palette, new byte[] {0, 51}, 1, 0),
                        230,
                        26));
            }
            if (depth >= 8) {
                cases.add(Arguments.of(
                        depth + " bits, opaque alpha", PictureBytes.png(depth, 4, null, null, sample, most), 128, 128));
                cases.add(Arguments.of(
                        depth + " bits, alpha", PictureBytes.png(depth, 4, null, null, sample, most / 5), 230, 26));
                cases.add(Arguments.of(
                        depth + " bits, colours",
                        PictureBytes.png(depth, 6, null, null, sample, sample, sample, most / 5),
                        230,
                        26));
            }
        }
        for (ByteOrder order : new ByteOrder[] {ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN}) {
            byte[] grey = {-128, -128};
            cases.add(Arguments.of("TIFF " + order, PictureBytes.tiff(order, 2, 1, 1, 1, grey), 128, 128));
            byte[] opaque = {-128, -1, -128, -1};
            cases.add(Arguments.of("TIFF, opaque " + order, PictureBytes.tiff(order, 2, 1, 2, 1, opaque), 128, 128));
            byte[] alpha = {-128, 51, -128, 51};
            cases.add(Arguments.of("TIFF, alpha " + order, PictureBytes.tiff(order, 2, 1, 2, 1, alpha), 230, 26));
        }
        BufferedImage plain = new BufferedImage(16, 16, BufferedImage.TYPE_BYTE_GRAY);
        Arrays.fill(((DataBufferByte) plain.getRaster().getDataBuffer()).getData(), (byte) 128);
        for (String format : new String[] {"png", "jpg", "bmp", "gif", "tiff"}) {
            cases.add(Arguments.of("ImageIO's " + format, bytes(plain, format), 128, 128));
        }
        return cases.build();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("greys")
    void greyKeepsItsValue(String name, byte[] bytes, int picture, int mask) throws IOException {
        Path file = Files.write(folder.resolve("grey"), bytes);
        assertThat(Integer.toHexString(InputPicture.read(file).getRGB(0, 0)))
                .isEqualTo(Integer.toHexString(0xFF000000 | 0x10101 * picture));
        assertThat(InputPicture.readMask(file).getRaster().getSample(0, 0, 0)).isEqualTo(mask);
    }

    static Stream<Arguments> wholeFiles() throws IOException {
        BufferedImage noise = noise();
        BufferedImage palette = new BufferedImage(70, 50, BufferedImage.TYPE_BYTE_INDEXED);
        palette.createGraphics().drawImage(noise, 0, 0, null);
        Stream.Builder<Arguments> files = Stream.builder();
        for (String format : new String[] {"png", "jpg", "bmp", "tiff"}) {
            files.add(Arguments.of(format, bytes(noise, format)));
        }
        files.add(Arguments.of("gif", bytes(palette, "gif")));
        files.add(Arguments.of("progressive jpg", compressed(noise, "jpg", "progressive")));
        for (String compression : new String[] {"LZW", "Deflate", "PackBits", "JPEG"}) {
            files.add(Arguments.of("tiff, " + compression, compressed(noise, "tiff", compression)));
        }
        files.add(Arguments.of(
                "tiff, directory last", PictureBytes.tiff(ByteOrder.LITTLE_ENDIAN, 70, 50, 3, 1, rgb(noise))));
        files.add(Arguments.of("webp", PictureBytes.webp()));
        files.add(
                Arguments.of("webp with EXIF", PictureBytes.webpWithExif(PictureBytes.exif(ByteOrder.BIG_ENDIAN, 1))));
        return files.build();
    }

    private static BufferedImage noise() {
        BufferedImage noise = new BufferedImage(70, 50, BufferedImage.TYPE_INT_RGB);
        Random random = new Random(1);
        for (int i = 0; i < 70 * 50; i++) {
            noise.setRGB(i % 70, i / 70, random.nextInt(1 << 24));
        }
        return noise;
    }

    /** Wherever a file ends too early: it is refused, or nothing of its pixels was lost. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("wholeFiles")
    void picturesThatAreCutOffAreRefused(String name, byte[] whole) throws IOException {
        Path file = Files.write(folder.resolve("picture"), whole);
        int[] expected = pixels(InputPicture.read(file));
        int refused = 0;
        for (int length = 0; length < whole.length; length += length > whole.length - 60 ? 1 : 1 + whole.length / 60) {
            Files.write(file, Arrays.copyOf(whole, length));
            try {
                assertThat(pixels(InputPicture.read(file)))
                        .as("%d of %d bytes", length, whole.length)
                        .isEqualTo(expected);
            } catch (ImageFileException e) {
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(30);
    }

    @Test
    void aJpegCutInHalfIsSaidToBeCutOff() throws IOException {
        byte[] jpeg = bytes(noise(), "jpg");
        Path file = Files.write(folder.resolve("half.jpg"), Arrays.copyOf(jpeg, jpeg.length / 2));
        assertThatThrownBy(() -> InputPicture.read(file))
                .isInstanceOf(ImageFileException.class)
                .hasMessageStartingWith(file + " cannot be read: it is cut off");
    }

    private static byte[] bytes(BufferedImage image, String format) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertThat(ImageIO.write(image, format, out)).isTrue();
        return out.toByteArray();
    }

    /** Progressive is a mode of JPEG; the others are compressions of TIFF. */
    private static byte[] compressed(BufferedImage image, String format, String compression) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ImageWriter writer = ImageIO.getImageWritersByFormatName(format).next();
        try (ImageOutputStream out = ImageIO.createImageOutputStream(bytes)) {
            ImageWriteParam param = writer.getDefaultWriteParam();
            if (compression.equals("progressive")) {
                param.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
            } else {
                param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
                param.setCompressionType(compression);
            }
            writer.setOutput(out);
            writer.write(null, new IIOImage(image, null, null), param);
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }

    private static byte[] rgb(BufferedImage image) {
        byte[] rgb = new byte[3 * image.getWidth() * image.getHeight()];
        int at = 0;
        for (int pixel : pixels(image)) {
            rgb[at++] = (byte) (pixel >> 16);
            rgb[at++] = (byte) (pixel >> 8);
            rgb[at++] = (byte) pixel;
        }
        return rgb;
    }

    private static int[] pixels(BufferedImage image) {
        return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    }

    @Test
    void refusesHugePicturesBeforeDecodingThem() throws IOException {
        Path file = Files.write(folder.resolve("huge.png"), pngHeader(20_000, 30_000));
        assertThatThrownBy(() -> InputPicture.read(file))
                .isInstanceOf(ImageFileException.class)
                .hasMessage(file + " has 20000x30000 pixels; the most is 16384x16384");
        Files.write(file, pngHeader(16_000, 12_000));
        assertThatThrownBy(() -> InputPicture.read(file))
                .isInstanceOf(ImageFileException.class)
                .hasMessage(file + " has 16000x12000 pixels; the most are 64 million");
    }

    @Test
    void refusesGifsOfFewBytesAndManyPixels() throws IOException {
        byte[] bomb = Base64.getDecoder().decode("R0lGODlhCQAHAPAAAAAAAKSkpCwAAAAAAEAIEQABCBxIsKDBgwgTDgygkGBAADs=");
        Path file = Files.write(folder.resolve("bomb.gif"), bomb);
        assertThatThrownBy(() -> InputPicture.read(file))
                .isInstanceOf(ImageFileException.class)
                .hasMessage(file + " has 16384x4360 pixels; the most are 64 million");
    }

    @Test
    void refusesDamagedPictures() throws IOException {
        Path whole = folder.resolve("whole.png");
        ImageIO.write(cornered(), "png", whole.toFile());
        byte[] bytes = Files.readAllBytes(whole);
        Path cut = Files.write(folder.resolve("cut.png"), Arrays.copyOf(bytes, 60));
        assertThatThrownBy(() -> InputPicture.read(cut))
                .isInstanceOf(ImageFileException.class)
                .hasMessageContaining("cut.png cannot be read");
    }

    /** White, with a red quarter at the top left. */
    private static BufferedImage cornered() {
        BufferedImage image = new BufferedImage(48, 32, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, 48, 32);
        graphics.setColor(Color.RED);
        graphics.fillRect(0, 0, 24, 16);
        graphics.dispose();
        return image;
    }

    private static boolean isRed(BufferedImage image, int x, int y) {
        Color color = new Color(image.getRGB(x, y));
        return color.getRed() > 180 && color.getGreen() < 100;
    }

    private static byte[] pngHeader(int width, int height) {
        ByteBuffer chunk =
                ByteBuffer.allocate(17).put("IHDR".getBytes()).putInt(width).putInt(height);
        chunk.put(new byte[] {8, 2, 0, 0, 0});
        CRC32 crc = new CRC32();
        crc.update(chunk.array());
        ByteBuffer file = ByteBuffer.allocate(33);
        file.putLong(0x89504E470D0A1A0AL).putInt(13).put(chunk.array()).putInt((int) crc.getValue());
        return file.array();
    }
}
