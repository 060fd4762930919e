package dev.diffusion4j;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.image.Picture;
import dev.diffusion4j.internal.engine.ModelInfo;
import dev.diffusion4j.internal.engine.ModelInfo.VideoInputKinds;
import dev.diffusion4j.modelfile.ModelComponent;
import dev.diffusion4j.modelfile.ModelFamily;
import dev.diffusion4j.modelfile.VideoFormat;
import dev.diffusion4j.request.Lora;
import dev.diffusion4j.request.ModelOptions;
import dev.diffusion4j.request.NativeSampling;
import dev.diffusion4j.request.VideoRequest;
import java.util.List;

/** Checks whether a model can do a request for a video, and says in it what is left to the model. */
final class VideoRequestResolver {

    private final ModelInfo info;
    private final ModelFamily family;
    private final ModelOptions options;
    private final RequestResolver shared;

    /** @param shared what videos and pictures have in common */
    VideoRequestResolver(ModelInfo info, ModelFamily family, ModelOptions options, RequestResolver shared) {
        this.info = info;
        this.family = family;
        this.options = options;
        this.shared = shared;
    }

    /**
     * The request with all that was left to the model.
     *
     * @param warnings is told what will not be done
     * @throws InvalidRequestException if the model cannot do the request
     * @throws dev.diffusion4j.error.ModelFileException if a LoRA cannot be used
     */
    VideoRequest resolve(VideoRequest request, GenerationListener listener, Warnings warnings) {
        VideoInputKinds inputs = info.videoInputs().orElseThrow(this::noVideo);
        VideoFormat format = VideoFormat.of(family).orElseThrow(this::noVideo);
        VideoRequest.Builder resolved = request.toBuilder();
        ImageSize size =
                request.size().or(() -> request.firstFrame().map(Picture::size)).orElse(format.size());
        shared.requireMultiple("width", size.width());
        shared.requireMultiple("height", size.height());
        int frames = request.frames().orElse(format.frames());
        requireFrames(frames, format);
        requireInputs(request, inputs, frames);
        requireSampling(request.sampling());
        RequestResolver.NativePlan plan = shared.plan(request.sampling(), request.steps(), listener);
        requireHighNoise(request);
        List<Lora> loras = shared.loras(request.prompt(), request.loras(), warnings);
        if (!loras.isEmpty()) {
            requireOneDenoiser();
        }
        return resolved.size(size.width(), size.height())
                .frames(frames)
                .framesPerSecond(request.framesPerSecond().orElse(format.framesPerSecond()))
                .guidanceScale(shared.guidance(request.guidanceScale(), request.negativePrompt(), warnings))
                .steps(plan.steps())
                .sampling(plan.sampling())
                .loras(loras)
                .seed(request.seed().orElseGet(RequestResolver::seed))
                .build();
    }

    private InvalidRequestException noVideo() {
        return new InvalidRequestException(
                "task", "video", "pictures: a model of the family " + info.family() + " makes no videos");
    }

    private void requireFrames(int frames, VideoFormat format) {
        if (!format.has(frames)) {
            int below = format.below(frames);
            throw new InvalidRequestException(
                    "frames",
                    frames,
                    "1 more than a multiple of " + format.frameStep() + " for this model (nearest: " + below + " or "
                            + (below + format.frameStep()) + ")");
        }
    }

    private void requireInputs(VideoRequest request, VideoInputKinds inputs, int frames) {
        requireNone("firstFrame", request.firstFrame().isPresent() && !inputs.firstFrame());
        requireNone("lastFrame", request.lastFrame().isPresent() && !inputs.lastFrame());
        requireNone("controlFrames", !request.controlFrames().isEmpty() && !inputs.controlFrames());
        boolean endsAlone =
                request.lastFrame().isPresent() && request.firstFrame().isEmpty();
        if (endsAlone && !inputs.lastFrameAlone()) {
            throw new InvalidRequestException("lastFrame", "given", "absent without a first frame, for this model");
        }
        int given = request.controlFrames().size();
        if (given != 0 && given != frames) {
            throw new InvalidRequestException(
                    "controlFrames", given + " pictures", "as many as there are frames, " + frames);
        }
    }

    private void requireNone(String field, boolean refused) {
        if (refused) {
            throw new InvalidRequestException(
                    field,
                    "given",
                    "absent: this model of the family " + info.family() + " does not look at such pictures");
        }
    }

    private static void requireSampling(NativeSampling sampling) {
        if (sampling.highResFix().isPresent()) {
            throw new InvalidRequestException("highResFix", "given", "absent for videos");
        }
        if (sampling.shiftedTimestep().isPresent()) {
            throw new InvalidRequestException("shiftedTimestep", "given", "absent for videos");
        }
    }

    private boolean hasHighNoise() {
        return options.components().containsKey(ModelComponent.HIGH_NOISE_DIFFUSION_MODEL);
    }

    private void requireHighNoise(VideoRequest request) {
        boolean given = request.highNoiseBoundary().isPresent()
                || request.highNoiseGuidanceScale().isPresent();
        if (given && !hasHighNoise()) {
            throw new InvalidRequestException(
                    request.highNoiseBoundary().isPresent() ? "highNoiseBoundary" : "highNoiseGuidanceScale",
                    "given",
                    "absent: the model was opened without a high-noise diffusion model");
        }
    }

    /** LoRAs of Wan 2.2 come in pairs, one for each of the two models, which requests cannot say. */
    private void requireOneDenoiser() {
        if (hasHighNoise()) {
            throw new InvalidRequestException("loras", "given", "absent with a high-noise diffusion model");
        }
    }
}
