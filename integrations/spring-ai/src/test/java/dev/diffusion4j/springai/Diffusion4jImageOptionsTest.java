package dev.diffusion4j.springai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.request.InitImage;
import java.awt.image.BufferedImage;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.springframework.ai.image.ImageOptionsBuilder;

class Diffusion4jImageOptionsTest {

    private static final Diffusion4jImageOptions ALL = Diffusion4jImageOptions.builder()
            .model("one")
            .n(2)
            .size(128, 64)
            .responseFormat("b64_json")
            .strength(0.5)
            .timeout(Duration.ofMinutes(2))
            .steps(20)
            .negativePrompt("blurry")
            .build();

    @Test
    void equalOptionsAreEqual() {
        assertThat(ALL.toBuilder().build()).isEqualTo(ALL).hasSameHashCodeAs(ALL);
        assertThat(ALL.toBuilder().steps(21).build()).isNotEqualTo(ALL);
        assertThat(ALL.toBuilder().n(3).build()).isNotEqualTo(ALL);
    }

    @Test
    void whatIsLeftOutIsTakenFromOthers() {
        Diffusion4jImageOptions none = Diffusion4jImageOptions.builder().build();

        assertThat(none.withDefaults(ALL)).isEqualTo(ALL);
        assertThat(ALL.withDefaults(none)).isEqualTo(ALL);
        assertThat(Diffusion4jImageOptions.builder().n(5).steps(3).build().withDefaults(ALL))
                .isEqualTo(ALL.toBuilder().n(5).steps(3).build());
    }

    @Test
    void optionsOfOthersKeepWhatTheySay() {
        assertThat(Diffusion4jImageOptions.of(ImageOptionsBuilder.builder()
                        .model("one")
                        .n(2)
                        .width(128)
                        .height(64)
                        .responseFormat("b64_json")
                        .build()))
                .isEqualTo(Diffusion4jImageOptions.builder()
                        .model("one")
                        .n(2)
                        .width(128)
                        .height(64)
                        .responseFormat("b64_json")
                        .build());
        assertThat(Diffusion4jImageOptions.of(ALL)).isSameAs(ALL);
        assertThat(Diffusion4jImageOptions.of(null))
                .isEqualTo(Diffusion4jImageOptions.builder().build());
    }

    @Test
    void promptsAndPicturesAreNoOptions() {
        InitImage picture = InitImage.of(new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB));

        assertThatThrownBy(
                        () -> Diffusion4jImageOptions.builder().prompt("a star").build())
                .isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() ->
                        Diffusion4jImageOptions.builder().initImage(picture).build())
                .isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> Diffusion4jImageOptions.builder().strength(1.5))
                .isInstanceOf(InvalidRequestException.class);
    }
}
