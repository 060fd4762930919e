package dev.diffusion4j.server.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.openai.errors.NotFoundException;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.ai.image.ImagePrompt;
import org.springframework.ai.image.ImageResponse;
import org.springframework.ai.openai.OpenAiImageModel;
import org.springframework.ai.openai.OpenAiImageOptions;

/** Spring AI's model of pictures, with OpenAI's API behind it. */
@Tag("native")
class SpringAiTest extends ClientTestCase {

    private static OpenAiImageModel client(String model) {
        return OpenAiImageModel.builder()
                .options(OpenAiImageOptions.builder()
                        .baseUrl(openAiUrl())
                        .apiKey("none")
                        .model(model)
                        .width(128)
                        .height(128)
                        .responseFormat("b64_json")
                        // A minute, without it: models of other sizes take longer.
                        .timeout(Duration.ofMinutes(5))
                        .build())
                .build();
    }

    @Test
    void itGenerates() {
        ImageResponse response = client("demo").call(new ImagePrompt(RED_CIRCLE));

        assertThat(response.getResults()).hasSize(1);
        Drawing drawing = Drawing.ofBase64(response.getResult().getOutput().getB64Json());
        assertThat(drawing.image().getWidth()).isEqualTo(128);
        drawing.assertRedCircleOnWhite();
    }

    @Test
    void itGeneratesSeveral() {
        ImageResponse response = client("demo")
                .call(new ImagePrompt(
                        RED_CIRCLE, OpenAiImageOptions.builder().n(2).build()));

        assertThat(response.getResults())
                .hasSize(2)
                .allSatisfy(result ->
                        Drawing.ofBase64(result.getOutput().getB64Json()).assertRedCircleOnWhite());
    }

    @Test
    void itSaysThatThereIsNoSuchModel() {
        NotFoundException failure = catchThrowableOfType(
                NotFoundException.class, () -> client("no-such").call(new ImagePrompt(RED_CIRCLE)));

        assertThat(failure.code()).contains("model_not_found");
        assertThat(failure.param()).contains("model");
        assertRefusedOnce(404);
    }
}
