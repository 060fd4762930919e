package dev.diffusion4j.internal.isolated;

import dev.diffusion4j.internal.engine.ComponentCall.NamedIds;
import dev.diffusion4j.internal.engine.ComponentCall.NamedNumber;
import dev.diffusion4j.internal.engine.UpscalerSpec;
import dev.diffusion4j.request.Lora;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.PreviewMode;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the parent asks of the child, one after another; each is answered by one {@link Reply} that ends it. */
sealed interface Command {

    /** Opens the model, with options as JSON; log lines from a level on are sent from now on. */
    record Open(Optional<Path> model, String options, Map<String, Path> learnedWords, int processors, Level logLevel)
            implements Command {}

    /** Opens an upscaler in place of a model. */
    record OpenUpscaler(UpscalerSpec spec, Level logLevel) implements Command {}

    /** Enlarges a picture, in tiles of that many pixels. */
    record Upscale(SharedPicture picture, int tileSize) implements Command {}

    /** Draws what a request, as JSON without its pictures, says. */
    record Generate(
            String request,
            Optional<SharedPicture> init,
            Optional<SharedPicture> mask,
            double strength,
            List<SharedPicture> references,
            boolean resizeReferences,
            boolean distinctReferenceIndices,
            List<ControlPlace> controls,
            Optional<SharedIdentity> identity,
            Optional<PreviewMode> previewMode,
            int previewInterval)
            implements Command {}

    /** A control picture of such a request. */
    record ControlPlace(String controlNet, SharedPicture picture, double strength, double start, double end) {}

    /** A person for PhotoMaker to draw. */
    record SharedIdentity(List<SharedPicture> pictures, double styleStrength, Optional<Path> embeddings) {}
    /** Draws the video that a request, as JSON without its pictures, says. */
    record GenerateVideo(
            String request,
            Optional<SharedPicture> firstFrame,
            Optional<SharedPicture> lastFrame,
            List<SharedPicture> controlFrames,
            Optional<PreviewMode> previewMode,
            int previewInterval)
            implements Command {}

    /** Runs a component, whichever it is. */
    record Run(
            String name,
            String action,
            List<NamedNumber> numbers,
            List<NamedIds> ids,
            List<NamedPlace> inputs,
            List<NamedPlace> outputs)
            implements Command {}

    /** A tensor of such a call, by its name. */
    record NamedPlace(String name, SharedTensor place) {}

    record SetLoras(List<Lora> loras) implements Command {}

    record NoiseLevels(NoiseSchedule schedule, int steps, int width, int height) implements Command {}

    record Weight(String name) implements Command {}
}
