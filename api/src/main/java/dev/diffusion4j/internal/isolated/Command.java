package dev.diffusion4j.internal.isolated;

import dev.diffusion4j.GenerationParameters;
import dev.diffusion4j.Lora;
import dev.diffusion4j.PreviewMode;
import dev.diffusion4j.VaeTiling;
import dev.diffusion4j.internal.ModelParameters;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;

/** What the parent asks of the child, one after another; each is answered by one {@link Reply} that ends it. */
sealed interface Command {

    /** Opens the model; log lines from a level on are sent from now on. */
    record Open(ModelParameters parameters, Level logLevel) implements Command {}

    record Generate(
            GenerationParameters parameters,
            Optional<SharedPicture> init,
            Optional<SharedPicture> mask,
            List<SharedPicture> references,
            boolean resizeReferences,
            boolean distinctReferenceIndices,
            Optional<PreviewMode> previewMode,
            int previewInterval)
            implements Command {}

    record SetLoras(List<Lora> loras) implements Command {}

    record EncodeText(int encoder, int[] ids, int skippedLayers, boolean finalNorm, SharedTensor hidden)
            implements Command {}

    record EncodeEmbeddings(
            int encoder, SharedTensor embeddings, int skippedLayers, boolean finalNorm, SharedTensor hidden)
            implements Command {}

    record PoolText(int encoder, int[] ids, int position, SharedTensor pooled) implements Command {}

    record PoolEmbeddings(int encoder, SharedTensor embeddings, int position, SharedTensor pooled) implements Command {}

    record EmbedTokens(int encoder, int[] ids, SharedTensor embeddings) implements Command {}

    record Predict(
            SharedTensor latents,
            float timestep,
            SharedTensor context,
            Optional<SharedTensor> negativeContext,
            Optional<SharedTensor> vector,
            Optional<SharedTensor> negativeVector,
            Optional<SharedTensor> concat,
            float guidanceScale,
            SharedTensor result)
            implements Command {}

    record EncodePictures(SharedTensor pictures, Optional<VaeTiling> tiling, SharedTensor moments) implements Command {}

    record DecodeLatents(SharedTensor latents, Optional<VaeTiling> tiling, SharedTensor pictures) implements Command {}

    record Sigmas(int schedule, int steps, int width, int height) implements Command {}

    record Weight(String name) implements Command {}
}
