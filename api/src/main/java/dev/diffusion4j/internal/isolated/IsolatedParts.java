package dev.diffusion4j.internal.isolated;

import dev.diffusion4j.Lora;
import dev.diffusion4j.VaeTiling;
import dev.diffusion4j.internal.Parts;
import dev.diffusion4j.internal.PartsInfo;
import dev.diffusion4j.internal.Watch;
import dev.diffusion4j.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** The parts of a model that is open in another process. */
final class IsolatedParts implements Parts {

    private final IsolatedModel model;

    IsolatedParts(IsolatedModel model) {
        this.model = model;
    }

    @Override
    public PartsInfo info() {
        return model.partsInfo();
    }

    @Override
    public void setLoras(List<Lora> loras, Watch watch) {
        model.setLoras(loras, watch);
    }

    @Override
    public void encodeText(int encoder, int[] ids, int skippedLayers, boolean finalNorm, Watch watch, Tensor hidden) {
        fill(
                "encoding text",
                watch,
                exchange -> new Command.EncodeText(encoder, ids, skippedLayers, finalNorm, exchange.result(hidden)));
    }

    @Override
    public void encodeEmbeddings(
            int encoder, Tensor embeddings, int skippedLayers, boolean finalNorm, Watch watch, Tensor hidden) {
        fill(
                "encoding text",
                watch,
                exchange -> new Command.EncodeEmbeddings(
                        encoder, exchange.input(embeddings), skippedLayers, finalNorm, exchange.result(hidden)));
    }

    @Override
    public void poolText(int encoder, int[] ids, int position, Watch watch, Tensor pooled) {
        fill("encoding text", watch, exchange -> new Command.PoolText(encoder, ids, position, exchange.result(pooled)));
    }

    @Override
    public void poolEmbeddings(int encoder, Tensor embeddings, int position, Watch watch, Tensor pooled) {
        fill(
                "encoding text",
                watch,
                exchange -> new Command.PoolEmbeddings(
                        encoder, exchange.input(embeddings), position, exchange.result(pooled)));
    }

    @Override
    public void embedTokens(int encoder, int[] ids, Tensor embeddings) {
        fill(
                "looking up token embeddings",
                Watch.NONE,
                exchange -> new Command.EmbedTokens(encoder, ids, exchange.result(embeddings)));
    }

    @Override
    public void predict(
            Tensor latents,
            float timestep,
            Tensor context,
            Tensor negativeContext,
            Tensor vector,
            Tensor negativeVector,
            Tensor concat,
            float guidanceScale,
            Watch watch,
            Tensor result) {
        fill(
                "predicting noise",
                watch,
                exchange -> new Command.Predict(
                        exchange.input(latents),
                        timestep,
                        exchange.input(context),
                        exchange.optionalInput(negativeContext),
                        exchange.optionalInput(vector),
                        exchange.optionalInput(negativeVector),
                        exchange.optionalInput(concat),
                        guidanceScale,
                        exchange.result(result)));
    }

    @Override
    public void encodePictures(Tensor pictures, Optional<VaeTiling> tiling, Watch watch, Tensor moments) {
        fill(
                "encoding a picture",
                watch,
                exchange -> new Command.EncodePictures(exchange.input(pictures), tiling, exchange.result(moments)));
    }

    @Override
    public void decodeLatents(Tensor latents, Optional<VaeTiling> tiling, Watch watch, Tensor pictures) {
        fill(
                "decoding a picture",
                watch,
                exchange -> new Command.DecodeLatents(exchange.input(latents), tiling, exchange.result(pictures)));
    }

    private void fill(String action, Watch watch, Function<Exchange, Command> work) {
        model.call(action, watch, work, (reply, exchange) -> {
            exchange.readResult();
            return reply;
        });
    }

    @Override
    public float[] sigmas(int schedule, int steps, int width, int height) {
        return model.call(
                "computing noise levels",
                Watch.NONE,
                exchange -> new Command.Sigmas(schedule, steps, width, height),
                (reply, exchange) -> ((Reply.Numbers) reply).values());
    }

    @Override
    public Tensor weight(String name) {
        return model.call(
                "reading a weight",
                Watch.NONE,
                exchange -> new Command.Weight(name),
                (reply, exchange) -> exchange.read(((Reply.Weight) reply).tensor()));
    }
}
