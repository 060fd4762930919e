package dev.diffusion4j.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.engine.GenerationInputs.ControlInput;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Control pictures as values. */
@Tag("fast")
class ControlTest {

    private static final BufferedImage PICTURE = new BufferedImage(2, 2, BufferedImage.TYPE_INT_RGB);

    @Test
    void countsAsTrainedInAllStepsUnlessToldOtherwise() {
        Control control = Control.of(PICTURE);

        assertThat(control.strength()).isEqualTo(1);
        assertThat(control.start()).isZero();
        assertThat(control.end()).isEqualTo(1);
        assertThat(control.controlNet()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"-0.1, 1", "0, 1.1", "0.5, 0.5", "0.9, 0.1"})
    void aRangeIsNotEmpty(double start, double end) {
        assertThatThrownBy(() -> Control.of(PICTURE).withRange(start, end))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("control.");
    }

    @Test
    void aRangeInJsonIsNotEmptyEither() {
        String json = ImageRequest.textToImage("")
                .control(Control.of(PICTURE).withRange(0.25, 0.75))
                .build()
                .toJson();

        assertThatThrownBy(() -> ImageRequest.fromJson(json.replace("0.75", "0.1")))
                .isInstanceOf(InvalidRequestException.class);
    }

    @Test
    void aStrengthIsNotNegative() {
        assertThatThrownBy(() -> Control.of(PICTURE).withStrength(-1))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("control.strength");
    }

    /** diffusers' rule. */
    @ParameterizedTest
    @CsvSource({"20, 0.25, 0.75, 5, 14", "20, 0, 1, 0, 19", "10, 0, 0.7, 0, 6", "8, 0.3, 0.8, 3, 5"})
    void stepsCountThatLieInTheRangeAsAWhole(int steps, double start, double end, int first, int last) {
        ControlInput control = new ControlInput("", PICTURE, 1, start, end);

        assertThat(IntStream.range(0, steps).filter(done -> control.countsIn(done, steps)))
                .containsExactlyElementsOf(
                        IntStream.rangeClosed(first, last).boxed().toList());
    }

    @Test
    void requestsKeepAllOfThemInOrder() {
        Control first = Control.of(PICTURE).withControlNet("a");
        Control second = Control.of(PICTURE).withControlNet("b");
        ImageRequest request =
                ImageRequest.textToImage("").control(first).control(second).build();

        assertThat(request.controls()).containsExactly(first, second);
        assertThat(request.withoutPictures().controls()).isEmpty();
        assertThat(request.toBuilder().controls(List.of()).build().controls()).isEmpty();
        assertThat(ImageRequest.textToImage("a").build().withDefaults(request).controls())
                .isEmpty();
    }
}
