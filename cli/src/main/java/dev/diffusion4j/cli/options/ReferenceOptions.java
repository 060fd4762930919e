package dev.diffusion4j.cli.options;

import dev.diffusion4j.cli.picture.InputPicture;
import dev.diffusion4j.image.Picture;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.References;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** Pictures that instruction and context models look at. */
public final class ReferenceOptions {

    @Option(
            names = {"-r", "--reference", "--ref-image"},
            paramLabel = "FILE",
            description = "A picture for the model to look at; may be given more than once.")
    private List<Path> files = List.of();

    @Option(names = "--no-reference-resize", description = "Leave reference pictures at their own size.")
    private boolean keepSize;

    @Option(
            names = {"--distinct-references", "--increase-ref-index"},
            description = "Give each reference picture a position index of its own, for models trained that way.")
    private boolean distinct;

    private List<Picture> pictures = List.of();

    /** Reads the pictures, before anything slow begins. */
    public void read() {
        pictures = files.stream().map(InputPicture::read).map(Picture::of).toList();
    }

    /** Sets on the request what was given. */
    public void applyTo(ImageRequest.Builder request) {
        if (!pictures.isEmpty()) {
            request.references(References.of(pictures).withResize(!keepSize).withDistinctIndices(distinct));
        }
    }
}
