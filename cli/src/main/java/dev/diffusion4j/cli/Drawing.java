package dev.diffusion4j.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.Generation;
import dev.diffusion4j.GenerationListener;
import dev.diffusion4j.Progress.Phase;
import dev.diffusion4j.cli.picture.OutputFiles;
import dev.diffusion4j.cli.progress.PhaseClock;
import dev.diffusion4j.cli.progress.ProgressDisplay;
import dev.diffusion4j.request.ImageRequest;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;

/** One run of a request, from its start to the saved files, and what there is to tell of it. */
final class Drawing {

    private final ProgressDisplay display;
    private final Cancellation cancellation;
    private final PhaseClock clock = new PhaseClock();
    private List<GeneratedImage> images = List.of();
    private List<Path> files = List.of();
    private double totalSeconds;

    /** The clock starts here, before the model is opened. */
    Drawing(ProgressDisplay display, Cancellation cancellation) {
        this.display = display;
        this.cancellation = cancellation;
    }

    /**
     * Draws, and saves the pictures.
     *
     * @param previews what hears of them
     */
    void run(DiffusionModel model, ImageRequest request, GenerationListener previews, OutputFiles output) {
        GenerationListener listener = previews.onProgress(progress -> {
                    clock.report(progress);
                    display.show(progress);
                })
                .onWarning(text -> display.println("warning: " + text));
        cancellation.check();
        Generation<List<GeneratedImage>> generation = model.startAll(request, listener);
        cancellation.watch(generation::cancel);
        images = generation.await();
        files = output.save(images);
        totalSeconds = clock.totalSeconds();
    }

    List<Path> files() {
        return files;
    }

    /** Everything about the result, for machines. */
    ObjectNode toJson() {
        ObjectMapper mapper = new ObjectMapper();
        GeneratedImage first = images.getFirst();
        ObjectNode node = mapper.createObjectNode();
        ArrayNode fileNodes = node.putArray("files");
        files.forEach(file -> fileNodes.add(file.toString()));
        ArrayNode seeds = node.putArray("seeds");
        images.forEach(image -> seeds.add(image.seed()));
        node.put("width", first.width()).put("height", first.height());
        ArrayNode warnings = node.putArray("warnings");
        first.warnings().forEach(warnings::add);
        ObjectNode seconds = node.putObject("seconds");
        for (Phase phase : EnumSet.complementOf(EnumSet.of(Phase.UPSCALING))) {
            seconds.put(phase.toString(), rounded(clock.seconds(phase)));
        }
        seconds.put("total", rounded(totalSeconds));
        try {
            node.set("parameters", mapper.readTree(first.parametersJson()));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the library writes JSON that can be read", e);
        }
        return node;
    }

    private static double rounded(double seconds) {
        return Math.round(seconds * 1000) / 1000.0;
    }
}
