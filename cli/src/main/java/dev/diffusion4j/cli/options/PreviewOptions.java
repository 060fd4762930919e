package dev.diffusion4j.cli.options;

import dev.diffusion4j.GenerationListener;
import dev.diffusion4j.cli.picture.OutputFiles;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.image.ImageFiles;
import dev.diffusion4j.request.PreviewMode;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** A file that shows the picture while it is drawn. */
public final class PreviewOptions {

    @Option(
            names = "--preview",
            paramLabel = "FILE",
            description = "Write the unfinished picture to this file while drawing: .png, .jpg or .jpeg.")
    private Path file;

    @Option(
            names = "--preview-mode",
            paramLabel = "MODE",
            description = "How: projection (free, an eighth of the size; the default), tiny-autoencoder or vae (slow).")
    private PreviewMode mode;

    @Option(
            names = {"--preview-every", "--preview-interval"},
            paramLabel = "STEPS",
            description = "Every so many steps (1).")
    private Integer everySteps;

    /** Checks that the file can be written. */
    public void check() {
        if (file != null) {
            OutputFiles.requireWritable(file);
        } else if (mode != null || everySteps != null) {
            throw new InvalidRequestException("--preview", "absent", "given with --preview-mode and --preview-every");
        }
    }

    /** A listener that also writes the file, if there is to be one. */
    public GenerationListener applyTo(GenerationListener listener) {
        return file == null
                ? listener
                : listener.onPreview(
                        mode == null ? PreviewMode.PROJECTION : mode,
                        everySteps == null ? 1 : everySteps,
                        preview -> ImageFiles.write(preview.image(), file));
    }
}
