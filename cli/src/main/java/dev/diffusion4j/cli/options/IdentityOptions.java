package dev.diffusion4j.cli.options;

import dev.diffusion4j.cli.model.ModelFinder;
import dev.diffusion4j.cli.picture.InputPicture;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.image.Picture;
import dev.diffusion4j.request.Identity;
import dev.diffusion4j.request.ImageRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/** The person that PhotoMaker draws. */
public final class IdentityOptions {

    private static final List<String> ENDINGS =
            List.of(".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff");

    @Option(
            names = "--photo-maker",
            paramLabel = "FILE|NAME",
            description = "PhotoMaker, version 1 or 2, for an SDXL model.")
    private Path photoMaker;

    @Option(
            names = "--pm-id-image",
            paramLabel = "FILE",
            description =
                    "A picture of the person, with the face filling most of it; may be given more than once. The prompt"
                            + " says 'img' behind the word for the person: 'a photo of a man img'.")
    private List<Path> files = List.of();

    @Option(
            names = "--pm-id-images-dir",
            paramLabel = "FOLDER",
            description = "All pictures in this folder, by name, behind those of --pm-id-image.")
    private Path folder;

    @Option(
            names = "--pm-style-strength",
            paramLabel = "PERCENT",
            description =
                    "How many percent of the steps follow the text alone, 0 to 100 (20): more is more of the style, less"
                            + " more of the person.")
    private Double styleStrength;

    @Option(
            names = "--pm-id-embed-path",
            paramLabel = "FILE",
            description =
                    "The embeddings of the faces, for version 2 of PhotoMaker, as stable-diffusion.cpp's face_detect.py"
                            + " writes them.")
    private Path embeddings;

    private List<Picture> pictures = List.of();

    /** Reads the pictures, before anything slow begins. */
    public void read() {
        List<Path> all = new ArrayList<>(files);
        if (folder != null) {
            all.addAll(picturesIn(folder));
        }
        pictures = all.stream().map(InputPicture::read).map(Picture::of).toList();
        if (photoMaker == null && !pictures.isEmpty()) {
            throw new InvalidRequestException("--pm-id-image", "alone", "given with --photo-maker");
        }
        requireWith("--photo-maker", photoMaker);
        requireWith("--pm-style-strength", styleStrength);
        requireWith("--pm-id-embed-path", embeddings);
    }

    private void requireWith(String option, Object value) {
        if (value != null && pictures.isEmpty()) {
            throw new InvalidRequestException(option, "alone", "given with --pm-id-image or --pm-id-images-dir");
        }
    }

    private static List<Path> picturesIn(Path folder) {
        try (Stream<Path> entries = Files.list(folder)) {
            List<Path> found =
                    entries.filter(IdentityOptions::isPicture).sorted().toList();
            if (found.isEmpty()) {
                throw new InvalidRequestException("--pm-id-images-dir", folder, "a folder with pictures in it");
            }
            return found;
        } catch (IOException e) {
            throw new InvalidRequestException("--pm-id-images-dir", folder, "a folder that can be read");
        }
    }

    private static boolean isPicture(Path file) {
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        return ENDINGS.stream().anyMatch(name::endsWith) && Files.isRegularFile(file);
    }

    /** Finds PhotoMaker's file, if it was given; a name is looked up and may be downloaded. */
    public Optional<Path> findPhotoMaker(ModelFinder finder) {
        return Optional.ofNullable(photoMaker).map(finder::findMain);
    }

    /** Sets on the request what was given. */
    public void applyTo(ImageRequest.Builder request) {
        if (pictures.isEmpty()) {
            return;
        }
        Identity identity = Identity.of(pictures);
        if (styleStrength != null) {
            identity = identity.withStyleStrength(styleStrength);
        }
        if (embeddings != null) {
            identity = identity.withEmbeddings(embeddings);
        }
        request.identity(identity);
    }
}
