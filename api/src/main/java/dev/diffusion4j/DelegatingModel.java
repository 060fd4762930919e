package dev.diffusion4j;

import dev.diffusion4j.component.Autoencoder;
import dev.diffusion4j.component.ClipTextEncoder;
import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.component.ControlNet;
import dev.diffusion4j.component.Denoiser;
import dev.diffusion4j.component.DiffusionTransformer;
import dev.diffusion4j.component.UNet;
import dev.diffusion4j.component.Vae;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.modelfile.ComponentKind;
import dev.diffusion4j.modelfile.ModelFamily;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.VideoRequest;
import dev.diffusion4j.tokenizer.ClipTokenizer;
import java.util.List;

/**
 * A model that leaves everything to another one: the base of decorators. One that changes or watches generations overrides
 * {@link #startAll(ImageRequest, GenerationListener)} and {@link #generateAll(ImageRequest, GenerationListener)}, and for videos
 * {@link #start(VideoRequest, GenerationListener)} and {@link #generate(VideoRequest, GenerationListener)}, to which all other ways
 * of drawing come down.
 */
public abstract class DelegatingModel implements DiffusionModel {

    /** For subclasses. */
    protected DelegatingModel() {}

    /** The model that does the work. Asked for with each call. */
    protected abstract DiffusionModel delegate();

    @Override
    public Generation<List<GeneratedImage>> startAll(ImageRequest request, GenerationListener listener) {
        return delegate().startAll(request, listener);
    }

    @Override
    public List<GeneratedImage> generateAll(ImageRequest request, GenerationListener listener) {
        return delegate().generateAll(request, listener);
    }

    @Override
    public Generation<GeneratedVideo> start(VideoRequest request, GenerationListener listener) {
        return delegate().start(request, listener);
    }

    @Override
    public GeneratedVideo generate(VideoRequest request, GenerationListener listener) {
        return delegate().generate(request, listener);
    }

    @Override
    public ModelFamily family() {
        return delegate().family();
    }

    @Override
    public String name() {
        return delegate().name();
    }

    @Override
    public String device(ComponentKind component) {
        return delegate().device(component);
    }

    @Override
    public ImageSize nativeSize() {
        return delegate().nativeSize();
    }

    @Override
    public ImageSize sizeFor(ImageSize picture) {
        return delegate().sizeFor(picture);
    }

    @Override
    public int sizeMultiple() {
        return delegate().sizeMultiple();
    }

    @Override
    public int defaultSteps() {
        return delegate().defaultSteps();
    }

    @Override
    public double defaultGuidanceScale() {
        return delegate().defaultGuidanceScale();
    }

    @Override
    public Sampler defaultSampler() {
        return delegate().defaultSampler();
    }

    @Override
    public NoiseSchedule defaultSchedule(Sampler sampler) {
        return delegate().defaultSchedule(sampler);
    }

    @Override
    public ClipTokenizer tokenizer() {
        return delegate().tokenizer();
    }

    @Override
    public ClipTextEncoder textEncoder() {
        return delegate().textEncoder();
    }

    @Override
    public List<ClipTextEncoder> textEncoders() {
        return delegate().textEncoders();
    }

    @Override
    public Denoiser denoiser() {
        return delegate().denoiser();
    }

    @Override
    public UNet unet() {
        return delegate().unet();
    }

    @Override
    public Autoencoder autoencoder() {
        return delegate().autoencoder();
    }

    @Override
    public DiffusionTransformer transformer() {
        return delegate().transformer();
    }

    @Override
    public Vae vae() {
        return delegate().vae();
    }

    @Override
    public List<ControlNet> controlNets() {
        return delegate().controlNets();
    }

    @Override
    public Conditioning encodePrompt(String prompt) {
        return delegate().encodePrompt(prompt);
    }

    @Override
    public Conditioning encodePrompt(String prompt, int clipSkip, ImageSize size) {
        return delegate().encodePrompt(prompt, clipSkip, size);
    }

    @Override
    public float[] noiseLevels(NoiseSchedule schedule, int steps, ImageSize size) {
        return delegate().noiseLevels(schedule, steps, size);
    }

    @Override
    public int queuedGenerations() {
        return delegate().queuedGenerations();
    }

    @Override
    public void close() {
        delegate().close();
    }
}
