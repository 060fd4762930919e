package dev.diffusion4j.internal.pipeline;

import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.component.LatentDistribution;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.internal.component.EngineTransformer;
import dev.diffusion4j.internal.component.EngineVae;
import dev.diffusion4j.internal.component.ModelComponents;
import dev.diffusion4j.internal.engine.CancellationFlag;
import dev.diffusion4j.internal.engine.GenerationInputs;
import dev.diffusion4j.internal.engine.GenerationObserver;
import dev.diffusion4j.internal.engine.GenerationObserver.ProgressKind;
import dev.diffusion4j.internal.engine.Watch;
import dev.diffusion4j.internal.image.PixelBuffers;
import dev.diffusion4j.internal.image.RgbImage;
import dev.diffusion4j.pipeline.DenoisingStep;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.Timestep;
import dev.diffusion4j.tensor.ImageTensors;
import dev.diffusion4j.tensor.NormalGenerator;
import dev.diffusion4j.tensor.RandomSource;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tokenizer.LoraTags;
import java.awt.image.BufferedImage;
import java.lang.foreign.MemorySegment;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The diffusion pipeline in Java: text encoders, denoiser, scheduler and VAE one after another, as diffusers' pipelines for
 * text-to-image, image-to-image and inpainting do it. Runs on the model's thread.
 */
public final class DenoisingLoop {

    /** What a request says of the loop, and who sees its steps. */
    public record Settings(Scheduler scheduler, Optional<Consumer<? super DenoisingStep>> listener) {}

    private final ModelComponents components;
    private final RandomSource random;
    private final ImageRequest request;
    private final ImageSize size;
    private final Settings settings;
    private final CancellationFlag cancellation;
    private final GenerationObserver observer;
    private final Watch watch;

    /**
     * @param random where noise comes from
     * @param request with everything that is said of a model's default
     * @param settings its scheduler, with a plan
     */
    public DenoisingLoop(
            ModelComponents components,
            RandomSource random,
            ImageRequest request,
            Settings settings,
            GenerationObserver observer,
            CancellationFlag cancellation) {
        this.components = components;
        this.random = random;
        this.request = request;
        this.settings = settings;
        this.observer = observer;
        this.cancellation = cancellation;
        size = request.size().orElseThrow();
        watch = new Watch(observer, cancellation);
    }

    /** Draws the images of the request. */
    public List<RgbImage> run(GenerationInputs inputs) {
        try (watch;
                AppliedLoras _ = new AppliedLoras()) {
            return draw(inputs);
        } catch (Throwable e) {
            watch.rethrowBefore(e);
            throw e;
        }
    }

    /** The request's LoRAs, on the parts until this is closed. */
    private final class AppliedLoras implements AutoCloseable {

        private final boolean any = !request.loras().isEmpty();

        AppliedLoras() {
            if (any) {
                try {
                    components.setLoras(request.loras(), watch);
                } catch (Throwable e) {
                    // Some may be on, for all that it failed.
                    try {
                        close();
                    } catch (Throwable again) {
                        e.addSuppressed(again);
                    }
                    throw e;
                }
            }
        }

        @Override
        public void close() {
            if (any) {
                components.setLoras(List.of(), Watch.NONE);
            }
        }
    }

    private List<RgbImage> draw(GenerationInputs inputs) {
        PromptEncoder prompts = PromptEncoder.of(components);
        String prompt = LoraTags.parse(request.prompt()).text();
        try (TensorScope scope = TensorScope.open();
                Conditioning positive = prompts.encode(prompt, request.clipSkip(), size, watch);
                Conditioning negative = needsNegative()
                        ? prompts.encodeNegative(request.negativePrompt(), request.clipSkip(), size, watch)
                        : null;
                Picture picture = new Picture(inputs);
                Controls controls = new Controls(inputs.controls(), components.controlNets(), watch)) {
            Buffers buffers = Buffers.in(scope, latentShape());
            List<Tensor> finished = new ArrayList<>();
            for (int image = 0; image < request.batchCount(); image++) {
                Tensor latents = scope.zeros(latentShape());
                denoise(image, positive, negative, picture, controls, latents, buffers);
                finished.add(latents);
            }
            List<RgbImage> images = new ArrayList<>();
            for (Tensor latents : finished) {
                images.add(decode(latents));
            }
            return images;
        }
    }

    /** What every step of every picture writes to, of the latents' shape. */
    private record Buffers(Tensor noise, Tensor scaled, Tensor prediction, Tensor kept) {

        static Buffers in(TensorScope scope, Shape shape) {
            return new Buffers(scope.zeros(shape), scope.zeros(shape), scope.zeros(shape), scope.zeros(shape));
        }
    }

    private double guidanceScale() {
        return request.guidanceScale().orElseThrow();
    }

    /** A listener may switch guidance on at any step. */
    private boolean needsNegative() {
        return guidanceScale() != 1 || settings.listener().isPresent();
    }

    /** Draws one picture into latents of zeros. */
    private void denoise(
            int image,
            Conditioning positive,
            @Nullable Conditioning negative,
            Picture picture,
            Controls controls,
            Tensor latents,
            Buffers buffers) {
        NormalGenerator generator = NormalGenerator.of(random, request.seed().orElseThrow() + image);
        Scheduler scheduler = forSize(settings.scheduler()).withNoise(generator);
        List<Timestep> timesteps = scheduler.timesteps();
        Tensor noise = buffers.noise();
        Tensor prediction = buffers.prediction();
        try (Tensor clean = picture.draw(generator)) {
            generator.fill(noise);
            if (clean == null) {
                latents.addScaled(scheduler.initNoiseSigma(), noise);
            } else {
                latents.copyFrom(clean);
                scheduler.addNoise(latents, noise, timesteps.getFirst());
            }
            double guidance = guidanceScale();
            observer.progress(ProgressKind.SAMPLING, 0, timesteps.size());
            for (int i = 0; i < timesteps.size(); i++) {
                requireNotCancelled();
                Timestep timestep = timesteps.get(i);
                scheduler.scaleModelInput(latents, timestep, buffers.scaled());
                try (TensorScope residuals = TensorScope.open()) {
                    Tensor seen = buffers.scaled();
                    double time = timestep.value();
                    Conditioning against = guidance == 1 ? null : negative;
                    components
                            .denoiser()
                            .predict(
                                    seen,
                                    time,
                                    Objects.requireNonNull(
                                            controls.in(i, timesteps.size(), seen, time, positive, residuals)),
                                    controls.in(i, timesteps.size(), seen, time, against, residuals),
                                    guidance,
                                    picture.concat,
                                    prediction,
                                    watch);
                }
                watch.rethrow();
                scheduler.step(prediction, timestep, latents);
                if (picture.mask != null) {
                    Timestep next = i + 1 < timesteps.size() ? timesteps.get(i + 1) : null;
                    picture.restoreKept(latents, Objects.requireNonNull(clean), noise, scheduler, next, buffers.kept());
                }
                guidance = show(image, i, timesteps.size(), timestep, latents, prediction, guidance);
                observer.progress(ProgressKind.SAMPLING, i + 1, timesteps.size());
            }
        }
    }

    /** The plan may depend on how many tokens a transformer sees. */
    private Scheduler forSize(Scheduler scheduler) {
        Shape shape = latentShape();
        return components.denoiser() instanceof EngineTransformer transformer
                ? scheduler.withImageSeqLen(transformer.imageSeqLen((int) shape.dimension(2), (int) shape.dimension(3)))
                : scheduler;
    }

    private double show(
            int image, int index, int count, Timestep timestep, Tensor latents, Tensor prediction, double guidance) {
        if (settings.listener().isEmpty()) {
            return guidance;
        }
        DenoisingStep step = new DenoisingStep(image, index, count, timestep, latents, prediction, guidance);
        settings.listener().get().accept(step);
        return step.guidanceScale();
    }

    private RgbImage decode(Tensor latents) {
        requireNotCancelled();
        components.vae().fromModelScale(latents);
        try (Tensor picture = components.vae().decode(latents, request.vaeTiling(), watch)) {
            watch.rethrow();
            return PixelBuffers.ofPlanes(picture.segment(), 0, size.width(), size.height());
        }
    }

    private void requireNotCancelled() {
        if (cancellation.isSet()) {
            throw new GenerationCancelledException("the generation was cancelled");
        }
    }

    private Shape latentShape() {
        EngineVae vae = components.vae();
        return Shape.of(1, vae.latentChannels(), size.height() / vae.scaleFactor(), size.width() / vae.scaleFactor());
    }

    /** The picture that the loop starts from, if there is one, and what of it is redrawn. */
    private final class Picture implements AutoCloseable {

        /** Of the picture, at the model's scale once drawn; null for text-to-image. */
        private final @Nullable LatentDistribution distribution;
        /** (1, 4, height, width): 1 where the picture is redrawn; null if all is, or the U-Net sees to it. */
        private final @Nullable Tensor mask;
        /** What inpainting models see beside the latents, or null. */
        private final @Nullable Tensor concat;

        Picture(GenerationInputs inputs) {
            requireNotCancelled();
            if (components.denoiser().inChannels() > components.denoiser().latentChannels()) {
                mask = null;
                BufferedImage redrawn = inputs.mask().orElseThrow();
                try (Tensor latentMask = latentMask(redrawn, latentShape())) {
                    concat = concat(inputs.init().orElseThrow(), redrawn, latentMask);
                }
            } else {
                mask = inputs.mask()
                        .map(image -> latentMask(image, latentShape()))
                        .orElse(null);
                concat = null;
            }
            try {
                distribution = inputs.init().map(image -> encode(image)).orElse(null);
            } catch (Throwable e) {
                closeAll(mask, concat);
                throw e;
            }
        }

        private LatentDistribution encode(BufferedImage image) {
            try (Tensor picture = ImageTensors.of(image)) {
                return components.vae().encode(picture, request.vaeTiling(), watch);
            }
        }

        /** Latents of the picture at the model's scale, or null. */
        @Nullable
        Tensor draw(NormalGenerator generator) {
            if (distribution == null) {
                return null;
            }
            Tensor latents = distribution.sample(generator);
            components.vae().toModelScale(latents);
            return latents;
        }

        /** Puts the picture, as noisy as the latents are now, back where it is kept. */
        void restoreKept(
                Tensor latents, Tensor clean, Tensor noise, Scheduler scheduler, @Nullable Timestep next, Tensor kept) {
            kept.copyFrom(clean);
            if (next != null) {
                scheduler.addNoise(kept, noise, next);
            }
            // kept + mask * (latents - kept)
            latents.addScaled(-1, kept);
            latents.multiply(Objects.requireNonNull(mask));
            latents.addScaled(1, kept);
        }

        /** A latent is redrawn if any of its pixels is. */
        private static Tensor latentMask(BufferedImage image, Shape shape) {
            int height = (int) shape.dimension(2);
            int width = (int) shape.dimension(3);
            int factor = image.getWidth() / width;
            float[] plane = new float[height * width];
            for (int y = 0; y < image.getHeight(); y++) {
                for (int x = 0; x < image.getWidth(); x++) {
                    if (image.getRaster().getSample(x, y, 0) >= 128) {
                        plane[y / factor * width + x / factor] = 1;
                    }
                }
            }
            Tensor result = Tensor.zeros(shape);
            FloatBuffer channels = result.floatBuffer();
            for (long channel = 0; channel < shape.dimension(1); channel++) {
                channels.put(plane);
            }
            return result;
        }

        /** Mask and latents of the picture with the masked part grey. */
        private Tensor concat(BufferedImage image, BufferedImage maskImage, Tensor latentMask) {
            Shape latents = latentShape();
            Tensor result =
                    Tensor.zeros(Shape.of(latents.dimension(1) + 1, latents.dimension(2), latents.dimension(3)));
            try (Tensor masked = ImageTensors.of(image)) {
                FloatBuffer pixels = masked.floatBuffer();
                int plane = image.getWidth() * image.getHeight();
                for (int y = 0; y < maskImage.getHeight(); y++) {
                    for (int x = 0; x < maskImage.getWidth(); x++) {
                        if (maskImage.getRaster().getSample(x, y, 0) >= 128) {
                            for (int channel = 0; channel < 3; channel++) {
                                pixels.put(channel * plane + y * image.getWidth() + x, 0);
                            }
                        }
                    }
                }
                try (LatentDistribution encoded = components.vae().encode(masked, request.vaeTiling(), watch);
                        Tensor mean = encoded.mean()) {
                    components.vae().toModelScale(mean);
                    long bytes = latents.dimension(2) * latents.dimension(3) * Float.BYTES;
                    MemorySegment.copy(latentMask.segment(), 0, result.segment(), 0, bytes);
                    MemorySegment.copy(mean.segment(), 0, result.segment(), bytes, bytes * latents.dimension(1));
                }
                return result;
            } catch (Throwable e) {
                result.close();
                throw e;
            }
        }

        @Override
        public void close() {
            if (distribution != null) {
                distribution.close();
            }
            closeAll(mask, concat);
        }

        private static void closeAll(@Nullable Tensor... tensors) {
            for (Tensor tensor : tensors) {
                if (tensor != null) {
                    tensor.close();
                }
            }
        }
    }
}
