package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.modelfile.ModelFamily;
import dev.diffusion4j.request.ImageRequest;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an application's tests do: a model of their own, without a native library. */
@Tag("fast")
class FakeModelTest {

    /** Draws nothing, and remembers what it was asked for. */
    private static final class FakeModel implements DiffusionModel {

        final List<ImageRequest> requests = new ArrayList<>();

        @Override
        public Generation<List<GeneratedImage>> startAll(ImageRequest request, GenerationListener listener) {
            requests.add(request);
            List<GeneratedImage> images = new ArrayList<>();
            for (int i = 0; i < request.batchCount(); i++) {
                ImageSize size = request.size().orElse(nativeSize());
                BufferedImage image = new BufferedImage(size.width(), size.height(), BufferedImage.TYPE_INT_RGB);
                ImageRequest own = request.toBuilder().seed(i).batchCount(1).build();
                images.add(GeneratedImage.of(image, GenerationReport.of(own, name(), List.of())));
            }
            return Generation.completed(images);
        }

        @Override
        public ModelFamily family() {
            return ModelFamily.SD1;
        }

        @Override
        public String name() {
            return "fake";
        }

        @Override
        public void close() {}
    }

    private final FakeModel model = new FakeModel();

    @Test
    void theFluentLineRunsOnIt(@TempDir Path folder) {
        Path file = model.textToImage("a red circle")
                .size(64, 128)
                .steps(3)
                .generate()
                .save(folder.resolve("a.png"));

        assertThat(Files.exists(file)).isTrue();
        assertThat(model.requests)
                .containsExactly(ImageRequest.textToImage("a red circle")
                        .size(64, 128)
                        .steps(3)
                        .build());
    }

    @Test
    void soDoBatchesAndFutures() {
        ImageRequest three = ImageRequest.textToImage("a star").batchCount(3).build();

        assertThat(model.generateAll(three)).extracting(GeneratedImage::seed).containsExactly(0L, 1L, 2L);
        assertThat(model.start(ImageRequest.textToImage("a star").build())
                        .future()
                        .thenApply(GeneratedImage::width)
                        .join())
                .isEqualTo(512);
        assertThatThrownBy(() -> model.generate(three)).isInstanceOf(InvalidRequestException.class);
    }

    @Test
    void theReportSaysWhatWasAskedFor() {
        GeneratedImage image = model.textToImage("a star").seed(7).generate();

        assertThat(image.parametersText()).startsWith("a star\n").contains("Size: 512x512, Model: fake");
        assertThat(image.parametersJson()).contains("\"model\":\"fake\"").doesNotContain("\"runtime\"");
    }

    @Test
    void aPictureIsAlsoAFileInMemory() throws IOException {
        GeneratedImage image = model.textToImage("a star").seed(7).size(64, 32).generate();

        byte[] png = image.toPng();
        assertThat(new String(png, StandardCharsets.ISO_8859_1)).contains("parameters\0a star\n", "diffusion4j\0{");
        assertThat(ImageIO.read(new ByteArrayInputStream(png)).getWidth()).isEqualTo(64);
        byte[] jpeg = image.toJpeg(0.9);
        assertThat(new String(jpeg, StandardCharsets.ISO_8859_1)).contains("a star\n");
        assertThat(ImageIO.read(new ByteArrayInputStream(jpeg)).getHeight()).isEqualTo(32);
        assertThatThrownBy(() -> image.toJpeg(1.5)).isInstanceOf(InvalidRequestException.class);
    }

    @ParameterizedTest
    @CsvSource({"512, 512, 512, 512", "100, 30, 128, 64", "4000, 1000, 1024, 256", "700, 300, 704, 320"})
    void aPictureIsRedrawnAtASizeThatTheModelDraws(int width, int height, int drawnWidth, int drawnHeight) {
        assertThat(model.sizeFor(new ImageSize(width, height))).isEqualTo(new ImageSize(drawnWidth, drawnHeight));
    }
}
