package dev.diffusion4j.cli.picture;

import java.awt.Graphics2D;
import java.awt.geom.AffineTransform;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.stream.FileImageInputStream;
import javax.imageio.stream.ImageInputStream;

/** How a camera was held, as EXIF says it in JPEG, PNG, WebP and TIFF files: a number from 1 (upright) to 8. */
record Orientation(int exif) {

    private static final Orientation UPRIGHT = new Orientation(1);

    /** What the file says; upright where it says nothing that can be understood. */
    static Orientation of(Path file) {
        try (ImageInputStream in = new FileImageInputStream(file.toFile())) {
            int exif = new PictureStructure(in).orientation().orElse(1);
            return exif >= 1 && exif <= 8 ? new Orientation(exif) : UPRIGHT;
        } catch (IOException | RuntimeException e) {
            // The pixels were read; a picture lying on its side is better than none.
            return UPRIGHT;
        }
    }

    /** The picture as it was seen. */
    BufferedImage applyTo(BufferedImage image) {
        if (exif == 1) {
            return image;
        }
        int w = image.getWidth();
        int h = image.getHeight();
        boolean onItsSide = exif >= 5;
        BufferedImage upright = new BufferedImage(onItsSide ? h : w, onItsSide ? w : h, image.getType());
        Graphics2D graphics = upright.createGraphics();
        graphics.drawImage(image, transform(w, h), null);
        graphics.dispose();
        return upright;
    }

    private AffineTransform transform(int w, int h) {
        return switch (exif) {
            case 2 -> new AffineTransform(-1, 0, 0, 1, w, 0);
            case 3 -> new AffineTransform(-1, 0, 0, -1, w, h);
            case 4 -> new AffineTransform(1, 0, 0, -1, 0, h);
            case 5 -> new AffineTransform(0, 1, 1, 0, 0, 0);
            case 6 -> new AffineTransform(0, 1, -1, 0, h, 0);
            case 7 -> new AffineTransform(0, -1, -1, 0, h, w);
            case 8 -> new AffineTransform(0, -1, 1, 0, 0, w);
            default -> new AffineTransform();
        };
    }
}
