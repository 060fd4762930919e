package dev.diffusion4j.server.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.langchain4j.data.image.Image;
import dev.langchain4j.exception.HttpException;
import dev.langchain4j.model.openai.OpenAiImageModel;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** LangChain4j's model of pictures, with OpenAI's API behind it. */
@Tag("native")
class LangChain4jTest extends ClientTestCase {

    private static OpenAiImageModel client(String model) {
        return OpenAiImageModel.builder()
                .baseUrl(openAiUrl())
                .apiKey("none")
                .modelName(model)
                .size("128x128")
                // A minute, without it: models of other sizes take longer.
                .timeout(Duration.ofMinutes(5))
                .build();
    }

    private static Image image(Drawing drawing) {
        return Image.builder()
                .base64Data(drawing.base64())
                .mimeType("image/png")
                .build();
    }

    @Test
    void itGenerates() {
        Image image = client("demo").generate(RED_CIRCLE).content();

        Drawing.ofBase64(image.base64Data()).assertRedCircleOnWhite();
    }

    @Test
    void itEdits() {
        Image image =
                client("demo").edit(image(Drawing.blueSquare()), GREEN_CIRCLE).content();

        Drawing drawing = Drawing.ofBase64(image.base64Data());
        assertThat(drawing.image().getWidth()).isEqualTo(128);
        assertThat(drawing.isSameAs(Drawing.blueSquare())).isFalse();
    }

    @Test
    void itEditsBehindAMask() {
        Drawing before = Drawing.blueSquare();

        Image image = client("demo")
                .edit(image(before), image(Drawing.transparentRightHalf()), GREEN_CIRCLE)
                .content();

        Drawing.ofBase64(image.base64Data()).assertOnlyTheRightHalfDiffersFrom(before);
    }

    /** It shows the answer as it is, and has no field for what is in it. */
    @Test
    void itSaysThatThereIsNoSuchModel() {
        HttpException failure = catchThrowableOfType(
                HttpException.class, () -> client("no-such").generate(RED_CIRCLE));

        assertThat(failure.statusCode()).isEqualTo(404);
        assertThat(failure).hasMessageContaining("\"param\":\"model\",\"code\":\"model_not_found\"");
        assertRefusedOnce(404);
    }
}
