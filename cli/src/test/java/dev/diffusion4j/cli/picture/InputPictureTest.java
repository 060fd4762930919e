package dev.diffusion4j.cli.picture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.ImageFileException;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
    @ParameterizedTest
    @CsvSource({
        "1, 48, 32, left, top",
        "2, 48, 32, right, top",
        "3, 48, 32, right, bottom",
        "4, 48, 32, left, bottom",
        "5, 32, 48, left, top",
        "6, 32, 48, right, top",
        "7, 32, 48, right, bottom",
        "8, 32, 48, left, bottom",
    })
    void turnsPhotosUpright(int orientation, int width, int height, String horizontal, String vertical)
            throws IOException {
        BufferedImage image = InputPicture.read(jpegWithOrientation(orientation));
        assertThat(image.getWidth()).isEqualTo(width);
        assertThat(image.getHeight()).isEqualTo(height);
        for (int x : new int[] {4, width - 5}) {
            for (int y : new int[] {4, height - 5}) {
                boolean expected = (x == 4) == horizontal.equals("left") && (y == 4) == vertical.equals("top");
                assertThat(isRed(image, x, y)).as("red at %d,%d", x, y).isEqualTo(expected);
            }
        }
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

    private Path jpegWithOrientation(int orientation) throws IOException {
        ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
        ImageIO.write(cornered(), "jpg", jpeg);
        byte[] bytes = jpeg.toByteArray();
        // APP1 with one TIFF directory of one entry, between the start of the image and the rest.
        ByteBuffer exif = ByteBuffer.allocate(36);
        exif.putShort((short) 0xFFE1).putShort((short) 34).put("Exif\0\0".getBytes());
        exif.put("MM".getBytes()).putShort((short) 42).putInt(8);
        exif.putShort((short) 1);
        exif.putShort((short) 0x0112)
                .putShort((short) 3)
                .putInt(1)
                .putShort((short) orientation)
                .putShort((short) 0);
        exif.putInt(0);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(bytes, 0, 2);
        out.write(exif.array());
        out.write(bytes, 2, bytes.length - 2);
        return Files.write(folder.resolve("photo" + orientation + ".jpg"), out.toByteArray());
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
