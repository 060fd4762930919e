package dev.diffusion4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.InvalidRequestException;
import java.awt.image.BufferedImage;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("fast")
class ImageTensorsTest {

    private static void assertRefused(String field, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        InvalidRequestException.class,
                        e -> assertThat(e.field()).isEqualTo(field));
    }

    /** A picture in which every pixel and every channel has another value. */
    private static BufferedImage gradient(int width, int height, int offset) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int value = offset + y * width + x;
                image.setRGB(x, y, value << 16 | value + 60 << 8 | value + 120);
            }
        }
        return image;
    }

    /** Java takes grey for linear, and would make 188 of it. */
    @Test
    void greyKeepsItsValue() {
        for (int type : new int[] {BufferedImage.TYPE_BYTE_GRAY, BufferedImage.TYPE_USHORT_GRAY}) {
            BufferedImage image = new BufferedImage(1, 1, type);
            image.getRaster().setSample(0, 0, 0, type == BufferedImage.TYPE_BYTE_GRAY ? 128 : 0x8080);
            try (Tensor tensor = ImageTensors.of(image)) {
                assertThat(tensor.toArray()).containsOnly(128 / 127.5f - 1);
            }
        }
    }

    @Test
    void channelsBecomePlanesFromMinusOneToOne() {
        BufferedImage image = new BufferedImage(3, 2, BufferedImage.TYPE_INT_RGB);
        image.setRGB(2, 1, 0xff0033);
        try (Tensor tensor = ImageTensors.of(image)) {
            assertThat(tensor.shape()).isEqualTo(Shape.of(1, 3, 2, 3));
            assertThat(tensor.get(0, 0, 1, 2)).isEqualTo(1);
            assertThat(tensor.get(0, 1, 1, 2)).isEqualTo(-1);
            assertThat(tensor.get(0, 2, 1, 2)).isEqualTo(-0.6f);
            assertThat(tensor.get(0, 0, 0, 0)).isEqualTo(-1);
        }
    }

    @Test
    void picturesComeBackExactly() {
        List<BufferedImage> images = List.of(gradient(5, 4, 0), gradient(5, 4, 100));
        try (Tensor tensor = ImageTensors.of(images)) {
            assertThat(tensor.shape()).isEqualTo(Shape.of(2, 3, 4, 5));
            List<BufferedImage> back = ImageTensors.toImages(tensor);
            assertThat(back).hasSize(2);
            for (int i = 0; i < 2; i++) {
                assertThat(back.get(i).getType()).isEqualTo(BufferedImage.TYPE_INT_RGB);
                assertThat(back.get(i).getRGB(0, 0, 5, 4, null, 0, 5))
                        .containsExactly(images.get(i).getRGB(0, 0, 5, 4, null, 0, 5));
            }
        }
    }

    @Test
    void everyValueOfAChannelComesBack() {
        BufferedImage image = new BufferedImage(256, 1, BufferedImage.TYPE_INT_RGB);
        for (int value = 0; value < 256; value++) {
            image.setRGB(value, 0, value << 16 | value << 8 | value);
        }
        try (Tensor tensor = ImageTensors.of(image)) {
            assertThat(ImageTensors.toImage(tensor).getRGB(0, 0, 256, 1, null, 0, 256))
                    .containsExactly(image.getRGB(0, 0, 256, 1, null, 0, 256));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {BufferedImage.TYPE_INT_ARGB, BufferedImage.TYPE_4BYTE_ABGR, BufferedImage.TYPE_3BYTE_BGR})
    void otherKindsOfPicturesAreReadWithoutTheirTransparency(int type) {
        BufferedImage image = new BufferedImage(1, 1, type);
        image.setRGB(0, 0, 0x80ff0033);
        try (Tensor tensor = ImageTensors.of(image)) {
            assertThat(tensor.toArray()).containsExactly(1, -1, -0.6f);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "-1, 0",
        "1, 255",
        "0, 128",
        "-1.5, 0",
        "7, 255",
        "NaN, 0",
        "Infinity, 255",
        "-Infinity, 0",
        "0.9995, 255",
        "0.99, 254"
    })
    void valuesAreLimitedAndRounded(float value, int expected) {
        try (Tensor tensor = Tensor.of(new float[] {value, -1, 1}, Shape.of(1, 3, 1, 1))) {
            assertThat(ImageTensors.toImage(tensor).getRGB(0, 0) & 0xffffff).isEqualTo(expected << 16 | 0xff);
        }
    }

    @Test
    void refusesWhatIsNoBatchOfPictures() {
        assertRefused("images", () -> ImageTensors.of(List.of()));
        assertRefused("images", () -> ImageTensors.of(List.of(gradient(5, 4, 0), gradient(4, 5, 0))));
        for (Shape shape : List.of(Shape.of(3, 4, 5), Shape.of(1, 4, 4, 5), Shape.of())) {
            try (Tensor tensor = Tensor.zeros(shape)) {
                assertRefused("pictures", () -> ImageTensors.toImages(tensor));
            }
        }
        try (Tensor two = Tensor.zeros(Shape.of(2, 3, 4, 5))) {
            assertRefused("picture", () -> ImageTensors.toImage(two));
        }
        Tensor closed = Tensor.zeros(Shape.of(1, 3, 4, 5));
        closed.close();
        assertThatThrownBy(() -> ImageTensors.toImage(closed)).isInstanceOf(ClosedException.class);
    }
}
