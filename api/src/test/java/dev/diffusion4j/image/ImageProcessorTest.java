package dev.diffusion4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.InvalidRequestException;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.io.IOException;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("fast")
class ImageProcessorTest {

    private static BufferedImage image(ColorModel colours, Object pixel) {
        BufferedImage image = new BufferedImage(
                colours, colours.createCompatibleWritableRaster(3, 2), colours.isAlphaPremultiplied(), null);
        for (int i = 0; i < 6; i++) {
            image.getRaster().setDataElements(i % 3, i / 3, pixel);
        }
        return image;
    }

    private static ColorModel components(int space, boolean alpha, boolean premultiplied, int type) {
        return new ComponentColorModel(
                ColorSpace.getInstance(space),
                alpha,
                premultiplied,
                alpha ? Transparency.TRANSLUCENT : Transparency.OPAQUE,
                type);
    }

    private static BufferedImage grey(boolean alpha, boolean premultiplied, int type, Object pixel) {
        return image(components(ColorSpace.CS_GRAY, alpha, premultiplied, type), pixel);
    }

    private static BufferedImage ofType(int type, int sample) {
        BufferedImage image = new BufferedImage(3, 2, type);
        for (int i = 0; i < 6; i++) {
            image.getRaster().setSample(i % 3, i / 3, 0, sample);
        }
        return image;
    }

    private static BufferedImage palette(int bits, int... argb) {
        ColorModel colours = new IndexColorModel(bits, argb.length, argb, 0, true, -1, DataBuffer.TYPE_BYTE);
        return image(colours, new byte[] {1});
    }

    /** Pictures of one grey, and what it is in a picture (over white) and in a mask (over black). */
    static Stream<Arguments> greys() {
        int bytes = DataBuffer.TYPE_BYTE;
        int shorts = DataBuffer.TYPE_USHORT;
        return Stream.of(
                Arguments.of("BYTE_GRAY", ofType(BufferedImage.TYPE_BYTE_GRAY, 128), 128, 128),
                Arguments.of("USHORT_GRAY", ofType(BufferedImage.TYPE_USHORT_GRAY, 0x8080), 128, 128),
                Arguments.of("opaque alpha", grey(true, false, bytes, new byte[] {100, -1}), 100, 100),
                Arguments.of("half alpha", grey(true, false, bytes, new byte[] {100, 51}), 224, 20),
                Arguments.of("no alpha left", grey(true, false, bytes, new byte[] {100, 0}), 255, 0),
                Arguments.of("alpha multiplied in", grey(true, true, bytes, new byte[] {20, 51}), 224, 20),
                Arguments.of("16 bits, alpha", grey(true, false, shorts, new short[] {0x6464, -1}), 100, 100),
                Arguments.of("16 bits, half alpha", grey(true, false, shorts, new short[] {0x6464, 0x3333}), 224, 20),
                Arguments.of("floats", grey(false, false, DataBuffer.TYPE_FLOAT, new float[] {0.2f}), 51, 51),
                Arguments.of("floats beyond", grey(false, false, DataBuffer.TYPE_FLOAT, new float[] {7}), 255, 255),
                Arguments.of("signed", grey(false, false, DataBuffer.TYPE_SHORT, new short[] {0x7FFF}), 255, 255),
                Arguments.of("palette of 1 bit", palette(1, 0xFF000000, 0xFF808080), 128, 128),
                Arguments.of("palette of 2 bits", palette(2, 0, 0xFF808080, 0), 128, 128),
                Arguments.of("palette of 4 bits, alpha", palette(4, 0, 0x33646464, 0), 224, 20),
                Arguments.of("palette of 8 bits, clear", palette(8, 0, 0x00646464), 255, 0),
                Arguments.of("RGB", image(ColorModel.getRGBdefault(), new int[] {0xFF808080}), 128, 128),
                Arguments.of(
                        "3BYTE_BGR",
                        image(components(ColorSpace.CS_sRGB, false, false, bytes), new byte[] {-128, -128, -128}),
                        128,
                        128),
                Arguments.of(
                        "RGB of 16 bits",
                        image(
                                components(ColorSpace.CS_sRGB, true, false, shorts),
                                new short[] {0x6464, 0x6464, 0x6464, 0x3333}),
                        224,
                        20));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("greys")
    void greyKeepsItsValueWhateverHoldsIt(String name, BufferedImage image, int picture, int mask) {
        BufferedImage rgb = ImageProcessor.toRgb(image);
        assertThat(rgb.getType()).isEqualTo(BufferedImage.TYPE_INT_RGB);
        BufferedImage grey = ImageProcessor.toMask(image);
        assertThat(grey.getType()).isEqualTo(BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < 6; i++) {
            assertThat(Integer.toHexString(rgb.getRGB(i % 3, i / 3)))
                    .isEqualTo(Integer.toHexString(0xFF000000 | 0x10101 * picture));
            assertThat(grey.getRaster().getSample(i % 3, i / 3, 0)).isEqualTo(mask);
        }
    }

    /** A half of full light is 188 in sRGB. */
    @Test
    void coloursOfALinearColourSpaceBecomeSrgb() {
        ColorModel linear = components(ColorSpace.CS_LINEAR_RGB, true, false, DataBuffer.TYPE_BYTE);
        BufferedImage rgb = ImageProcessor.toRgb(image(linear, new byte[] {-128, 0, -1, -1}));
        assertThat(rgb.getRGB(1, 1) >> 16 & 0xFF).isBetween(187, 189);
        assertThat(rgb.getRGB(1, 1) & 0xFFFF).isEqualTo(0x00FF);
    }

    @Test
    void masksOfColourTakeTheirLuma() {
        BufferedImage image = new BufferedImage(3, 1, BufferedImage.TYPE_INT_RGB);
        image.setRGB(0, 0, 3, 1, new int[] {0xFF0000, 0x00FF00, 0x0000FF}, 0, 3);
        BufferedImage mask = ImageProcessor.toMask(image);
        assertThat(mask.getRaster().getPixels(0, 0, 3, 1, (int[]) null)).containsExactly(76, 150, 29);
    }

    @Test
    void pixelsBeyondThePaletteAreBlack() {
        ColorModel colours = new IndexColorModel(8, 2, new int[] {-1, -1}, 0, false, -1, DataBuffer.TYPE_BYTE);
        assertThat(ImageProcessor.toRgb(image(colours, new byte[] {(byte) 200})).getRGB(0, 0))
                .isEqualTo(0xFF000000);
    }

    private static BufferedImage golden(String name) throws IOException {
        BufferedImage image = ImageIO.read(ImageProcessorTest.class.getResource(name + ".png"));
        return name.startsWith("mask") ? image : ImageProcessor.toRgb(image);
    }

    private static int[] samples(BufferedImage image) {
        return image.getRaster().getPixels(0, 0, image.getWidth(), image.getHeight(), (int[]) null);
    }

    /** The files of {@code tools/parity/images.py}. */
    @ParameterizedTest
    @ValueSource(strings = {"16x9", "37x9", "80x50", "23x37", "1x1"})
    void scalesAsPillowDoes(String size) throws IOException {
        for (String name : new String[] {"picture", "mask"}) {
            BufferedImage expected = golden(name + "-" + size);
            BufferedImage scaled =
                    ImageProcessor.resize(golden(name), expected.getWidth(), expected.getHeight(), ResizeMode.STRETCH);
            assertThat(scaled.getType()).isEqualTo(golden(name).getType());
            assertThat(samples(scaled)).isEqualTo(samples(expected));
        }
    }

    @Test
    void cropsAsPillowScalesTheMiddle() throws IOException {
        for (String name : new String[] {"picture", "mask"}) {
            BufferedImage scaled = ImageProcessor.resize(golden(name), 32, 32, ResizeMode.CROP);
            assertThat(samples(scaled)).isEqualTo(samples(golden(name + "-square")));
        }
    }

    /** Lines a pixel wide, of which one of 16 falls on each pixel of a small picture: nothing but their mean is right. */
    @Test
    void finePatternsDoNotAlias() {
        BufferedImage lines = new BufferedImage(1600, 40, BufferedImage.TYPE_BYTE_GRAY);
        for (int x = 0; x < 1600; x += 2) {
            for (int y = 0; y < 40; y++) {
                lines.getRaster().setSample(x, y, 0, 255);
            }
        }
        for (int sample : samples(ImageProcessor.resize(lines, 100, 40, ResizeMode.STRETCH))) {
            assertThat(sample).isBetween(120, 135);
        }
    }

    /** Red on the left, green in the middle, blue on the right, each 40 pixels wide and 40 high. */
    private static BufferedImage tricolour() {
        BufferedImage image = new BufferedImage(120, 40, BufferedImage.TYPE_INT_RGB);
        for (int x = 0; x < 120; x++) {
            for (int y = 0; y < 40; y++) {
                image.setRGB(x, y, 0xFF0000 >> 8 * (x / 40));
            }
        }
        return image;
    }

    @ParameterizedTest
    @CsvSource({
        // What is at the left and right border, in the middle, and at the middle of the upper border of a square.
        "STRETCH, ff0000, ff, ff00, ff00",
        "CROP, ff00, ff00, ff00, ff00",
        "FIT, ff0000, ff, ff00, ff00",
    })
    void theModeDecidesWhatIsSeen(ResizeMode mode, String left, String right, String middle, String top) {
        BufferedImage square = ImageProcessor.resize(tricolour(), 60, 60, mode);
        assertThat(square.getWidth()).isEqualTo(60);
        assertThat(square.getHeight()).isEqualTo(60);
        assertThat(hex(square, 8, 30)).isEqualTo(left);
        assertThat(hex(square, 51, 30)).isEqualTo(right);
        assertThat(hex(square, 30, 30)).isEqualTo(middle);
        assertThat(hex(square, 30, 0)).isEqualTo(top);
        // Upright, too: the same picture turned.
        BufferedImage turned = new BufferedImage(40, 120, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < 120; y++) {
            for (int x = 0; x < 40; x++) {
                turned.setRGB(x, y, tricolour().getRGB(y, x));
            }
        }
        BufferedImage upright = ImageProcessor.resize(turned, 60, 60, mode);
        assertThat(hex(upright, 30, 8)).isEqualTo(left);
        assertThat(hex(upright, 30, 51)).isEqualTo(right);
    }

    /** A square at its own ratio in the middle, beside which the edge goes on. */
    @Test
    void fittingKeepsTheRatioAndRepeatsTheEdges() {
        BufferedImage mask = new BufferedImage(40, 40, BufferedImage.TYPE_BYTE_GRAY);
        for (int y = 0; y < 40; y++) {
            mask.getRaster().setSample(0, y, 0, 200);
            mask.getRaster().setSample(39, y, 0, 100);
        }
        BufferedImage wide = ImageProcessor.resize(mask, 80, 40, ResizeMode.FIT);
        int[] row = wide.getRaster().getPixels(0, 7, 80, 1, (int[]) null);
        for (int x = 0; x < 80; x++) {
            assertThat(row[x]).as("at %d", x).isEqualTo(x <= 20 ? 200 : x >= 59 ? 100 : 0);
        }
    }

    @Test
    void aPictureOfThatSizeIsLeftAlone() {
        BufferedImage image = tricolour();
        for (ResizeMode mode : ResizeMode.values()) {
            assertThat(ImageProcessor.resize(image, 120, 40, mode)).isSameAs(image);
        }
    }

    @Test
    void extremeRatiosNeedNoMemoryForWhatIsCutOff() {
        BufferedImage line = new BufferedImage(16384, 1, BufferedImage.TYPE_INT_RGB);
        for (ResizeMode mode : ResizeMode.values()) {
            BufferedImage image = ImageProcessor.resize(line, 64, 512, mode);
            assertThat(image.getWidth()).isEqualTo(64);
            assertThat(image.getHeight()).isEqualTo(512);
        }
    }

    @Test
    void sizesOfNothingAreRefused() {
        assertThatThrownBy(() -> ImageProcessor.resize(tricolour(), 0, 64, ResizeMode.FIT))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("width");
        assertThatThrownBy(() -> ImageProcessor.resize(tricolour(), 64, -1, ResizeMode.CROP))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("height");
    }

    private static String hex(BufferedImage image, int x, int y) {
        return Integer.toHexString(image.getRGB(x, y) & 0xFFFFFF);
    }

    @Test
    void whatIsCutOutOfAPictureIsTheMask() {
        BufferedImage cut = new BufferedImage(3, 1, BufferedImage.TYPE_INT_ARGB);
        cut.setRGB(0, 0, 0xFFFFFFFF);
        cut.setRGB(1, 0, 0x80FFFFFF);
        cut.setRGB(2, 0, 0x00FFFFFF);

        BufferedImage mask = ImageProcessor.toMaskOfTransparency(cut);

        assertThat(mask.getType()).isEqualTo(BufferedImage.TYPE_BYTE_GRAY);
        assertThat(mask.getRaster().getSamples(0, 0, 3, 1, 0, (int[]) null)).containsExactly(0, 127, 255);
    }

    @Test
    void whereNothingIsCutOutThePictureIsAMaskItself() {
        BufferedImage opaque = new BufferedImage(2, 1, BufferedImage.TYPE_INT_ARGB);
        opaque.setRGB(0, 0, 0xFFFFFFFF);
        opaque.setRGB(1, 0, 0xFF000000);

        assertThat(ImageProcessor.toMaskOfTransparency(opaque).getRaster().getSamples(0, 0, 2, 1, 0, (int[]) null))
                .containsExactly(255, 0);
        BufferedImage grey = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_GRAY);
        assertThat(ImageProcessor.toMaskOfTransparency(grey)).isSameAs(grey);
    }
}
