package dev.diffusion4j.parity;

import static dev.diffusion4j.parity.FamilyGoldens.FLOW;
import static dev.diffusion4j.parity.FamilyGoldens.PROMPT;
import static dev.diffusion4j.parity.FamilyGoldens.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.GeneratedVideo;
import dev.diffusion4j.Generation;
import dev.diffusion4j.ModelOpener;
import dev.diffusion4j.Preview;
import dev.diffusion4j.Progress;
import dev.diffusion4j.VideoGeneration;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.image.Picture;
import dev.diffusion4j.internal.ffm.library.NativeCounts;
import dev.diffusion4j.request.PreviewMode;
import java.awt.image.BufferedImage;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What happens around a video's drawing, with a narrow Wan and the tiny autoencoder of videos. */
@Tag("native")
@Timeout(300)
class VideoDrawingTest {

    @TempDir
    private static Path folder;

    private static DiffusionModel model;

    private static ModelOpener opener() {
        return options()
                .diffusionModel(FamilyGoldens.write("wan", folder))
                .t5(FamilyGoldens.write("umt5", folder))
                .tinyAutoencoder(FamilyGoldens.write("taew2_1", folder));
    }

    @BeforeAll
    static void open() {
        model = opener().open();
    }

    @AfterAll
    static void close() {
        model.close();
        assertThat(NativeCounts.pixelBytes()).isZero();
    }

    private static VideoGeneration request(DiffusionModel of) {
        return of.textToVideo(PROMPT)
                .size(64, 32)
                .frames(9)
                .seed(3)
                .guidanceScale(1)
                .sampling(FLOW);
    }

    private static byte[] bytes(GeneratedVideo video, int frame) {
        return video.pixels(frame).toArray(ValueLayout.JAVA_BYTE);
    }

    private static void assertEqual(GeneratedVideo one, GeneratedVideo other) {
        assertThat(one.frameCount()).isEqualTo(other.frameCount());
        for (int i = 0; i < one.frameCount(); i++) {
            assertThat(bytes(one, i)).isEqualTo(bytes(other, i));
        }
    }

    @Test
    void framesAreWhatWasAskedForAndFreed() {
        List<Progress> heard = new ArrayList<>();
        GeneratedVideo video =
                request(model).framesPerSecond(12).onProgress(heard::add).generate();
        assertThat(video.frameCount()).isEqualTo(9);
        assertThat(video.width()).isEqualTo(64);
        assertThat(video.height()).isEqualTo(32);
        assertThat(video.framesPerSecond()).isEqualTo(12);
        assertThat(video.audio()).isEmpty();
        assertThat(bytes(video, 0)).isNotEqualTo(bytes(video, 8));
        assertThat(heard).anyMatch(progress -> progress.phase() == Progress.Phase.SAMPLING && progress.step() == 3);
        assertThat(NativeCounts.pixelBytes()).isZero();
        assertEqual(model.generate(video.report().request()), video);
        assertThat(request(model).frames(1).generate().frameCount()).isEqualTo(1);
    }

    @Test
    void thePromptAndTheSeedCount() {
        GeneratedVideo video = request(model).generate();
        assertThat(bytes(request(model).prompt("a blue square").generate(), 4)).isNotEqualTo(bytes(video, 4));
        assertThat(bytes(request(model).seed(4).generate(), 4)).isNotEqualTo(bytes(video, 4));
    }

    @Test
    void previewsShowTheFirstFrame() {
        List<Preview> seen = new ArrayList<>();
        request(model).onPreview(PreviewMode.PROJECTION, 1, seen::add).generate();
        assertThat(seen).hasSize(3).allMatch(preview -> preview.image().getWidth() == 8);
    }

    @Test
    void cancellingStopsItAndLeavesTheModelUsable() {
        List<Generation<GeneratedVideo>> running = new ArrayList<>();
        Generation<GeneratedVideo> generation = request(model)
                .onProgress(progress -> {
                    if (progress.phase() == Progress.Phase.SAMPLING && !running.isEmpty()) {
                        running.getFirst().cancel();
                    }
                })
                .steps(3)
                .start();
        running.add(generation);
        generation.cancel();
        assertThatThrownBy(generation::await).isInstanceOf(GenerationCancelledException.class);
        assertThat(request(model).generate().frameCount()).isEqualTo(9);
        assertThat(NativeCounts.pixelBytes()).isZero();
    }

    @Test
    void anIsolatedModelDrawsTheSame() {
        try (DiffusionModel far = opener().isolated().open()) {
            assertEqual(request(far).generate(), request(model).generate());
            assertThatThrownBy(() -> request(far).frames(6).generate()).isInstanceOf(InvalidRequestException.class);
        }
    }

    @Test
    void whatTheModelCannotDoIsRefusedAndLeavesItUsable() {
        Picture picture = Picture.of(new BufferedImage(64, 32, BufferedImage.TYPE_INT_RGB));
        assertThatThrownBy(() -> request(model).firstFrame(picture).generate())
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("firstFrame");
        assertThatThrownBy(() -> model.textToImage(PROMPT).generate()).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> model.denoiser()).isInstanceOf(ModelFileException.class);
        assertThat(request(model).generate().frameCount()).isEqualTo(9);
    }
}
