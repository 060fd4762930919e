package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.image.Picture;
import dev.diffusion4j.internal.engine.CancellationFlag;
import dev.diffusion4j.internal.engine.GenerationObserver;
import dev.diffusion4j.internal.engine.GenerationObserver.ProgressKind;
import dev.diffusion4j.internal.engine.ModelInfo;
import dev.diffusion4j.internal.engine.ModelInfo.VideoInputKinds;
import dev.diffusion4j.internal.engine.VideoInputs;
import dev.diffusion4j.internal.engine.VideoOutput;
import dev.diffusion4j.internal.image.RgbImage;
import dev.diffusion4j.modelfile.ModelFamily;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.modelfile.Safetensors;
import dev.diffusion4j.modelfile.Task;
import dev.diffusion4j.modelfile.VideoFormat;
import dev.diffusion4j.request.HighResFix;
import dev.diffusion4j.request.ModelOptions;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.request.VideoRequest;
import dev.diffusion4j.testing.engine.FakeEngine;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of requests for videos, over an engine that draws nothing. */
@Tag("fast")
class VideoTest {

    private static final VideoInputKinds ALL = new VideoInputKinds(true, true, true, true);
    private static final VideoInputKinds NONE = new VideoInputKinds(false, false, false, false);

    @TempDir
    private Path folder;

    private final List<VideoRequest> asked = new ArrayList<>();

    /** Makes videos of Wan's. */
    private class VideoEngine extends FakeEngine {

        private final VideoInputKinds inputs;

        VideoEngine(VideoInputKinds inputs) {
            super(null);
            this.inputs = inputs;
        }

        @Override
        public ModelInfo info() {
            ModelInfo images = super.info();
            return new ModelInfo(
                    "none",
                    "Wan 2.x",
                    16,
                    8,
                    16,
                    Sampler.EULER,
                    images.defaultSchedule(),
                    false,
                    true,
                    Optional.of(inputs),
                    images.devices(),
                    images.components());
        }

        @Override
        public VideoOutput generate(
                VideoRequest request, VideoInputs given, GenerationObserver observer, CancellationFlag cancellation) {
            asked.add(request);
            given.controlFrames()
                    .forEach(frame -> assertThat(frame.getWidth())
                            .isEqualTo(request.size().orElseThrow().width()));
            observer.progress(ProgressKind.SAMPLING, 0, 2);
            observer.progress(ProgressKind.SAMPLING, 2, 2);
            observer.warn("it is only a test");
            ImageSize size = request.size().orElseThrow();
            RgbImage frame = new RgbImage(size.width(), size.height(), new byte[3 * size.width() * size.height()]);
            return new VideoOutput(
                    IntStream.range(0, request.frames().orElseThrow())
                            .mapToObj(i -> frame)
                            .toList(),
                    Optional.of(new VideoOutput.Audio(8000, 2, new float[16_000])));
        }
    }

    private ModelFile wan() {
        return ModelFile.read(new Safetensors()
                .floats("blocks.0.cross_attn.norm_k.weight", 8)
                .floats("patch_embedding.weight", 8, 16, 1, 2, 2)
                .write(folder.resolve("wan.safetensors")));
    }

    private DiffusionModel open(VideoInputKinds inputs) {
        return open(new VideoEngine(inputs), ModelOptions.DEFAULT);
    }

    private DiffusionModel open(FakeEngine engine, ModelOptions options) {
        return EngineModel.open(
                () -> engine, "wan.safetensors", wan(), options, LearnedFiles.load(Map.of()), Optional.empty());
    }

    private static BufferedImage picture() {
        return new BufferedImage(64, 48, BufferedImage.TYPE_INT_RGB);
    }

    @Test
    void whatWasLeftOpenIsWhatIsUsual() {
        try (DiffusionModel model = open(NONE)) {
            assertThat(model.family()).isEqualTo(ModelFamily.WAN2);
            GeneratedVideo video = model.textToVideo("waves").generate();
            VideoFormat usual = VideoFormat.of(ModelFamily.WAN2).orElseThrow();
            assertThat(video.frameCount()).isEqualTo(usual.frames());
            assertThat(video.framesPerSecond()).isEqualTo(usual.framesPerSecond());
            assertThat(new ImageSize(video.width(), video.height())).isEqualTo(usual.size());
            VideoRequest request = asked.getFirst();
            assertThat(request.steps()).hasValue(30);
            assertThat(request.guidanceScale()).hasValue(5);
            assertThat(request.sampling().sampler()).contains(Sampler.EULER);
            assertThat(video.report().request()).isEqualTo(request);
            assertThat(video.seed()).isEqualTo(request.seed().orElseThrow());
        }
    }

    @Test
    void theReportDrawsItAgainAndHoldsNoPictures() {
        try (DiffusionModel model = open(ALL)) {
            List<Progress> heard = new ArrayList<>();
            List<String> warned = new ArrayList<>();
            GeneratedVideo video = model.imageToVideo(picture(), "waves")
                    .frames(5)
                    .framesPerSecond(12)
                    .steps(2)
                    .onProgress(heard::add)
                    .onWarning(warned::add)
                    .generate();
            assertThat(video.width()).isEqualTo(64);
            assertThat(video.height()).isEqualTo(48);
            assertThat(heard).isNotEmpty();
            assertThat(warned).containsExactly("it is only a test");
            assertThat(video.warnings()).isEqualTo(warned);
            assertThat(video.audio().orElseThrow().duration()).hasSeconds(1);
            assertThat(video.report().request().firstFrame()).isPresent();
            assertThat(video.parametersJson())
                    .contains("\"task\":\"video\"", "\"frames\":5", "\"framesPerSecond\":12")
                    .doesNotContain("data:image");
            model.generate(video.report().request());
            assertThat(asked.get(1)).isEqualTo(asked.get(0));
        }
    }

    @Test
    void requestsAreValues() {
        VideoRequest request = VideoRequest.imageToVideo(Picture.of(picture()), "waves")
                .lastFrame(Picture.of(picture()))
                .controlFrames(List.of(Picture.of(picture())))
                .size(64, 64)
                .frames(5)
                .seed(7)
                .sampling(Sampling.of(Sampler.EULER).withFlowShift(3))
                .build();
        assertThat(VideoRequest.fromJson(request.toJson())).isEqualTo(request);
        assertThat(request.toBuilder().build()).isEqualTo(request);
        assertThat(request.withoutPictures().hasPictures()).isFalse();
        assertThat(request.withoutPictures()).isNotEqualTo(request);
        assertThatThrownBy(() -> VideoRequest.fromJson("{\"frames\":5}"))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("prompt");
    }

    @ParameterizedTest
    @CsvSource({"6, 5 or 9", "4, 1 or 5", "80, 77 or 81"})
    void numbersOfFramesAreNotRounded(int frames, String nearest) {
        try (DiffusionModel model = open(NONE)) {
            assertThatThrownBy(() -> model.textToVideo("waves").frames(frames).generate())
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("nearest: " + nearest);
        }
        assertThat(asked).isEmpty();
    }

    @Test
    void sizesAreNotRounded() {
        try (DiffusionModel model = open(NONE)) {
            assertThatThrownBy(() -> model.textToVideo("waves").size(100, 64).generate())
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("nearest: 96 or 112");
        }
    }

    @Test
    void picturesThatWouldNotBeLookedAtAreRefused() {
        Picture picture = Picture.of(picture());
        try (DiffusionModel model = open(NONE)) {
            VideoGeneration plain = model.textToVideo("waves").frames(5);
            assertThatThrownBy(() -> model.imageToVideo(picture(), "waves").generate())
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("firstFrame");
            assertThatThrownBy(
                            () -> model.textToVideo("waves").lastFrame(picture).generate())
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("lastFrame");
            assertThatThrownBy(() -> plain.controlFrames(List.of(picture)).generate())
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("controlFrames");
        }
        try (DiffusionModel model = open(new VideoInputKinds(true, true, false, true))) {
            assertThatThrownBy(() -> model.textToVideo("waves")
                            .lastFrame(picture)
                            .size(64, 48)
                            .generate())
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("without a first frame");
            assertThatThrownBy(() -> model.textToVideo("waves")
                            .size(64, 48)
                            .frames(5)
                            .controlFrames(List.of(picture))
                            .generate())
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("as many as there are frames, 5");
        }
        assertThat(asked).isEmpty();
    }

    @Test
    void optionsThatHaveNoEffectAreRefused() {
        try (DiffusionModel model = open(NONE)) {
            assertThatThrownBy(() ->
                            model.textToVideo("waves").highNoiseBoundary(0.9).generate())
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("high-noise");
            assertThatThrownBy(() -> model.textToVideo("waves")
                            .sampling(Sampling.standard().withHighResFix(HighResFix.twice()))
                            .generate())
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("highResFix");
        }
    }

    @Test
    void aVideoModelDrawsNoPicturesAndThePictureModelNoVideos() {
        try (DiffusionModel model = open(NONE)) {
            assertThatThrownBy(() -> model.textToImage("waves").size(64, 64).generate())
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("video: a model of the family Wan 2.x makes nothing else");
        }
        try (DiffusionModel model =
                open(new FakeEngine((request, inputs, observer, flag) -> List.of()), ModelOptions.DEFAULT)) {
            assertThatThrownBy(() -> model.textToVideo("waves").generate())
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("makes no videos");
        }
    }

    @Test
    void svdIsForNothing() {
        assertThat(ModelFamily.SVD.tasks()).isEmpty();
        assertThat(ModelFamily.WAN2.tasks()).containsExactly(Task.VIDEO);
        Path svd = new Safetensors()
                .floats("model.diffusion_model.input_blocks.8.0.time_mixer.mix_factor", 1)
                .write(folder.resolve("svd.safetensors"));
        assertThatThrownBy(() -> DiffusionModel.open(svd))
                .hasMessageContaining("it is the video model SVD, for which the runtime has no loop");
    }

    @Test
    void aRunningVideoIsCancelled() throws InterruptedException {
        CountDownLatch running = new CountDownLatch(1);
        FakeEngine engine = new VideoEngine(NONE) {
            @Override
            public VideoOutput generate(
                    VideoRequest request,
                    VideoInputs given,
                    GenerationObserver observer,
                    CancellationFlag cancellation) {
                FakeEngine.pictureAfter(new CountDownLatch(1), running, null, cancellation);
                throw new AssertionError("nobody opens the latch");
            }
        };
        try (DiffusionModel model = open(engine, ModelOptions.DEFAULT)) {
            Generation<GeneratedVideo> generation = model.textToVideo("waves").start();
            assertThat(running.await(60, TimeUnit.SECONDS)).isTrue();
            generation.cancel();
            assertThatThrownBy(generation::await).isInstanceOf(GenerationCancelledException.class);
        }
    }

    @Test
    void videosOfTests() {
        VideoReport report =
                VideoReport.of(VideoRequest.textToVideo("x").framesPerSecond(8).build(), "fake", List.of());
        GeneratedVideo video = GeneratedVideo.of(List.of(picture(), picture()), report);
        assertThat(video).hasToString("64x48 video, 2 frames, seed 0");
        assertThat(video.frame(1).getWidth()).isEqualTo(64);
        BufferedImage other = new BufferedImage(32, 48, BufferedImage.TYPE_INT_RGB);
        assertThatThrownBy(() -> GeneratedVideo.of(List.of(picture(), other), report))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> GeneratedVideo.of(List.of(), report)).isInstanceOf(IllegalArgumentException.class);
    }
}
