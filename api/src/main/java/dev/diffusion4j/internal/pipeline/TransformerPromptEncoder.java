package dev.diffusion4j.internal.pipeline;

import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.internal.component.ModelComponents;
import dev.diffusion4j.internal.engine.ComponentCall;
import dev.diffusion4j.internal.engine.ComponentsInfo;
import dev.diffusion4j.internal.engine.ComponentsInfo.TransformerInfo;
import dev.diffusion4j.internal.engine.EngineCalls;
import dev.diffusion4j.internal.engine.Watch;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The prompts of models with a transformer. Tokenizers, templates and text encoders (CLIP, T5, language models) are the
 * runtime's: the whole prompt goes there, and what the transformer is told comes back.
 */
final class TransformerPromptEncoder implements PromptEncoder {

    private final EngineCalls calls;
    private final ComponentsInfo info;
    private final double distilledGuidance;

    TransformerPromptEncoder(ModelComponents components) {
        calls = components.calls();
        info = calls.info().components();
        distilledGuidance = components.distilledGuidance();
    }

    @Override
    public Conditioning encode(String prompt, OptionalInt clipSkip, ImageSize size, Watch watch) {
        ComponentCall encode =
                new ComponentCall("prompt.encode", "encoding a prompt").number("clip_skip", clipSkip.orElse(0));
        if (!prompt.isEmpty()) {
            encode.ids("prompt", bytes(prompt));
        }
        try (Tensor sizes = Tensor.zeros(Shape.of(2))) {
            encode.output("sizes", sizes);
            // How much there is to take is known when it is there; no other call may come between.
            return calls.call(engine -> {
                engine.run(encode, watch);
                watch.rethrow();
                Tensor context = Tensor.zeros(Shape.of(1, (long) sizes.getFlat(0), info.contextSize()));
                Tensor vector = sizes.getFlat(1) == 0 ? null : Tensor.zeros(Shape.of(1, (long) sizes.getFlat(1)));
                try {
                    ComponentCall take =
                            new ComponentCall("prompt.take", "encoding a prompt").output("context", context);
                    if (vector != null) {
                        take.output("vector", vector);
                    }
                    engine.run(take, Watch.NONE);
                    return conditioning(context, Optional.ofNullable(vector));
                } catch (Throwable e) {
                    context.close();
                    if (vector != null) {
                        vector.close();
                    }
                    throw e;
                }
            });
        }
    }

    private Conditioning conditioning(Tensor context, Optional<Tensor> vector) {
        Conditioning conditioning = Conditioning.of(context);
        if (vector.isPresent()) {
            conditioning = conditioning.with(Conditioning.VECTOR, vector.get());
        }
        if (info.transformer().filter(TransformerInfo::takesGuidance).isEmpty()) {
            return conditioning;
        }
        Tensor guidance = Tensor.zeros(Shape.of(1));
        guidance.fill((float) distilledGuidance);
        return conditioning.with(Conditioning.GUIDANCE, guidance);
    }

    private static int[] bytes(String prompt) {
        byte[] utf8 = prompt.getBytes(StandardCharsets.UTF_8);
        int[] values = new int[utf8.length];
        for (int i = 0; i < utf8.length; i++) {
            values[i] = Byte.toUnsignedInt(utf8[i]);
        }
        return values;
    }

    @Override
    public Conditioning encodeNegative(String prompt, OptionalInt clipSkip, ImageSize size, Watch watch) {
        return encode(prompt, clipSkip, size, watch);
    }
}
