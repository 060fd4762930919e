package dev.diffusion4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.ImageFileException;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Pictures that a request begins from, as they are read. What the command line reads, in all formats, its own tests hold. */
@Tag("fast")
class ImageFilesTest {

    private static final long MANY = 1_000_000;

    @TempDir
    Path folder;

    /** 30x20 pixels, black, with the quarter at the top left white. */
    private static BufferedImage cornered(int type) {
        BufferedImage image = new BufferedImage(30, 20, type);
        for (int y = 0; y < 10; y++) {
            for (int x = 0; x < 15; x++) {
                image.setRGB(x, y, Color.WHITE.getRGB());
            }
        }
        return image;
    }

    private static byte[] png(BufferedImage image) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageIO.write(image, "png", out);
        return out.toByteArray();
    }

    /** With EXIF's word for how the camera was held, behind the header. */
    private static byte[] held(byte[] png, int orientation) {
        ByteBuffer exif = ByteBuffer.allocate(8 + 2 + 12 + 4);
        exif.putInt(0x4D4D002A).putInt(8).putShort((short) 1);
        exif.putShort((short) 0x0112).putShort((short) 3).putInt(1).putShort((short) orientation);
        byte[] name = "eXIf".getBytes(StandardCharsets.US_ASCII);
        CRC32 sum = new CRC32();
        sum.update(name);
        sum.update(exif.array());
        ByteBuffer file = ByteBuffer.allocate(png.length + 12 + exif.capacity());
        int behindHeader = 8 + 12 + 13;
        file.put(png, 0, behindHeader).putInt(exif.capacity()).put(name).put(exif.array());
        file.putInt((int) sum.getValue()).put(png, behindHeader, png.length - behindHeader);
        return file.array();
    }

    private static boolean isWhite(BufferedImage image, int x, int y) {
        return (image.getRGB(x, y) & 0xFFFFFF) == 0xFFFFFF;
    }

    /** Which of the four corners is white: tl, tr, bl or br. */
    private static String whiteCorner(BufferedImage image) {
        int right = image.getWidth() - 1;
        int bottom = image.getHeight() - 1;
        StringBuilder corners = new StringBuilder();
        corners.append(isWhite(image, 0, 0) ? "tl" : "").append(isWhite(image, right, 0) ? "tr" : "");
        return corners.append(isWhite(image, 0, bottom) ? "bl" : "")
                .append(isWhite(image, right, bottom) ? "br" : "")
                .toString();
    }

    @ParameterizedTest
    @CsvSource({"1, tl", "2, tr", "3, br", "4, bl", "5, tl", "6, tr", "7, br", "8, bl"})
    void photographsAreUpright(int orientation, String corner) throws IOException {
        byte[] file = held(png(cornered(BufferedImage.TYPE_INT_RGB)), orientation);

        BufferedImage read = ImageFiles.read(file, MANY);

        assertThat(whiteCorner(read)).isEqualTo(corner);
        assertThat(read.getWidth()).isEqualTo(orientation < 5 ? 30 : 20);
        assertThat(read.getHeight()).isEqualTo(orientation < 5 ? 20 : 30);
        BufferedImage fromDisk = ImageFiles.read(Files.write(folder.resolve("photo"), file));
        assertThat(whiteCorner(fromDisk)).isEqualTo(corner);
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                BufferedImage.TYPE_INT_ARGB,
                BufferedImage.TYPE_BYTE_GRAY,
                BufferedImage.TYPE_USHORT_GRAY,
                BufferedImage.TYPE_BYTE_BINARY,
                BufferedImage.TYPE_BYTE_INDEXED
            })
    void turningKeepsThePixelsAsTheyWereStored(int type) throws IOException {
        BufferedImage image = cornered(type);

        BufferedImage read = ImageFiles.read(held(png(image), 6), MANY);

        BufferedImage upright = ImageFiles.read(png(image), MANY);
        assertThat(read.getColorModel()).isEqualTo(upright.getColorModel());
        for (int y = 0; y < 20; y++) {
            for (int x = 0; x < 30; x++) {
                assertThat(read.getRaster().getPixel(19 - y, x, (int[]) null))
                        .isEqualTo(upright.getRaster().getPixel(x, y, (int[]) null));
            }
        }
    }

    @Test
    void transparencyIsKept() throws IOException {
        BufferedImage image = cornered(BufferedImage.TYPE_INT_ARGB);
        image.setRGB(3, 3, 0x40FF0000);
        assertThat(ImageFiles.read(png(image), MANY).getRGB(3, 3)).isEqualTo(0x40FF0000);
    }

    @ParameterizedTest
    @ValueSource(strings = {"png", "jpg", "gif", "bmp"})
    void whatIsCutOffIsNoPicture(String format) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageIO.write(cornered(BufferedImage.TYPE_INT_RGB), format, out);
        byte[] half = Arrays.copyOf(out.toByteArray(), out.size() * 2 / 3);

        assertThatThrownBy(() -> ImageFiles.read(half, MANY))
                .isInstanceOf(ImageFileException.class)
                .hasMessageStartingWith("the picture cannot be read");
    }

    @Test
    void whatIsTooLargeIsRefusedByItsHeader() throws IOException {
        byte[] file = png(cornered(BufferedImage.TYPE_INT_RGB));
        assertThat(ImageFiles.read(file, 600).getWidth()).isEqualTo(30);
        assertThatThrownBy(() -> ImageFiles.read(file, 599))
                .isInstanceOf(ImageFileException.class)
                .hasMessage("the picture has 30x20 pixels; the most are 599");
    }

    @Test
    void whatIsNoPictureIsSaidToBeNone() {
        Path missing = folder.resolve("missing.png");
        assertThatThrownBy(() -> ImageFiles.read(missing))
                .isInstanceOf(ImageFileException.class)
                .hasMessage(missing + " does not exist");
        assertThatThrownBy(() -> ImageFiles.read(folder))
                .isInstanceOf(ImageFileException.class)
                .hasMessageContaining("is not a file");
        assertThatThrownBy(() -> ImageFiles.read(new byte[0], MANY)).isInstanceOf(ImageFileException.class);
        assertThatThrownBy(() -> ImageFiles.read("no picture at all".getBytes(StandardCharsets.UTF_8), MANY))
                .isInstanceOf(ImageFileException.class)
                .hasMessageContaining("known format");
    }
}
