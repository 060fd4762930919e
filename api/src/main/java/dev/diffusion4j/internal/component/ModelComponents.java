package dev.diffusion4j.internal.component;

import dev.diffusion4j.component.TextualInversion;
import dev.diffusion4j.internal.engine.ComponentsInfo;
import dev.diffusion4j.internal.engine.EngineCalls;
import dev.diffusion4j.internal.engine.Watch;
import dev.diffusion4j.request.Lora;
import dev.diffusion4j.tokenizer.ClipTokenizer;
import java.util.ArrayList;
import java.util.List;

/**
 * The components of an open model that run by themselves.
 *
 * @param calls brings their calls to the model's thread
 * @param textEncoders one or two; none for families with a transformer, and those whose components cannot be reached
 * @param denoiser the denoiser
 * @param vae the autoencoder
 * @param controlNets in the order in which they were opened
 * @param distilledGuidance what a transformer is told that was distilled with guidance
 */
public record ModelComponents(
        EngineCalls calls,
        List<EngineClipTextEncoder> textEncoders,
        EngineDenoiser denoiser,
        EngineVae vae,
        List<EngineControlNet> controlNets,
        double distilledGuidance) {

    /** Those of a model, whose text encoders know these textual inversions, and whose ControlNets have these names. */
    public static ModelComponents of(
            EngineCalls calls, List<TextualInversion> inversions, List<String> controlNets, double distilledGuidance) {
        List<EngineClipTextEncoder> encoders = new ArrayList<>();
        List<ComponentsInfo.TextEncoderInfo> infos = calls.info().components().textEncoders();
        for (int i = 0; i < infos.size(); i++) {
            ClipTokenizer tokenizer =
                    ClipTokenizer.load().withPadding(infos.get(i).padding());
            EngineClipTextEncoder encoder = new EngineClipTextEncoder(calls, i, tokenizer, List.of());
            for (TextualInversion inversion : inversions) {
                encoder = encoder.with(inversion);
            }
            encoders.add(encoder);
        }
        EngineDenoiser denoiser = calls.info()
                .components()
                .transformer()
                .<EngineDenoiser>map(transformer -> new EngineTransformer(calls, transformer))
                .orElseGet(() -> new EngineUNet(calls));
        List<EngineControlNet> nets = new ArrayList<>();
        for (int i = 0; i < controlNets.size(); i++) {
            nets.add(new EngineControlNet(calls, i, controlNets.get(i)));
        }
        return new ModelComponents(
                calls, List.copyOf(encoders), denoiser, new EngineVae(calls), List.copyOf(nets), distilledGuidance);
    }

    /** Applies LoRAs until the next call or generation; an empty list takes them off. */
    public void setLoras(List<Lora> loras, Watch watch) {
        calls.call(engine -> {
            engine.setLoras(loras, watch);
            return null;
        });
        watch.rethrow();
    }
}
