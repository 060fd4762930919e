package dev.diffusion4j.server.internal.openai;

import dev.diffusion4j.image.ImageProcessor;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.image.Picture;
import dev.diffusion4j.image.ResizeMode;
import dev.diffusion4j.modelfile.Task;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.InitImage;
import dev.diffusion4j.request.References;
import dev.diffusion4j.server.internal.http.Form;
import dev.diffusion4j.server.internal.http.HttpException;
import dev.diffusion4j.server.internal.models.ServedModel;
import dev.diffusion4j.server.internal.request.PictureReader;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Edits as this library does them: a model that edits looks at the pictures, another one redraws the one picture, or a part of it
 * where there is a mask.
 */
final class EditRequests {

    private static final int MAX_PICTURES = 16;

    /** A multiple that all models can draw. */
    private static final int MULTIPLE = 64;

    private EditRequests() {}

    /** An edit, or with an empty prompt a variation. */
    static ImageRequest.Builder begin(
            Form form, String prompt, OpenAiRequest options, ServedModel model, PictureReader reader) {
        List<BufferedImage> pictures = new ArrayList<>();
        for (byte[] file : OpenAiRequest.pictures(form)) {
            pictures.add(reader.read(file, "image"));
        }
        Optional<BufferedImage> mask = form.all("mask").stream()
                .findFirst()
                .map(file -> ImageProcessor.toMaskOfTransparency(reader.read(file, "mask")));
        if (pictures.isEmpty() || pictures.size() > MAX_PICTURES) {
            throw HttpException.badRequest("image", "image must be a picture, or up to " + MAX_PICTURES);
        }
        BufferedImage first = pictures.getFirst();
        ImageSize size = options.size().orElseGet(() -> usualSize(first, model));
        boolean edits = model.source().family().can(Task.EDIT);
        ImageRequest.Builder request;
        if (edits && mask.isEmpty() && options.strength().isEmpty()) {
            request = ImageRequest.edit(
                    References.of(pictures.stream().map(Picture::of).toList()), prompt);
        } else if (pictures.size() > 1) {
            throw HttpException.badRequest("image", "this model redraws one picture; image must be one");
        } else {
            request = ImageRequest.imageToImage(initImage(first, mask, options), prompt);
        }
        return request.size(size.width(), size.height());
    }

    private static InitImage initImage(BufferedImage picture, Optional<BufferedImage> mask, OpenAiRequest options) {
        InitImage init = InitImage.of(picture).withResizeMode(ResizeMode.CROP);
        if (mask.isPresent()) {
            init = init.withMask(mask.get());
        }
        return options.strength().isPresent()
                ? init.withStrength(options.strength().get())
                : init;
    }

    /** About the picture's own, but no larger than what the model draws best, and one that it can draw. */
    private static ImageSize usualSize(BufferedImage picture, ServedModel model) {
        ImageSize best = model.source().usualSize();
        double pixels = (double) picture.getWidth() * picture.getHeight();
        double factor = Math.min(1, Math.sqrt(best.width() * best.height() / pixels));
        return new ImageSize(side(picture.getWidth() * factor), side(picture.getHeight() * factor));
    }

    private static int side(double pixels) {
        return Math.max(1, (int) Math.round(pixels / MULTIPLE)) * MULTIPLE;
    }
}
