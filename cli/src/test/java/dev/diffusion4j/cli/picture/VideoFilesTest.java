package dev.diffusion4j.cli.picture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.GeneratedVideo;
import dev.diffusion4j.VideoReport;
import dev.diffusion4j.error.ImageFileException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.request.VideoRequest;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jcodec.api.FrameGrab;
import org.jcodec.common.DemuxerTrackMeta;
import org.jcodec.common.io.NIOUtils;
import org.jcodec.common.model.Picture;
import org.jcodec.containers.mp4.demuxer.MP4Demuxer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where videos go, and what is in the files. */
class VideoFilesTest {

    @TempDir
    private Path folder;

    /** A white square that goes to the right before blue. */
    private static GeneratedVideo video(int width, int height, int frames, int framesPerSecond) {
        List<BufferedImage> pictures = IntStream.range(0, frames)
                .mapToObj(i -> {
                    BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
                    Graphics2D graphics = picture.createGraphics();
                    graphics.setColor(Color.BLUE);
                    graphics.fillRect(0, 0, width, height);
                    graphics.setColor(Color.WHITE);
                    graphics.fillRect(16 * i, 0, 16, 16);
                    graphics.dispose();
                    return picture;
                })
                .toList();
        VideoRequest request = VideoRequest.textToVideo("waves")
                .framesPerSecond(framesPerSecond)
                .seed(5)
                .build();
        return GeneratedVideo.of(pictures, VideoReport.of(request, "fake", List.of()));
    }

    private List<Path> save(String name, GeneratedVideo video) {
        return VideoFiles.plan(Optional.of(folder.resolve(name).toString()), "waves")
                .save(video);
    }

    @ParameterizedTest
    @CsvSource({"96, 48, 5, 16", "80, 56, 9, 24"})
    void anMp4HoldsAllFramesAtTheirRate(int width, int height, int frames, int framesPerSecond) throws Exception {
        Path file = folder.resolve("x.mp4");
        assertThat(save("x.mp4", video(width, height, frames, framesPerSecond))).containsExactly(file);
        try (MP4Demuxer demuxer = MP4Demuxer.createMP4Demuxer(NIOUtils.readableChannel(file.toFile()))) {
            DemuxerTrackMeta track = demuxer.getVideoTrack().getMeta();
            assertThat(track.getTotalFrames()).isEqualTo(frames);
            assertThat(track.getTotalDuration()).isCloseTo((double) frames / framesPerSecond, within(0.001));
        }
        FrameGrab grab = FrameGrab.createFrameGrab(NIOUtils.readableChannel(file.toFile()));
        for (int i = 0; i < 5; i++) {
            Picture picture = grab.getNativeFrame();
            assertThat(picture.getCroppedWidth()).isEqualTo(width);
            assertThat(picture.getCroppedHeight()).isEqualTo(height);
            // Luma, from -128: white where the square is, and dark where blue is beside it.
            assertThat(luma(picture, 16 * i + 8)).isGreaterThan(200);
            assertThat(luma(picture, (16 * i + 40) % width)).isLessThan(80);
        }
        assertPlayable(file, width, height, frames, framesPerSecond);
    }

    private static int luma(Picture picture, int x) {
        return picture.getPlaneData(0)[8 * picture.getPlaneWidth(0) + x] + 128;
    }

    /** Asks FFmpeg, where it is installed. */
    private static void assertPlayable(Path file, int width, int height, int frames, int framesPerSecond)
            throws IOException, InterruptedException {
        boolean installed = Stream.of(System.getenv("PATH").split(":"))
                .anyMatch(place -> Files.isExecutable(Path.of(place, "ffprobe")));
        if (!installed) {
            return;
        }
        Process probe = new ProcessBuilder(
                        "ffprobe",
                        "-v",
                        "error",
                        "-count_frames",
                        "-select_streams",
                        "v:0",
                        "-show_entries",
                        "stream=width,height,nb_read_frames,r_frame_rate",
                        "-of",
                        "csv=p=0",
                        file.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(probe.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assertThat(probe.waitFor()).as(said).isZero();
        assertThat(said).isEqualTo(width + "," + height + "," + framesPerSecond + "/1," + frames);
    }

    @ParameterizedTest
    @ValueSource(strings = {"x.gif", "x.apng"})
    void animationsArePlayable(String name) throws Exception {
        Path file = save(name, video(96, 48, 5, 20)).getFirst();
        assertPlayable(file, 96, 48, 5, 20);
    }

    @Test
    void aFolderHoldsTheFrames() {
        assertThat(save("frames", video(64, 48, 3, 8)))
                .extracting(Path::getFileName)
                .map(Path::toString)
                .containsExactly("frame-0000.png", "frame-0001.png", "frame-0002.png");
        assertThat(folder.resolve("frames/frame-0002.png")).isRegularFile();
        // Again, into one that is there.
        assertThat(save("frames/", video(64, 48, 3, 8))).hasSize(3);
    }

    @Test
    void whatCannotBeWrittenIsRefusedBeforeTheWork() throws IOException {
        assertThatThrownBy(() -> VideoFiles.plan(Optional.of("x.webm"), "waves"))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining(".mp4, .gif or .apng");
        String missing = folder.resolve("missing/x.mp4").toString();
        assertThatThrownBy(() -> VideoFiles.plan(Optional.of(missing), "waves"))
                .isInstanceOf(ImageFileException.class)
                .hasMessageContaining("does not exist");
        Path taken = Files.createFile(folder.resolve("taken"));
        assertThatThrownBy(() -> VideoFiles.plan(Optional.of(taken + "/"), "waves"))
                .isInstanceOf(ImageFileException.class)
                .hasMessageContaining("it is a file");
    }
}
