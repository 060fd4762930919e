package dev.diffusion4j.server.internal.request;

import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.request.HighResFix;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.NativeSampling;
import dev.diffusion4j.server.internal.http.HttpException;
import java.util.Optional;

/**
 * What one request may ask for at most.
 *
 * @param maxPixels of a picture that is drawn, after a second, larger pass
 * @param maxBatch pictures of a request
 * @param maxSteps denoising steps
 * @param maxUpload bytes of a request's body
 * @param maxInputPixels of a picture that is given, which takes a few bytes for each when it is decoded
 */
public record Limits(long maxPixels, int maxBatch, int maxSteps, long maxUpload, long maxInputPixels) {

    /** 4 megapixels, 16 pictures, 200 steps, 64 MiB, 32 megapixels. */
    public static final Limits DEFAULT = new Limits(2048 * 2048, 16, 200, 64 << 20, 32_000_000);

    /** The same with another number of pixels. */
    public Limits withMaxPixels(long pixels) {
        return new Limits(pixels, maxBatch, maxSteps, maxUpload, maxInputPixels);
    }

    /** The same with another number of pictures. */
    public Limits withMaxBatch(int pictures) {
        return new Limits(maxPixels, pictures, maxSteps, maxUpload, maxInputPixels);
    }

    /** The same with another number of steps. */
    public Limits withMaxSteps(int steps) {
        return new Limits(maxPixels, maxBatch, steps, maxUpload, maxInputPixels);
    }

    /** The same with another size of bodies. */
    public Limits withMaxUpload(long bytes) {
        return new Limits(maxPixels, maxBatch, maxSteps, bytes, maxInputPixels);
    }

    /**
     * Refuses requests that ask for more.
     *
     * @param usual the size if the request says none
     * @throws HttpException if it does
     */
    public void check(ImageRequest request, ImageSize usual) {
        if (request.batchCount() > maxBatch) {
            throw HttpException.badRequest("batchCount", "this server draws at most " + maxBatch + " pictures at once");
        }
        int steps = Math.max(request.steps().orElse(0), ownSteps(request));
        if (steps > maxSteps) {
            throw HttpException.badRequest("steps", "this server does at most " + maxSteps + " steps");
        }
        ImageSize size = request.size()
                .or(() -> request.initImage().map(init -> init.picture().size()))
                .orElse(usual);
        ImageSize last = secondPass(request).map(fix -> fix.sizeAfter(size)).orElse(size);
        if ((long) last.width() * last.height() > maxPixels || (long) size.width() * size.height() > maxPixels) {
            throw HttpException.badRequest("size", "this server draws at most " + maxPixels + " pixels");
        }
    }

    private static int ownSteps(ImageRequest request) {
        int sigmas = request.sampling() instanceof NativeSampling sampling
                ? sampling.sigmas().size() - 1
                : 0;
        return Math.max(sigmas, secondPass(request).map(HighResFix::steps).orElse(0));
    }

    private static Optional<HighResFix> secondPass(ImageRequest request) {
        return request.sampling() instanceof NativeSampling sampling ? sampling.highResFix() : Optional.empty();
    }

    /** Refuses a size of a picture that is to be made otherwise than by a model. */
    public void checkSize(long width, long height) {
        if (width < 1
                || height < 1
                || width > ImageRequest.MAX_SIZE
                || height > ImageRequest.MAX_SIZE
                || width * height > maxPixels) {
            throw HttpException.badRequest("size", "this server makes pictures of at most " + maxPixels + " pixels");
        }
    }
}
