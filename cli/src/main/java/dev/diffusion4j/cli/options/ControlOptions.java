package dev.diffusion4j.cli.options;

import dev.diffusion4j.cli.model.ModelFinder;
import dev.diffusion4j.cli.picture.InputPicture;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.image.CannyEdges;
import dev.diffusion4j.image.ResizeMode;
import dev.diffusion4j.request.Control;
import dev.diffusion4j.request.ImageRequest;
import java.awt.image.BufferedImage;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** Control pictures, and the ControlNets that read them. */
public final class ControlOptions {

    @Option(
            names = {"--control", "--control-image"},
            paramLabel = "FILE",
            description =
                    "A picture that says where things are, such as an outline in white on black. May be given more"
                            + " than once: the first is for the first --control-net, and so on, or all are for the only one.")
    private List<Path> files = List.of();

    @Option(
            names = "--control-net",
            paramLabel = "FILE|NAME",
            description =
                    "A ControlNet for the model; may be given more than once. The demo model has its own, for outlines.")
    private List<Path> controlNets = List.of();

    @Option(
            names = "--control-strength",
            paramLabel = "N",
            description = "How much it counts, 0 to 10 (1); given more than once, for one --control after another.")
    private List<Double> strengths = List.of();

    @Option(
            names = "--control-start",
            paramLabel = "PART",
            description = "The part of the steps, 0 to 1, from which it counts (0); likewise.")
    private List<Double> starts = List.of();

    @Option(
            names = "--control-end",
            paramLabel = "PART",
            description = "The part of the steps until which it counts (1); likewise.")
    private List<Double> ends = List.of();

    @Option(names = "--canny", description = "Take the edges of the control pictures (Canny), white on black.")
    private boolean canny;

    @Option(
            names = "--control-resize-mode",
            paramLabel = "MODE",
            description =
                    "How a control picture is brought to the size of the result: stretch (the default), crop or fit.")
    private ResizeMode resizeMode = ResizeMode.STRETCH;

    private List<BufferedImage> pictures = List.of();

    /** Reads the pictures, before anything slow begins. */
    public void read() {
        if (files.isEmpty()) {
            requireNone("--control-net", controlNets);
            requireNone("--control-strength", strengths);
            requireNone("--control-start", starts);
            requireNone("--control-end", ends);
            if (canny) {
                throw new InvalidRequestException("--canny", "alone", "given with --control");
            }
        }
        requireOneEach("--control-strength", strengths);
        requireOneEach("--control-start", starts);
        requireOneEach("--control-end", ends);
        if (controlNets.size() > 1) {
            requireOneEach("--control-net", controlNets);
        }
        pictures = files.stream()
                .map(InputPicture::read)
                .map(picture -> canny ? CannyEdges.of(picture) : picture)
                .toList();
    }

    private static void requireNone(String option, List<?> values) {
        if (!values.isEmpty()) {
            throw new InvalidRequestException(option, "alone", "given with --control");
        }
    }

    private void requireOneEach(String option, List<?> values) {
        if (values.size() > 1 && values.size() != files.size()) {
            throw new InvalidRequestException(
                    option,
                    values.size() + " times",
                    "given once, or as often as --control, " + files.size() + " times");
        }
    }

    /**
     * Finds the ControlNets, of which names are looked up and may be downloaded.
     *
     * @param isDemo whether the model is the demo model, which has its own
     * @return their files by their names, in order
     * @throws InvalidRequestException if there is none for a control picture
     */
    public Map<String, Path> find(ModelFinder finder, boolean isDemo) {
        Map<String, Path> found = new LinkedHashMap<>();
        if (pictures.isEmpty()) {
            return found;
        }
        if (controlNets.isEmpty()) {
            if (!isDemo) {
                throw new InvalidRequestException("--control", "alone", "given with --control-net for this model");
            }
            found.put("shapes", demoControlNet());
        }
        for (Path typed : controlNets) {
            Path file = finder.findMain(typed);
            String name = file.getFileName().toString().replaceFirst("\\.[^.]+$", "");
            found.put(found.containsKey(name) ? name + "-" + (found.size() + 1) : name, file);
        }
        return found;
    }

    private static Path demoControlNet() {
        try {
            return DemoModel.controlNet();
        } catch (UncheckedIOException e) {
            throw new ModelFileException(e.getMessage(), e);
        }
    }

    /**
     * Sets on the request what was given.
     *
     * @param names those of the ControlNets, in order
     */
    public void applyTo(ImageRequest.Builder request, List<String> names) {
        List<Control> controls = new ArrayList<>();
        for (int i = 0; i < pictures.size(); i++) {
            controls.add(Control.of(pictures.get(i))
                    .withControlNet(of(names, i, ""))
                    .withStrength(of(strengths, i, 1.0))
                    .withRange(of(starts, i, 0.0), of(ends, i, 1.0))
                    .withResizeMode(resizeMode));
        }
        request.controls(controls);
    }

    private static <T> T of(List<T> values, int index, T otherwise) {
        if (values.isEmpty()) {
            return otherwise;
        }
        return values.size() == 1 ? values.getFirst() : values.get(index);
    }
}
