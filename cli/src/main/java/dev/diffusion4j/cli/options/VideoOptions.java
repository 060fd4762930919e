package dev.diffusion4j.cli.options;

import dev.diffusion4j.cli.picture.InputPicture;
import dev.diffusion4j.error.ImageFileException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.image.Picture;
import dev.diffusion4j.image.ResizeMode;
import dev.diffusion4j.request.SamplerChoice;
import dev.diffusion4j.request.VideoRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/** What most people set of a video: how long, how large, how carefully, and what it begins with. */
public final class VideoOptions {

    @Option(
            names = "--frames",
            paramLabel = "N",
            description =
                    "How many frames; the model's usual number without it. Wan makes one and a multiple of 4, LTX of 8.")
    private Integer frames;

    @Option(
            names = "--fps",
            paramLabel = "N",
            description = "How many frames are seen in a second; the model's usual number without it.")
    private Integer framesPerSecond;

    @Option(
            names = {"-n", "--negative-prompt"},
            paramLabel = "TEXT",
            description = "What to avoid.")
    private String negativePrompt;

    @Option(
            names = "--size",
            paramLabel = "WxH",
            description =
                    "Width and height in pixels: --size 832x480; the first frame's, or the model's own, without it.")
    private PixelSize size;

    @Option(names = "--steps", paramLabel = "N", description = "Denoising steps, 1 to 1000 (the model's, usually 30).")
    private Integer steps;

    @Option(
            names = {"--cfg-scale", "--guidance-scale", "--guidance"},
            paramLabel = "SCALE",
            description = "How closely to follow the prompt, 0 to 100 (the model's without it); 1 is without guidance.")
    private Double guidanceScale;

    @Option(
            names = {"--sampler", "--sampling-method"},
            paramLabel = "NAME",
            completionCandidates = PictureOptions.SamplerNames.class,
            description = "Sampler; the model's default without it. One of ${COMPLETION-CANDIDATES}.")
    private SamplerChoice sampler;

    @Option(
            names = {"-s", "--seed"},
            paramLabel = "N",
            description = "The same seed draws the same video; random without it, or with -1 or 'random'.")
    private String seed;

    @Option(
            names = "--first-frame",
            paramLabel = "FILE",
            description = "A picture that the video begins with; for Wan's VACE, one that it is drawn after.")
    private Path firstFrame;

    @Option(names = "--last-frame", paramLabel = "FILE", description = "A picture that it ends with.")
    private Path lastFrame;

    @Option(
            names = "--control-frames",
            paramLabel = "FOLDER",
            description =
                    "Pictures that the frames are drawn after, for Wan's VACE: as many files as there are frames, in the"
                            + " order of their names.")
    private Path controlFrames;

    @Option(names = "--control-strength", paramLabel = "N", description = "How much they count, 0 to 10 (1).")
    private Double controlStrength;

    @Option(
            names = "--resize-mode",
            paramLabel = "MODE",
            description =
                    "How pictures of another ratio of width to height are brought to the video's: stretch (the default),"
                            + " crop or fit.")
    private ResizeMode resizeMode;

    @Option(
            names = "--high-noise-cfg-scale",
            paramLabel = "SCALE",
            description = "--cfg-scale of the steps of the high-noise model, where there is one.")
    private Double highNoiseGuidanceScale;

    @Option(
            names = "--high-noise-boundary",
            paramLabel = "LEVEL",
            description = "The noise level below which it gives way to the other one, 0 to 1 (0.875).")
    private Double highNoiseBoundary;

    /** The sampler, if one is asked for. */
    public Optional<SamplerChoice> sampler() {
        return Optional.ofNullable(sampler);
    }

    /**
     * Sets on the request what was given, and reads the pictures.
     *
     * @throws ImageFileException if one cannot be read
     */
    public void applyTo(VideoRequest.Builder request) {
        if (frames != null) {
            request.frames(frames);
        }
        if (framesPerSecond != null) {
            request.framesPerSecond(framesPerSecond);
        }
        if (negativePrompt != null) {
            request.negativePrompt(TypedText.require("--negative-prompt", negativePrompt));
        }
        if (size != null) {
            request.size(size.width(), size.height());
        }
        if (steps != null) {
            request.steps(steps);
        }
        if (guidanceScale != null) {
            request.guidanceScale(guidanceScale);
        }
        if (highNoiseGuidanceScale != null) {
            request.highNoiseGuidanceScale(highNoiseGuidanceScale);
        }
        if (highNoiseBoundary != null) {
            request.highNoiseBoundary(highNoiseBoundary);
        }
        PictureOptions.seed(seed).ifPresent(request::seed);
        applyPictures(request);
    }

    private void applyPictures(VideoRequest.Builder request) {
        if (firstFrame != null) {
            request.firstFrame(picture(firstFrame));
        }
        if (lastFrame != null) {
            request.lastFrame(picture(lastFrame));
        }
        if (controlFrames != null) {
            request.controlFrames(controlPictures());
        }
        if (controlStrength != null) {
            request.controlStrength(controlStrength);
        }
        if (resizeMode != null) {
            request.resizeMode(resizeMode);
        }
    }

    private static Picture picture(Path file) {
        return Picture.of(InputPicture.read(file));
    }

    private List<Picture> controlPictures() {
        try (Stream<Path> files = Files.list(controlFrames)) {
            List<Picture> pictures = files.filter(Files::isRegularFile)
                    .sorted()
                    .map(VideoOptions::picture)
                    .toList();
            if (pictures.isEmpty()) {
                throw new InvalidRequestException("controlFrames", controlFrames, "a folder with pictures");
            }
            return pictures;
        } catch (IOException e) {
            throw new ImageFileException(controlFrames + " cannot be read: it is no folder, or not for you", e);
        }
    }
}
