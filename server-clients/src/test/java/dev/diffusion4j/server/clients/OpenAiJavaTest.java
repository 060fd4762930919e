package dev.diffusion4j.server.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.models.images.ImageEditParams;
import com.openai.models.images.ImageEditStreamEvent;
import com.openai.models.images.ImageGenStreamEvent;
import com.openai.models.images.ImageGenerateParams;
import com.openai.models.images.ImagesResponse;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** OpenAI's client for Java. */
@Tag("native")
class OpenAiJavaTest extends ClientTestCase {

    private final OpenAIClient client =
            OpenAIOkHttpClient.builder().baseUrl(openAiUrl()).apiKey("none").build();

    @AfterEach
    void closeClient() {
        client.close();
    }

    private static Drawing only(ImagesResponse response) {
        return Drawing.ofBase64(
                response.data().orElseThrow().getFirst().b64Json().orElseThrow());
    }

    @Test
    void itGenerates() {
        ImagesResponse response = client.images()
                .generate(ImageGenerateParams.builder()
                        .prompt(RED_CIRCLE)
                        .model("gpt-image-1")
                        .size("128x128")
                        .build());

        only(response).assertRedCircleOnWhite();
    }

    @Test
    void whatItDoesNotKnowIsPassedOn() {
        ImageGenerateParams params = ImageGenerateParams.builder()
                .prompt(RED_CIRCLE)
                .putAdditionalBodyProperty("seed", JsonValue.from(5))
                .putAdditionalBodyProperty("steps", JsonValue.from(3))
                .build();

        Drawing first = only(client.images().generate(params));

        assertThat(only(client.images().generate(params)).isSameAs(first)).isTrue();
        assertThat(only(client.images()
                                .generate(params.toBuilder()
                                        .putAdditionalBodyProperty("seed", JsonValue.from(6))
                                        .build()))
                        .isSameAs(first))
                .isFalse();
    }

    @Test
    void itEditsBehindAMask() {
        Drawing before = Drawing.blueSquare();

        ImagesResponse response = client.images()
                .edit(ImageEditParams.builder()
                        .image(before.png())
                        .mask(Drawing.transparentRightHalf().png())
                        .prompt(GREEN_CIRCLE)
                        .model("demo")
                        .putAdditionalBodyProperty("seed", JsonValue.from("3"))
                        .putAdditionalBodyProperty("strength", JsonValue.from("1"))
                        .build());

        only(response).assertOnlyTheRightHalfDiffersFrom(before);
    }

    @Test
    void itStreams() {
        ImageGenerateParams params = ImageGenerateParams.builder()
                .prompt(RED_CIRCLE)
                .partialImages(2)
                .build();

        List<ImageGenStreamEvent> events;
        try (StreamResponse<ImageGenStreamEvent> response = client.images().generateStreaming(params)) {
            events = response.stream().toList();
        }

        assertThat(events.stream().flatMap(event -> event.generationPartialImage().stream()))
                .hasSize(2)
                .allSatisfy(event -> assertThat(
                                Drawing.ofBase64(event.b64Json()).image().getWidth())
                        .isEqualTo(128))
                .extracting(event -> event.partialImageIndex())
                .containsExactly(0L, 1L);
        assertThat(events).hasSize(3);
        Drawing.ofBase64(events.getLast().asGenerationCompleted().b64Json()).assertRedCircleOnWhite();
    }

    @Test
    void itStreamsAnEdit() {
        ImageEditParams params = ImageEditParams.builder()
                .image(Drawing.blueSquare().png())
                .prompt(RED_CIRCLE)
                .partialImages(1)
                .putAdditionalBodyProperty("strength", JsonValue.from("1"))
                .build();

        List<ImageEditStreamEvent> events;
        try (StreamResponse<ImageEditStreamEvent> response = client.images().editStreaming(params)) {
            events = response.stream().toList();
        }

        assertThat(events).hasSize(2);
        assertThat(events.getFirst().isPartialImage()).isTrue();
        Drawing.ofBase64(events.getLast().asCompleted().b64Json()).assertRedCircleOnWhite();
    }

    @Test
    void itListsModels() {
        assertThat(client.models().list().data())
                .extracting(model -> model.id())
                .containsExactly("demo");
    }

    @Test
    void itSaysThatThereIsNoSuchModel() {
        NotFoundException failure = catchThrowableOfType(
                NotFoundException.class,
                () -> client.images()
                        .generate(ImageGenerateParams.builder()
                                .prompt("a")
                                .model("no-such")
                                .build()));

        assertThat(failure.code()).contains("model_not_found");
        assertThat(failure.param()).contains("model");
        assertThat(failure.type()).contains("invalid_request_error");
        assertThat(failure).hasMessageContaining("demo");
        assertRefusedOnce(404);
    }

    @Test
    void itSaysWhatIsWrongWithAnEdit() {
        BadRequestException failure = catchThrowableOfType(
                BadRequestException.class,
                () -> client.images()
                        .edit(ImageEditParams.builder()
                                .image(new byte[] {1, 2, 3})
                                .prompt("a")
                                .build()));

        assertThat(failure.param()).contains("image");
        assertRefusedOnce(400);
    }
}
