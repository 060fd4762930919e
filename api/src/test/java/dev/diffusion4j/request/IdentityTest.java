package dev.diffusion4j.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.InvalidRequestException;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("fast")
class IdentityTest {

    private static final BufferedImage PICTURE = new BufferedImage(3, 2, BufferedImage.TYPE_INT_RGB);

    private static ImageRequest request(Identity identity) {
        return ImageRequest.textToImage("a man img").identity(identity).build();
    }

    @Test
    void jsonLosesNothing() {
        ImageRequest request =
                request(Identity.of(PICTURE, PICTURE).withStyleStrength(33.5).withEmbeddings(Path.of("faces.bin")));
        assertThat(ImageRequest.fromJson(request.toJson())).isEqualTo(request);
        assertThat(request.identity().orElseThrow().pictures()).hasSize(2);
        assertThat(request).isNotEqualTo(request(Identity.of(PICTURE)));
        assertThat(request.withoutPictures().identity()).isEmpty();
        ImageRequest plain = ImageRequest.textToImage("a man img").build();
        assertThat(plain.withDefaults(request)).isEqualTo(plain);
        assertThatThrownBy(() -> ImageRequest.fromJson("{\"prompt\":\"a\",\"identity\":{\"styleStrength\":5}}"))
                .hasMessageContaining("pictures: it is missing");
    }

    @Test
    void hasPictures() {
        assertThatThrownBy(() -> Identity.of(List.of()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage("identity must be 1 to 75 pictures, not 0 pictures");
        assertThatThrownBy(() -> Identity.of(new BufferedImage[] {null})).isInstanceOf(NullPointerException.class);
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.1, 100.1, Double.NaN})
    void theStyleStrengthIsInPercent(double percent) {
        assertThatThrownBy(() -> Identity.of(PICTURE).withStyleStrength(percent))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageStartingWith("identity.styleStrength must be from 0 to 100");
    }

    @ParameterizedTest
    @CsvSource({"20, 20, 5", "20, 4, 1", "0, 20, 1", "100, 20, 21", "49, 2, 1", "50, 2, 2"})
    void theFirstStepFollowsTheStyleStrength(double percent, int steps, int first) {
        assertThat(Identity.of(PICTURE).withStyleStrength(percent).firstStep(steps))
                .isEqualTo(first);
    }
}
