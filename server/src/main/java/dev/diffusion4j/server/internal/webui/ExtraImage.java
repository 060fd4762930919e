package dev.diffusion4j.server.internal.webui;

import dev.diffusion4j.error.ImageFileException;
import dev.diffusion4j.image.ImageProcessor;
import dev.diffusion4j.image.ResizeMode;
import dev.diffusion4j.server.internal.http.HttpException;
import dev.diffusion4j.server.internal.request.Fields;
import dev.diffusion4j.server.internal.request.Limits;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;

/** A picture made larger without a model, as the web UI's extras do it. */
final class ExtraImage {

    private static final List<String> FACES = List.of("gfpgan_visibility", "codeformer_visibility");

    private final Fields fields;
    private final Limits limits;

    ExtraImage(Fields fields, Limits limits) {
        this.fields = fields;
        this.limits = limits;
    }

    /** The result as a PNG file in base 64. */
    String enlarge(BufferedImage picture) {
        for (String face : FACES) {
            if (fields.number(face).orElse(0) > 0) {
                throw HttpException.badRequest(face, "this server restores no faces");
            }
        }
        requireKnown("upscaler_1");
        if (fields.number("extras_upscaler_2_visibility").orElse(0) > 0) {
            requireKnown("upscaler_2");
        }
        BufferedImage result = resized(picture);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            ImageIO.write(result, "png", bytes);
        } catch (IOException e) {
            throw new ImageFileException("a picture cannot be encoded: " + e.getMessage(), e);
        }
        return Base64.getEncoder().encodeToString(bytes.toByteArray());
    }

    private void requireKnown(String name) {
        String upscaler = fields.filledText(name).orElse("None").toLowerCase(Locale.ROOT);
        if (!upscaler.equals("none") && !upscaler.equals("lanczos")) {
            throw HttpException.badRequest(name, name + " must be None or Lanczos: this server has no other upscaler");
        }
    }

    private BufferedImage resized(BufferedImage picture) {
        boolean toSize = fields.integer("resize_mode").orElse(0) == 1;
        double factor = fields.number("upscaling_resize").orElse(2);
        double width = toSize ? fields.integer("upscaling_resize_w").orElse(512) : picture.getWidth() * factor;
        double height = toSize ? fields.integer("upscaling_resize_h").orElse(512) : picture.getHeight() * factor;
        limits.checkSize(Math.round(width), Math.round(height));
        ResizeMode mode = toSize && fields.flag("upscaling_crop", true) ? ResizeMode.CROP : ResizeMode.STRETCH;
        return ImageProcessor.resize(
                ImageProcessor.toRgb(picture), (int) Math.round(width), (int) Math.round(height), mode);
    }
}
